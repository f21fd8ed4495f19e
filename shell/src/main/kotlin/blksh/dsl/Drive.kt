package blksh.dsl

import blksh.BlkshException
import blksh.Place.Local as LocalPlace
import blksh.Place.Remote as RemotePlace
import blksh.block.BlockSource
import blksh.block.BlockSources
import blksh.block.SourceInfo
import blksh.drive.Drive as Listed
import blksh.drive.Drives as Machine
import blksh.session.Session
import blksh.view.Field
import blksh.view.Size
import java.net.InetAddress
import java.nio.file.Path

/** A drive, or a file that is read as one; of this machine, or of another one. */
class Drive
private constructor(
  session: Session,
  /** Where it is. */
  val place: Place,
  private val access: RemoteAccess?,
  found: SourceInfo?,
  listed: Listed?,
) : Source(session) {

  /** What the machine says of a drive; null for a file. */
  private val listed: Listed? by lazy { listed ?: if (isDevice) lookUp() else null }

  /** What a list of drives said of it before anybody asked. */
  private val given: Listed? = listed

  private val info: SourceInfo by lazy { found ?: open().use { it.describe() } }

  /** A path, which must lead to something that can be opened. */
  internal constructor(
    session: Session,
    path: Path,
  ) : this(session, Place.of(path), null, BlockSources.open(path).use { it.describe() }, null)

  /** Something on another machine, which must be there and open to us. */
  internal constructor(
    session: Session,
    place: RemotePlace,
    access: RemoteAccess,
  ) : this(
    session,
    place,
    access,
    access.open(place.path()).use { it.describe() }.also { access.tellLimits() },
    null,
  )

  /** A drive of this machine, which need not have a medium. */
  internal constructor(
    session: Session,
    listed: Listed,
  ) : this(session, Place.of(listed.path()), null, null, listed)

  /** A drive of another machine, which need not have a medium. */
  internal constructor(
    session: Session,
    listed: Listed,
    machine: RemotePlace,
    access: RemoteAccess,
  ) : this(
    session,
    RemotePlace(machine.scheme(), machine.authority(), listed.path().toString()),
    access,
    null,
    listed,
  )

  /** Its path on this machine. */
  val path: Path
    get() =
      (place as? LocalPlace)?.path()
        ?: throw BlkshException("take $place for a path", "it is on another machine")

  /** Its path on the machine where it is. */
  private val local: String
    get() = (place as? RemotePlace)?.path() ?: "$path"

  /** What is known of it without lsblk there is enough. */
  private fun lookUp(): Listed? {
    if (access == null) return Machine.look().find(local).orElse(null)
    return try {
      access.drives().find(local).orElse(null)
    } catch (_: BlkshException) {
      null
    }
  }

  /** Whether it is on this machine. */
  internal val isHere: Boolean
    get() = access == null

  /** The machine it is in, without user; with `-PORT` where a port was said. */
  val host: String
    get() = access?.name ?: thisHost()

  internal val isDevice: Boolean by lazy { listed != null || info.type() == "block device" }

  override val size: Size by lazy { Size(listed?.size() ?: open().use { it.size() }) }

  override val name: String
    get() = if (access != null && given == null) info.name() else listed?.name() ?: info.name()

  /** What it is: `disk`, `part`, `loop`, `rom`, `file`. */
  val type: String
    get() = listed?.type() ?: info.type()

  /** Its model, or empty. */
  val model: String
    get() = listed?.model().orEmpty()

  /** Its serial number, or empty. */
  val serial: String
    get() = listed?.serial().orEmpty()

  /** How it is attached: `sata`, `nvme`, `usb`; or empty. */
  val transport: String
    get() = listed?.transport().orEmpty()

  /** The smallest unit it reads. */
  val sectorSize: Size by lazy {
    Size(listed?.sectorSize()?.toLong() ?: open().use { it.sectorSize().toLong() })
  }

  /** Whether it has platters that turn, or none that is known not to. */
  val rotational: Boolean
    get() = listed?.rotational() ?: false

  /** Whether it, or the medium in it, may be taken away. */
  val removable: Boolean
    get() = listed?.removable() ?: false

  /** Whether it cannot be written. */
  val readOnly: Boolean
    get() = listed?.readOnly() ?: false

  /** The file system on it, or empty. */
  val fileSystem: String
    get() = listed?.fileSystem().orEmpty()

  /** The label of the file system, or empty. */
  val label: String
    get() = listed?.label().orEmpty()

  /** The UUID of the file system, or empty. */
  val uuid: String
    get() = listed?.uuid().orEmpty()

  /** Where it is mounted. */
  val mounted: List<String>
    get() = listed?.mountPoints().orEmpty()

  /** Whether it or anything on it is mounted or swapped to. */
  val inUse: Boolean
    get() = listed?.inUse() ?: false

  override val partitions: Partitions
    get() = open().use { Partitions.of(this, it, listed?.partitions().orEmpty()) }

  override val words: List<String>?
    get() =
      when {
        access == null -> listOf(path.toAbsolutePath().normalize().toString())
        access.sudo -> listOf("$place", "--sudo")
        else -> listOf("$place")
      }

  override fun open(): BlockSource = access?.open(local) ?: BlockSources.open(path)

  override fun title(): String = "drive $place"

  override fun row(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("type", type),
      Field.of("size", size),
      Field.of("model", model.ifEmpty { listed?.backingFile().orEmpty() }.ifEmpty { null }),
      Field.of("holds", holds()),
      Field.of("label", label.ifEmpty { null }),
      Field.of("mounted", allMounted().ifEmpty { null }),
    )

  override fun fields(): List<Field> {
    val drive = listed
    val common =
      listOf(Field.of("name", name), Field.of("type", type), Field.of("size", size)) +
        Field.of("path", "$place")
    if (drive == null) {
      return common +
        Field.detail("sector size", sectorSize) +
        info.details().map { (label, value) -> Field.detail(label, value) }
    }
    return common +
      listOf(
        Field.of("model", model.ifEmpty { null }),
        Field.detail("serial", serial.ifEmpty { null }),
        Field.detail("transport", transport.ifEmpty { null }),
        Field.detail("backing file", drive.backingFile().ifEmpty { null }),
        Field.of("holds", holds()),
        Field.of("label", label.ifEmpty { null }),
        Field.detail("uuid", uuid.ifEmpty { null }),
        Field.of("mounted", allMounted().ifEmpty { null }),
        Field.detail("sector size", sectorSize),
        Field.detail("physical sector", Size(drive.physicalSectorSize().toLong())),
        Field.detail("rotational", rotational),
        Field.detail("removable", removable),
        Field.detail("read-only", readOnly),
      )
  }

  override fun appendix(): Any? = listed?.partitions()?.map { on(it) }?.ifEmpty { null }

  private fun holds(): String? {
    val parts = listed?.partitions().orEmpty().size
    return when {
      parts > 0 -> "${listed?.table()?.uppercase()}, $parts partition${if (parts == 1) "" else "s"}"
      size.bytes == 0L -> "no medium"
      else -> fileSystem.ifEmpty { listed?.table()?.uppercase()?.ifEmpty { null } }
    }
  }

  /** Its own mount points, and those of what is on it. */
  private fun allMounted(): List<String> {
    fun of(drive: Listed): List<String> = drive.mountPoints() + drive.children().flatMap { of(it) }
    return listed?.let { of(it) }.orEmpty().distinct()
  }

  /** A drive of the same machine. */
  private fun on(other: Listed): Drive =
    if (access == null) Drive(session, other)
    else Drive(session, other, place as RemotePlace, access)

  override fun toString(): String = place.toString()
}

/**
 * A drive, or a file that is read as one, by its place.
 *
 * @param access to the machine it is on; null for this one
 */
internal fun driveAt(session: Session, place: Place, access: RemoteAccess?): Drive =
  if (access == null) Drive(session, place.path("open", "drives"))
  else Drive(session, place as RemotePlace, access)

/** The name of this machine, up to its first dot. */
internal fun thisHost(): String = InetAddress.getLocalHost().hostName.substringBefore('.')
