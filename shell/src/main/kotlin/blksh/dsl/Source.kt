package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.block.BlockStream
import blksh.block.Comparison
import blksh.block.SourceDigest
import blksh.block.SourceInfo
import blksh.filesystem.UsedBlocks as UsedBlocksEngine
import blksh.image.ChecksumKind
import blksh.image.Convert
import blksh.image.ConvertOptions
import blksh.image.Filling
import blksh.image.ImageRestore
import blksh.image.ImageRestoreOptions
import blksh.image.UsedData
import blksh.image.disk.Qcow2Writer.Compression as Clusters
import blksh.session.Session
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Hexdump
import blksh.view.Size
import java.io.OutputStream
import java.nio.ByteBuffer
import java.nio.file.Path

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
   * How it is divided: `partitions["p1"]`, and the logical volumes in it or in its partitions:
   * `partitions["group/volume"]`. None when it has no partition table and is no physical volume.
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
    get() = open().use { UsedBlocks(UsedBlocksEngine.of(it)) }

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
    if (length.bytes < 0) throw BlkshException(what, "$length is less than nothing")
    if (length.bytes > Hexdump.MOST)
      throw BlkshException(what, "$length is more than anybody reads")
        .suggest("at most ${Size(Hexdump.MOST)} at a time")
    val bytes = ByteBuffer.allocate(minOf(length.bytes, size.bytes - position).toInt())
    open().use { it.read(position, bytes) }
    return Hexdump(name, position, bytes.array())
  }

  /**
   * Bytes of it, proven where it has checksums.
   *
   * @param position of the first byte
   * @param size how many; fewer are there at its end. Who reads many times opens it once with
   *   [open], which gives a [BlockSource]
   *
   * Example: `sampleDisk(1).read(510, 2.B).toList()`
   */
  fun read(position: Long, size: Size): ByteArray {
    val what = "read $name from byte $position"
    if (position < 0) throw BlkshException(what, "positions begin with 0")
    if (size.bytes !in 0..MOST_READ)
      throw BlkshException(what, "$size is not from 0 to ${Size(MOST_READ)}")
        .suggest("used { position, bytes -> … } gives everything piece by piece")
    return open().use { source ->
      val count = (source.size() - position).coerceIn(0, size.bytes).toInt()
      val bytes = ByteBuffer.allocate(count)
      while (bytes.hasRemaining()) {
        if (source.read(position + bytes.position(), bytes) == 0)
          throw BlkshException(what, "it ended before the size it had when opened")
      }
      bytes.array()
    }
  }

  /**
   * Gives everything it holds in order, in pieces of at most a MiB, without what its file systems
   * do not use.
   *
   * @param verify whether each piece is proven first where it has checksums; if not, what is
   *   damaged is given as it is
   * @param take is given the position of each piece and its bytes
   * @return how much was given
   *
   * Example: `sampleImage.used { position, bytes -> }`
   */
  fun used(verify: Boolean = true, take: (position: Long, bytes: ByteArray) -> Unit): Size =
    session.run("read", name) { task ->
      withoutFree(verify).use { source ->
        Size(
          UsedData.each(
            source,
            { position, bytes -> take(position, ByteArray(bytes.remaining()).also(bytes::get)) },
            task,
          )
        )
      }
    }

  /** It, whatever its checksums say. */
  internal open fun openUnproven(): BlockSource = open()

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
   * Compares its files with those of another source, such as a later version of it, of disks
   * partition by partition: what was added, removed, changed or moved.
   *
   * @param contents whether files of the same path, size, date and inode are read and compared, too
   *
   * Example: `sampleDisk(1).diffFiles(sampleDisk(2))`
   */
  fun diffFiles(other: Source, contents: Boolean = false): FilesCompared =
    FilesCompared.of(this, other, contents)

  /**
   * The SHA-256 of everything it holds, as `sha256sum` tells it.
   *
   * Example: `sampleDisk(1).sha256()`
   */
  fun sha256(): String =
    session.run("digest", name) { task -> open().use { SourceDigest.sha256(it, task) } }

  /**
   * What is encrypted on it by LUKS1 or LUKS2, opened with a passphrase that is asked for at the
   * terminal, and shown and kept nowhere, or with all bytes of a key file. Nothing is written.
   *
   * @param keyFile the file, as `cryptsetup --key-file` takes it
   */
  fun unlock(keyFile: Path? = null): Unlocked = Unlocked.open(this, keyFile)

  /** What is encrypted on it, opened with a key file, which must be there; no passphrase. */
  fun unlock(keyFile: String): Unlocked = unlock(Unlocked.keyFile(this, keyFile))

  /**
   * The files of the file system on it, read without mounting it and without root: ext2, ext3,
   * ext4, XFS, btrfs, FAT, exFAT, NTFS, ISO 9660 and UDF.
   *
   * Example: `sampleDisk(1).files`
   */
  open val files: InnerFiles
    get() = InnerFiles(FileSystemHolder(this))

  /**
   * Writes it as an image. What its file systems do not use is left out; the rest is proven first
   * where it has checksums. The image appears under its name when it is whole.
   *
   * @param to the new file
   * @param format `PARTCLONE`, which `partclone.restore` reads, `RAW`, or `QCOW2` for QEMU
   * @param checksum what proves the data: `CRC32`, which every partclone reads, `XXH128`, `XXH64`
   *   or `NONE`; raw and qcow2 have none
   * @param compression `ZSTD` in frames that can be read one by one, or `NONE`; of qcow2, whose
   *   clusters are compressed, also `DEFLATE`, which every QEMU reads
   * @param level of the compression, 1 to 19
   * @param overwrite whether a file that is there may be replaced
   *
   * Example: `sampleDisk(1).convert("$home/samples/disk.pcl", overwrite = true)`
   */
  fun convert(
    to: String,
    format: ImageFormat = ImageFormat.PARTCLONE,
    checksum: Checksum = Checksum.CRC32,
    compression: ImageCompression = ImageCompression.NONE,
    level: Int = 3,
    overwrite: Boolean = false,
  ): Converted {
    if (level !in 1..19) throw BlkshException("convert $name", "level $level is not from 1 to 19")
    if (compression == ImageCompression.DEFLATE && format != ImageFormat.QCOW2)
      throw BlkshException("convert $name", "deflate is for the clusters of qcow2")
        .suggest("say ZSTD")
    val target = target(to)
    val dryRun = session.options().dryRun()
    val zstd = compression == ImageCompression.ZSTD
    val options =
      ConvertOptions.defaults()
        .withChecksum(checksum)
        .withSeekableZstd(zstd)
        .withLevel(level)
        .withOverwrite(overwrite)
        .withDryRun(dryRun)
    return session.run("convert", "$name to $to") { task ->
      withoutFree().use { source ->
        val result =
          if (format == ImageFormat.QCOW2)
            Convert.toQcow2(source, target, Clusters.valueOf(compression.name), options, task)
          else if (format == ImageFormat.PARTCLONE)
            Convert.toPartclone(source, target, options, task)
          else if (zstd) Convert.toRawZstd(source, target, options, task)
          else Convert.toRaw(source, target, options, task)
        Converted(this, result, dryRun)
      }
    }
  }

  /** It without what its file systems do not use, as far as that is known. */
  internal open fun withoutFree(proven: Boolean = true): BlockSource =
    UsedBlocksEngine.skipFree(if (proven) open() else openUnproven())

  /**
   * Writes it to a file or a drive, proven first where it has checksums. What it knows to be free
   * becomes a hole of a file, and is left as it was on a drive. A file appears under its name when
   * it is whole; a drive must be unmounted and large enough.
   *
   * @param to a file or a drive, or `-` for standard output
   * @param overwrite whether a file or drive that is there may be written over
   *
   * Example: `sampleImage.restore("$home/samples/back.img", overwrite = true)`
   */
  open fun restore(to: String, overwrite: Boolean = false): Result = restore(to, overwrite, false)

  /**
   * As [restore], also to a drive whose sectors its partition table does not count in: nothing
   * finds its partitions there before the table is made anew.
   */
  open fun restoreToAnySectors(to: String, overwrite: Boolean = false): Result =
    restore(to, overwrite, true)

  /**
   * As [restore], and writes over what its file systems do not use.
   *
   * @param fill what is written there, repeated from byte 0 of the source on: `byteArrayOf(0)`
   *   makes zeros of it
   */
  fun restore(to: String, overwrite: Boolean = false, fill: ByteArray): Result =
    restore(to, overwrite, false, Filling(fill))

  private fun restore(
    to: String,
    overwrite: Boolean,
    anySectors: Boolean,
    filling: Filling? = null,
  ): Result =
    written(to, overwrite, anySectors, filling) { if (filling == null) open() else withoutFree() }

  /** Writes what is opened for it to a file, a drive or standard output. */
  internal fun written(
    to: String,
    overwrite: Boolean,
    anySectors: Boolean = false,
    filling: Filling? = null,
    opened: (Task) -> BlockSource,
  ): Result {
    val dryRun = session.options().dryRun()
    val options =
      ImageRestoreOptions.defaults()
        .withOverwrite(overwrite)
        .withDryRun(dryRun)
        .withAnySectors(anySectors)
        .withFilling(filling)
    return session.run("restore", name) { task ->
      opened(task).use { source ->
        val result =
          if (to == "-") {
            val out = session.dataOut()
            ImageRestore.run(
              source,
              if (dryRun) OutputStream.nullOutputStream() else out,
              filling,
              task,
            )
          } else {
            ImageRestore.run(source, target(to), options, task)
          }
        SourceRestored(this, result, dryRun)
      }
    }
  }

  /**
   * Mounts the file system inside on a directory, read-only and without bringing its journal up to
   * date, until it is unmounted or this process ends. Only root may; to others it says how.
   *
   * @param dir made when there is none
   * @param background whether a process of its own serves it, which stays; `mounts` lists it
   */
  fun mountFileSystem(dir: Path, background: Boolean = false): Mount =
    Mounting(session).mountFileSystem(this, dir, background)

  /** Mounts the file system inside on a directory. */
  fun mountFileSystem(dir: String, background: Boolean = false): Mount =
    mountFileSystem(Path.of(dir), background)

  override fun toString(): String = name

  private companion object {
    /** The most that is read into memory at once, in bytes. */
    const val MOST_READ = 64L shl 20
  }
}

