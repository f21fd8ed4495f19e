package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.block.BlockStream
import blksh.block.Comparison
import blksh.block.SourceDigest
import blksh.block.SourceInfo
import blksh.shell.Session
import blksh.shell.view.Described
import blksh.shell.view.Field
import java.nio.ByteBuffer

/** Something that can be captured: a [Source], or the [Stream] on standard input. */
sealed interface Input : Described {

  /** A short name: `sda`, `disk.img`. */
  val name: String
}

/**
 * Whatever can be read at a position: a drive, a file, a partition, an image, a cache, a captured
 * version. Opened for as long as it is used.
 */
abstract class Source internal constructor(internal val session: Session) : Input {

  /** Its size. */
  abstract val size: Size

  /** How a command line names it, so that another process can open it; null when none can. */
  internal open val words: List<String>?
    get() = null

  /** Opens it for reading; close it after use. */
  abstract fun open(): BlockSource

  /**
   * How it is divided: `partitions["p1"]`. None when it has no partition table.
   *
   * Example: `sampleDisk(1).partitions`
   */
  open val partitions: Partitions
    get() = open().use { Partitions.of(this, it) }

  /**
   * What its file systems use, partition by partition; everything where that cannot be told for
   * sure.
   *
   * Example: `sampleDisk(1).usedBlocks`
   */
  val usedBlocks: UsedBlocks
    get() = open().use { UsedBlocks(blksh.drive.UsedBlocks.of(it)) }

  /**
   * A picture of what its ranges hold, as far as that is known without reading them.
   *
   * Example: `sampleDisk(1).map`
   */
  open val map: BlockMap
    get() = open().use { BlockMap.of(name, it.size(), it.extents(), emptyList()) }

  /**
   * Bytes as numbers and letters, sixteen a line.
   *
   * @param position of the first byte
   * @param length how many at most
   *
   * Example: `sampleDisk(1).hexdump(0x400, 64.B)`
   */
  fun hexdump(position: Long = 0, length: Size = Size(256)): Hexdump {
    val what = "dump $name from byte $position"
    if (position < 0 || position > size.bytes)
      throw BlkshException(what, "it has ${size.bytes} bytes")
    if (length.bytes > Hexdump.MOST)
      throw BlkshException(what, "$length is more than anybody reads")
        .suggest("at most ${Size(Hexdump.MOST)} at a time")
    val bytes = ByteBuffer.allocate(minOf(length.bytes, size.bytes - position).toInt())
    open().use { it.read(position, bytes) }
    return Hexdump(name, position, bytes.array())
  }

  /**
   * Compares it with another source, byte by byte. A difference is a finding.
   *
   * Example: `sampleDisk(1).compare(sampleDisk(1))`
   */
  fun compare(other: Source): Difference =
    session.run("compare", "$name ${other.name}") { task ->
      val found = open().use { one -> other.open().use { Comparison.of(one, it, task) } }
      Difference(this, other, found).also { if (!it.same) task.finding("${it.title()}") }
    }

  /**
   * The SHA-256 of everything it holds, as `sha256sum` tells it.
   *
   * Example: `sampleDisk(1).sha256()`
   */
  fun sha256(): String =
    session.run("digest", name) { task -> open().use { SourceDigest.sha256(it, task) } }

  override fun toString(): String = name
}

/** What arrives on standard input, captured up to its end. */
class Stream internal constructor() : Input {

  override val name: String
    get() = "stdin"

  internal fun open() = BlockStream(System.`in`, SourceInfo("stream", name, "-"))

  override fun title(): String = "standard input"

  override fun fields(): List<Field> = listOf(Field.of("name", name))

  override fun toString(): String = "-"
}
