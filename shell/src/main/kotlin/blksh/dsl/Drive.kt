package blksh.dsl

import blksh.block.BlockSource
import blksh.block.BlockSources
import blksh.block.SourceInfo
import blksh.shell.Session
import blksh.shell.view.Field
import java.nio.file.Path

/** A drive, or a file that is read as one. */
class Drive internal constructor(session: Session, val path: Path) : Source(session) {

  private val info: SourceInfo

  override val size: Size

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

  override val words: List<String>
    get() = listOf(path.toAbsolutePath().normalize().toString())

  override fun open(): BlockSource = BlockSources.open(path)

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
