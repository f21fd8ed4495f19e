package blksh.dsl

import blksh.BlkshException
import blksh.filesystem.FileSystem
import blksh.filesystem.Structure
import blksh.io.IoFailure
import blksh.mount.fuse.LoopMount
import blksh.view.Described
import blksh.view.Field
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path

/** A source that is there as a file, and the commands that fit what it holds. */
class VirtualPartition
internal constructor(private val mount: Mount, source: Source, name: String) : Described {

  private val root = LoopMount.isAllowed()

  /** The directory. */
  val place: Path = Path.of(mount.place)

  /** What is in it: the source, its partitions beside it; of a set, its images. */
  val files: List<Path> =
    try {
      Files.list(place).use { all -> all.toList() }
    } catch (unreadable: IOException) {
      throw IoFailure.told("look into $place", unreadable)
    }

  /** The file of the whole source; null of a set. */
  val file: Path? = files.find { it.fileName.toString() == name }

  private val head = if (file == null) Structure.of(ByteArray(0)) else headOf(source)

  private val kind: FileSystem? =
    if (head.length() < SECTOR) null else FileSystem.of(head).orElse(null)

  /** The file system it begins with: `ext4`, `ntfs`, `vfat`; or empty. */
  val fileSystem: String =
    kind?.let { found -> found.mountName(head).ifEmpty { found.name.lowercase() } }.orEmpty()

  /** What checks the file system and changes nothing; null where there is no such program. */
  val checkCommand: String? = checking(kind)?.let { "$it ${quoted(file!!)}" }

  /** What mounts the file system over the directory, and writes nothing; null when none does. */
  val mountCommand: String? =
    if (kind == null || kind in UNMOUNTABLE) null
    else "${sudo()}mount -o ${LoopMount.options(fileSystem)} ${quoted(file!!)} ${quoted(place)}"

  /** What takes away the file system mounted over the directory, then the file in it. */
  val unmountCommand: String =
    if (mountCommand == null) "umount ${quoted(place)}"
    else "${sudo()}umount ${quoted(place)}; umount ${quoted(place)}"

  private fun sudo() = if (root) "" else "sudo "

  /** All of it as lines; a command is a line of its own. */
  internal val text: String
    get() = buildString {
      if (file != null) append("the partition is the file $file")
      else append("the partitions are the files ${files.joinToString()}")
      if (fileSystem.isNotEmpty()) append(", a file system $fileSystem")
      else if (file != null && files.size > 1)
        append(
          ", a disk; beside it are ${files.filter { it != file }.joinToString { "${it.fileName}" }}"
        )
      append("\n")
      checkCommand?.let { append("to check it:\n  $it\n") }
      mountCommand?.let {
        append("to mount it over $place, to be read only:\n  $it\n")
        if (!root && !VirtualPartitions.rootMayBeLetIn())
          append("  (after user_allow_other was put into /etc/fuse.conf and this mounted again)\n")
      }
      append("process ${mount.pid} serves it until it is unmounted")
      append(if (mountCommand == null) ":\n" else ", the file system first if it is mounted:\n")
      append("  $unmountCommand")
    }

  override fun title(): String = "virtual partition $place"

  override fun fields(): List<Field> =
    listOf(
      Field.of("place", place),
      Field.of("file", file),
      Field.of("files", files.map { it.fileName.toString() }),
      Field.of("file system", fileSystem.ifEmpty { null }),
      Field.of("check", checkCommand),
      Field.of("mount", mountCommand),
      Field.of("unmount", unmountCommand),
      Field.of("process", mount.pid),
    )

  override fun toString(): String = title()

  private companion object {

    /** What no mount command mounts by itself. */
    val UNMOUNTABLE =
      setOf(FileSystem.LUKS, FileSystem.APFS, FileSystem.LVM, FileSystem.SWAP, FileSystem.RAID)

    const val SECTOR = 512

    val PLAIN = Regex("[A-Za-z0-9_./+,:@%-]+")

    /** A path as a word for a shell. */
    fun quoted(path: Path): String =
      "$path".let { if (PLAIN.matches(it)) it else "'" + it.replace("'", "'\\''") + "'" }

    /** What it begins with; nothing where that cannot be read. */
    fun headOf(source: Source): Structure {
      val head = ByteBuffer.allocate(FileSystem.HEAD)
      try {
        source.open().use { it.read(0, head) }
      } catch (damaged: BlkshException) {
        head.position(0)
      }
      return Structure.of(head.array().copyOf(head.position()))
    }

    /** The program that checks one and is told to change nothing. */
    fun checking(kind: FileSystem?): String? =
      when (kind) {
        FileSystem.EXT -> "e2fsck -f -n"
        FileSystem.XFS -> "xfs_repair -f -n"
        FileSystem.BTRFS -> "btrfs check --readonly"
        FileSystem.NTFS -> "ntfsfix --no-action"
        FileSystem.FAT -> "fsck.fat -n"
        FileSystem.EXFAT -> "fsck.exfat -n"
        FileSystem.F2FS -> "fsck.f2fs --dry-run"
        FileSystem.HFS_PLUS -> "fsck.hfsplus -f -n"
        FileSystem.JFS -> "jfs_fsck -n"
        FileSystem.REISERFS -> "reiserfsck --check"
        else -> null
      }
  }
}