/** How an image is written: as partclone does, as the bytes themselves, or as QEMU does. */
enum class ImageFormat {
  PARTCLONE,
  RAW,
  QCOW2,
}

/**
 * How an image is compressed: not at all, as zstd that can be read anywhere, or, qcow2, deflate.
 */
enum class ImageCompression {
  NONE,
  ZSTD,
  DEFLATE,
}

/** What proves the data of an image: `CRC32`, `XXH64`, `XXH128` or `NONE`. */
typealias Checksum = ChecksumKind

/** Bytes that arrive once, in order, captured up to their end. */
sealed class Stream : Input {

  /** Opens it for an operation, which stops waiting for it when it is cancelled. */
  internal abstract fun open(task: Task): BlockStream

  override fun fields(): List<Field> = listOf(Field.of("name", name))
}

/** What arrives on standard input. */
class StandardInput internal constructor(private val session: Session) : Stream() {

  override val name: String
    get() = "stdin"

  override fun open(task: Task) = BlockStream(session.dataIn(), SourceInfo("stream", name, "-"))

  override fun title(): String = "standard input"

  override fun toString(): String = "-"
}

/** What a program writes to its standard output, which counts only when it ends with status 0. */
class ProgramOutput internal constructor(private val command: List<String>) : Stream() {

  override val name: String
    get() = Path.of(command[0]).fileName.toString()

  override fun open(task: Task): BlockStream {
    val output = blksh.io.ProgramOutput.start(command)
    task.whenCancelled(output::stop)
    return BlockStream(output, SourceInfo("stream", name, title()))
  }

  override fun title(): String = command.joinToString(" ")

  override fun toString(): String = title()
}

/** The file or drive that a word names to be written to. */
internal fun target(to: String): Path = Place.parse(to).path("write", "files and drives")
