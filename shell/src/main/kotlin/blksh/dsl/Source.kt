package blksh.dsl

import blksh.block.BlockSource
import blksh.block.BlockSources
import blksh.block.BlockStream
import blksh.block.SourceInfo
import blksh.shell.view.Described
import blksh.shell.view.Field
import java.nio.file.Path

/** Something that can be captured: a [Drive], or the [Stream] on standard input. */
sealed interface Source : Described {

  /** A short name: `sda`, `disk.img`. */
  val name: String
}

/** A drive or a file that is read as one; opened for as long as it is used. */
class Drive internal constructor(val path: Path) : Source {

  private val info: SourceInfo

  /** Its size. */
  val size: Size

  /** The smallest unit it reads. */
  val sectorSize: Size

  init {
    open().use {
      info = it.describe()
      size = Size(it.size())
      sectorSize = Size(it.sectorSize().toLong())
    }
  }

  override val name: String
    get() = info.name()

  /** What it is: `file`, `block device`. */
  val type: String
    get() = info.type()

  /** Opens it for reading; close it after use. */
  fun open(): BlockSource = BlockSources.open(path)

  override fun title(): String = "drive $path"

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("type", type),
      Field.of("size", size),
      Field.of("location", info.location()),
      Field.detail("sector size", sectorSize),
    ) + info.details().map { (label, value) -> Field.detail(label, value) }

  override fun toString(): String = path.toString()
}

/** What arrives on standard input, captured up to its end. */
class Stream internal constructor() : Source {

  override val name: String
    get() = "stdin"

  internal fun open() = BlockStream(System.`in`, SourceInfo("stream", name, "-"))

  override fun title(): String = "standard input"

  override fun fields(): List<Field> = listOf(Field.of("name", name))

  override fun toString(): String = "-"
}
