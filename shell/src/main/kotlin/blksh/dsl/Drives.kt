package blksh.dsl

import blksh.drive.Drives as Machine
import blksh.session.Session
import blksh.view.Keyed

/**
 * The drives of this machine as they are now, by name, serial number, label, UUID or path:
 * `drives["sda"].partitions["sda1"]`.
 */
class Drives internal constructor(private val session: Session, private val machine: Machine) :
  AbstractList<Drive>(), Keyed {

  private val all = machine.list().map { Drive(session, it) }

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
    if ("://" in key) Place.parse(key).path("look at", "drives")
    return Drive(session, machine.get(key))
  }

  override fun member(key: String): Drive? =
    machine.find(key).map { Drive(session, it) }.orElse(null)

  /** Looks again: a drive may have come or gone. */
  fun refresh(): Drives = Drives(session, Machine.look())
}
