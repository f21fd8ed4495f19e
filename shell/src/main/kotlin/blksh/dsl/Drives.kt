package blksh.dsl

import blksh.BlkshException
import blksh.Place.Remote
import blksh.drive.Drive as Listed
import blksh.drive.Drives as Machine
import blksh.session.Session
import blksh.view.Keyed

/**
 * The drives of a machine as they are now, by name, serial number, label, UUID or path:
 * `drives["sda"].partitions["sda1"]`.
 */
class Drives
private constructor(
  private val session: Session,
  private val machine: Machine,
  private val there: Remote?,
  private val access: RemoteAccess?,
) : AbstractList<Drive>(), Keyed {

  /** Those of this machine. */
  internal constructor(session: Session, machine: Machine) : this(session, machine, null, null)

  /** Those of another machine. */
  internal constructor(
    session: Session,
    there: Remote,
    access: RemoteAccess,
  ) : this(session, access.drives(), there, access)

  private val all = machine.list().map { drive(it) }

  private fun drive(listed: Listed): Drive =
    if (there == null || access == null) Drive(session, listed)
    else Drive(session, listed, there, access)

  override val size: Int
    get() = all.size

  override fun get(index: Int): Drive = all[index]

  override val keys: List<String>
    get() = all.map { it.name }

  /**
   * The drive or partition of that name, serial number, label, UUID or path.
   *
   * @param key such as `sda`, `sda1`, or `/dev/disk/by-id/...`
   */
  operator fun get(key: String): Drive {
    if ("://" in key && Place.parse(key) is Remote)
      throw BlkshException("look for $key", "it is none of these drives")
        .suggest("write drive(\"$key\")")
    return drive(machine.get(key))
  }

  override fun member(key: String): Drive? = machine.find(key).map { drive(it) }.orElse(null)

  /** Looks again: a drive may have come or gone. */
  fun refresh(): Drives = Drives(session, machine.refresh(), there, access)
}
