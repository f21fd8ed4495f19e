package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.block.BlockSource
import blksh.block.BlockSources
import blksh.image.BadGroup
import blksh.image.ClonezillaSet
import blksh.image.Image as Engine
import blksh.image.ImageInfo as Info
import blksh.image.ImageOptions
import blksh.image.ImageVerification
import blksh.image.Images as EngineImages
import blksh.io.BlockDevice
import blksh.session.Session
import blksh.task.CancelledException
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import java.nio.file.Path

/**
 * A backup of a partition, a drive or a disc, opened by its content: partclone, ntfsclone,
 * partimage, raw, ISO or a disk of a virtual machine, plain, compressed or split; or a directory of
 * Clonezilla's, which is a set of them. It reads as what was backed up.
 */
class Image
private constructor(
  session: Session,
  /** The file, the first part of a split one, or the directory of a set. */
  val path: Path,
  override val name: String,
  private val options: ImageOptions,
  private val member: ClonezillaSet.Member?,
  private val set: ClonezillaSet?,
  /** What arrived on standard input; null of a file. */
  private val spooled: BlockSource? = null,
  /** The drive of a set that it is, and the set; null of anything else. */
  private val drive: Pair<ClonezillaSet, String>? = null,
) : Source(session), Keyed {

  /** What it says of itself, or why a member of a set does not open; told when first asked. */
  private val opened: Pair<Info?, BlkshException?> by lazy {
    try {
      Pair(if (holds) openImage().use { it.info() } else null, null)
    } catch (damage: BlkshException) {
      if (member == null || damage is CancelledException) throw damage
      Pair(null, damage)
    }
  }

  private val facts: Info?
    get() = opened.first

  private val failure: BlkshException?
    get() = opened.second

  /** Whether there is an image: a set has none of its own, and swap space has none. */
  internal val holds: Boolean
    get() = set == null && member?.hasImage() != false

  override val words: List<String>?
    get() =
      if (member == null && spooled == null && drive == null)
        listOf(path.toAbsolutePath().normalize().toString())
      else null

  /** What is wrong with a member of a set that does not open, else null. */
  val problem: String?
    get() = failure?.problem()

  /** Where the partition lies on its drive, as Clonezilla noted it; -1 when it did not. */
  internal val start: Long
    get() = member?.start() ?: -1

  /** The file system inside, as the image names it or its content shows; may be empty. */
  val fileSystem: String
    get() = facts?.fileSystem() ?: member?.fileSystem().orEmpty()

  /** Its format: `partclone`, `ntfsclone`, `partimage`, `raw`, `iso`, `qcow2`, `clonezilla`. */
  val format: String
    get() = facts?.format() ?: if (set != null) "clonezilla" else if (holds) "damaged" else "none"

  /** How it is compressed, or empty. */
  val compression: String
    get() = facts?.compression().orEmpty()

  /** How its data is proven: `CRC32`, or `none`. */
  val checksum: String
    get() = facts?.checksum().orEmpty()

  /** What is odd about it but keeps nobody from reading it, as sentences. */
  val warnings: List<String>
    get() = facts?.warnings().orEmpty()

  /** Bytes of what was backed up; of a set, of all its images together. */
  override val size: Size
    get() =
      when {
        set != null -> members.fold(Size(0)) { sum, image -> sum + image.size }
        else -> Size(facts?.size() ?: maxOf(0, member?.length() ?: 0))
      }

  /** Bytes of it that are stored, where the format tells. */
  val used: Size?
    get() = facts?.usedBytes()?.takeIf { it > 0 }?.let { Size(it) }

  /**
   * The images of a set of Clonezilla's, by partition: `members["sda1"]`; none of any other image.
   *
   * Example: `sampleImage.members`
   */
  val members: Images by lazy {
    Images(
      set?.members().orEmpty().map {
        val file = it.file() ?: path
        Image(session, file, "$name.${it.name()}", options, it, null)
      }
    )
  }

  override val keys: List<String>
    get() = members.keys

  override fun member(key: String): Image? = members.member(key)

  /** A member of a set of Clonezilla's: `image("DIR")["sda1"]`. */
  operator fun get(key: String): Image = members[key]

  internal val key: String
    get() = member?.name() ?: drive?.second ?: name

  /** The whole header, and what is stored as a picture. */
  val info: ImageInfo
    get() = ImageInfo(this, facts, set)

  /**
   * The drives of a set of Clonezilla's, each as one source: boot code, partition table, and every
   * partition where it lay. `disks["sda"].files`, `store(…).capture(…)`; none of any other image.
   * What the set does not keep cannot be read there.
   */
  val disks: Images by lazy {
    Images(
      set
        ?.let { found ->
          found.disks().map {
            Image(session, path, "$name.$it", options, null, null, null, found to it)
          }
        }
        .orEmpty()
    )
  }

  /**
   * Puts the drive of a set of Clonezilla's back: boot code, partition table and all partitions; of
   * any other image as [restore]. A drive may be larger than the one it was, or smaller if the
   * partitions fit: the second partition table goes to its end. What the set does not keep is a
   * finding.
   *
   * @param to a drive or a file
   * @param overwrite whether a file or drive that is there may be written over
   */
  fun restoreTo(to: String, overwrite: Boolean = false): Result {
    if (set != null)
      return (disks.singleOrNull()
          ?: throw BlkshException("restore $path", "it holds ${disks.size} drives")
            .suggest("name one: " + (disks.keys + members.keys).joinToString()))
        .restoreTo(to, overwrite)
    val (of, disk) = drive ?: return restore(to, overwrite)
    val target = target(to)
    val size = if (BlockDevice.isAt(target)) BlockSources.open(target).use { it.size() } else 0
    return written(to, overwrite) { task ->
      of.openDiskFor(disk, size, options).also { it.missing().forEach(task::finding) }
    }
  }

  /** Puts the drive of a set back on another. */
  fun restoreTo(to: Drive, overwrite: Boolean = false): Result = restoreTo("${to.path}", overwrite)

  override fun open(): BlockSource =
    drive?.let { (set, disk) -> set.openDisk(disk, options) } ?: openImage()

  override fun openUnproven(): BlockSource {
    val tolerant = options.withTolerant(true)
    return drive?.let { (set, disk) -> set.openDisk(disk, tolerant) } ?: openImage(tolerant)
  }

  /** Whether it is a set of drives, or one of them: what is put back with a partition table. */
  internal val isMachine: Boolean
    get() = drive != null || disks.isNotEmpty()

  private fun openImage(options: ImageOptions = this.options): Engine {
    if (set != null) {
      val held = members.filter { it.holds }
      return held.singleOrNull()?.openImage(options)
        ?: throw held
          .joinToString { it.key }
          .let {
            BlkshException("open $path", "it holds ${held.size} images").suggest("name one: $it")
          }
    }
    if (member?.hasImage() == false) return member.open(options)
    if (spooled != null) return EngineImages.open(spooled, options)
    if (drive != null) return EngineImages.open(open(), options.withRaw(true))
    return session.workspace().image(path, options)
  }

  /**
   * How it is divided: `partitions["p1"]`; a set of Clonezilla's, into the partitions it holds
   * images of.
   *
   * Example: `sampleImage.partitions`
   */
  override val partitions: Partitions
    get() = if (set == null) super.partitions else Partitions.of(this, members.filter { it.holds })

  /**
   * Reads everything and proves what has a checksum, on all cores, going on after damage. Each bad
   * group is a finding, with the bytes of the partition it hits.
   *
   * Example: `sampleImage.verify()`
   */
  fun verify(): ImageVerified {
    val images = if (set == null) listOf(this) else members.filter { it.holds }
    return ImageVerified(images.map { it to it.proof(images.size > 1) })
  }

  private fun proof(oneOfMany: Boolean): ImageVerification =
    session.run("verify", path.toString()) { task ->
      val broken = failure
      if (oneOfMany && broken != null) {
        val group = BadGroup(-1, 0, maxOf(1, size.bytes), broken.kind(), broken.problem())
        task.finding("$name: ${broken.problem()}")
        ImageVerification("", "", 0, 1, 0, listOf(group), emptyList(), task.elapsed())
      } else {
        openImage().use { it.verify(task) }
      }
    }

  /** What has blocks knows which are used; what is raw must be looked at. */
  override fun withoutFree(proven: Boolean): BlockSource =
    when {
      used == null -> super.withoutFree(proven)
      proven -> open()
      else -> openUnproven()
    }

  override fun title(): String = "image $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", key),
      Field.of("format", listOf(format, facts?.version().orEmpty()).joinToString(" ").trim()),
      Field.of("file system", fileSystem.ifEmpty { null }),
      Field.of("size", size),
      Field.of("used", used),
      Field.of("compression", compression.ifEmpty { null }),
      Field.of("checksum", checksum.ifEmpty { null }),
      Field.of("problem", problem),
      Field.detail("path", path),
    ) + Field.detail("warnings", warnings.ifEmpty { null })

  override fun appendix(): Any? = members.ifEmpty { null }

  internal companion object {

    /**
     * @param given how to open it
     * @param spooled what arrived on standard input, or null for what is at the path
     */
    fun open(
      session: Session,
      path: Path,
      given: ImageOptions,
      spooled: BlockSource? = null,
    ): Image {
      val options =
        given.withSizing { compressed ->
          session.run("decompress", path.toString()) { task -> compressed.complete(task) }
        }
      val name = path.toAbsolutePath().normalize().fileName?.toString() ?: "root"
      if (spooled != null)
        return Image(session, path, "stdin", options, null, null, spooled).also { it.opened }
      val set = if (ClonezillaSet.isAt(path)) ClonezillaSet.open(path) else null
      // whatever keeps it from being opened is told now
      return Image(session, path, name, options, null, set).also { it.opened }
    }
  }
}

/** Images by name: `members["sda1"]`. */
class Images internal constructor(private val all: List<Image>) : AbstractList<Image>(), Keyed {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Image = all[index]

  override val keys: List<String>
    get() = all.map { it.key }

  override fun member(key: String): Image? = all.find { it.key == key }

  /** The image of that name. */
  operator fun get(key: String): Image =
    member(key)
      ?: throw BlkshException("find image $key", "there is none")
        .suggest(Nearest.among(key, keys, "there are no images here"))
}
