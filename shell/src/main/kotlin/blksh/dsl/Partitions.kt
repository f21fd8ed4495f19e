package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.block.BlockSource
import blksh.drive.Drive as Listed
import blksh.partition.Partition as Entry
import blksh.partition.PartitionTable
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import blksh.volume.VolumeSet

/**
 * The partitions of a source, by name, number or label, `partitions["p1"]`, and the logical volumes
 * that lie in it, `partitions["group/volume"]`.
 */
class Partitions
internal constructor(
  /** How the table is written down: `GPT`, `MBR` or `NONE`. */
  val kind: PartitionTable.Kind,
  /** What is damaged or odd about the table, as sentences. */
  val warnings: List<String>,
  private val of: String,
  private val all: List<Partition>,
) : AbstractList<Partition>(), Keyed, Described {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Partition = all[index]

  override val keys: List<String>
    get() = all.map { it.device() ?: it.key }

  override fun member(key: String): Partition? = all.find { it.isCalled(key) }

  /** The partition of that name (`p1`, `sda1`), number (`1`) or label. */
  operator fun get(key: String): Partition =
    member(key)
      ?: throw BlkshException("find partition $key of $of", "there is none")
        .suggest(Nearest.among(key, keys, "it has no partitions"))

  override fun title(): String = "partitions of $of"

  override fun fields(): List<Field> =
    listOf(Field.of("table", kind), Field.of("partitions", size)) +
      Field.of("warnings", warnings.ifEmpty { null })

  override fun appendix(): Any? = all.ifEmpty { null }?.toList()

  internal companion object {

    /** @param devices what the system made of them, when the disk is a drive */
    fun of(disk: Source, opened: BlockSource, devices: List<Listed> = emptyList()): Partitions {
      val table = PartitionTable.of(opened)
      val set = VolumeSet.on(opened, table)
      val all =
        table.partitions().map { entry ->
          Partition(disk, entry, devices.find { it.start() == entry.start() })
        } + set.volumes().map { Partition(disk, Volume(listOf(disk), it)) }
      return Partitions(table.kind(), table.warnings() + set.warnings(), disk.name, all)
    }

    /** The partitions of a set by their images; where they lie on the disk may not be known. */
    fun of(set: Source, images: List<Image>): Partitions {
      val all =
        images.map {
          val number = it.key.takeLastWhile(Char::isDigit).toIntOrNull() ?: 0
          val start = maxOf(0, it.start)
          val entry = Entry(number, start, it.size.bytes, "", it.fileSystem, "", false)
          Partition(set, entry, image = it)
        }
      return Partitions(PartitionTable.Kind.NONE, emptyList(), set.name, all)
    }
  }
}

/**
 * A partition of a disk or of an image of one, or a volume that lies in it; a source as the whole
 * is.
 */
class Partition
internal constructor(
  private val disk: Source,
  private val entry: Entry,
  private val device: Listed? = null,
  private val image: Image? = null,
  private val volume: Volume? = null,
) : Source(disk.session) {

  internal constructor(
    disk: Source,
    volume: Volume,
  ) : this(
    disk,
    Entry(0, 0, volume.found.size(), volume.found.layoutName(), "", volume.found.uuid(), false),
    volume = volume,
  )

  /** What the table calls it: `p1`; in a set of images `sda1`; of a volume `group/volume`. */
  val key: String
    get() = volume?.found?.name() ?: image?.key ?: entry.name()

  override val name: String
    get() =
      when {
        volume == null -> "${disk.name}.$key"
        volume.sources.size > 1 -> volume.found.deviceName()
        else -> "${disk.name}.${volume.found.deviceName()}"
      }

  /** Why it cannot be read, of a volume; null when it can be. */
  val problem: String?
    get() = volume?.found?.problem()?.ifEmpty { null }

  override val size: Size
    get() = Size(entry.length())

  /** Its first byte on the disk; 0 of a volume, which may lie in pieces. */
  val start: Long
    get() = entry.start()

  /** What it is for: `83` in an MBR, a UUID in a GPT; how a volume is laid out: `linear`. */
  val type: String
    get() = entry.type()

  /** Its name in a GPT, or empty. */
  val label: String
    get() = entry.label()

  /** Whether its type says that it is for what has no files, such as swap space. */
  internal fun isFileless() = entry.isFileless

  /** What the system calls it: `sda1`; null when the disk is no drive. */
  internal fun device(): String? = device?.name()

  internal fun isCalled(word: String) =
    word.isNotEmpty() &&
      if (volume != null) word in listOf(key, volume.found.deviceName(), "/dev/$key")
      else isEntry(word)

  private fun isEntry(word: String) =
    (word in listOf(key, "${entry.number()}", label) ||
      word == "${disk.name}${entry.number()}" ||
      word == "${disk.name}p${entry.number()}" ||
      device != null && word in listOf(device.name(), device.label(), device.uuid()))

  override val words: List<String>?
    get() =
      if (volume != null && volume.sources.size > 1) null
      else disk.words?.plus(listOf("--partition", key))

  override fun open(): BlockSource {
    if (volume != null) return volume.open()
    if (image != null) return image.open()
    return within(disk.open())
  }

  override fun openUnproven(): BlockSource =
    if (volume != null) open() else image?.openUnproven() ?: within(disk.openUnproven())

  private fun within(whole: BlockSource): BlockSource {
    try {
      return entry.of(whole)
    } catch (failure: Throwable) {
      whole.close()
      throw failure
    }
  }

  override fun title(): String =
    if (volume == null) "partition $key of ${disk.name}" else "${volume.found.kind()} $key"

  override fun fields(): List<Field> =
    listOf(
      Field.of("partition", key),
      Field.of("start", if (volume == null) Size(start) else null),
      Field.of("size", size),
      Field.of("type", entry.typeName().ifEmpty { type }),
      Field.of("label", label.ifEmpty { device?.label()?.ifEmpty { null } }),
      Field.of("bootable", if (volume == null) entry.bootable() else null),
      Field.of("device", device?.name()),
      Field.of("file system", device?.fileSystem()?.ifEmpty { null }),
      Field.of("mounted", device?.mountPoints()?.ifEmpty { null }),
      Field.of("not read", problem),
      Field.detail("first byte", if (volume == null) start else null),
      Field.detail("type code", type),
      Field.detail("uuid", entry.uuid().ifEmpty { null }),
    )
}
