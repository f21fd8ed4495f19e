package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.session.Session
import blksh.view.Keyed

/**
 * The snapshots in the places used before that are there now, directories and stores, by place:
 * `snapshots["archives"].last()`.
 */
class KnownSnapshots internal constructor(session: Session, stores: Stores) :
  AbstractList<Snapshot>(), Keyed {

  private val places: Map<String, Snapshots> = buildMap {
    val all =
      session.workspace().snapshotPlaces().list().map { snapshotsIn(session, it) } +
        stores.filter { it.reachable }.map { snapshotsOf(it) }
    for (one in all) {
      val found =
        try {
          one.size
        } catch (failed: BlkshException) {
          session.console().tell(failed.message)
          continue
        }
      if (found == 0) continue
      var name = one.label
      var number = 2
      while (name in this) name = "${one.label}-${number++}"
      put(name, one)
    }
  }

  private val all = places.values.flatMap { it.among() }

  override val size: Int
    get() = all.size

  override fun get(index: Int): Snapshot = all[index]

  /** What the places are called. */
  override val keys: List<String>
    get() = places.keys.toList()

  override fun member(key: String): Snapshots? = places[key]

  /** The snapshots in the place of that name. */
  operator fun get(place: String): Snapshots =
    member(place)
      ?: throw BlkshException("find the snapshots in $place", "no such place is known")
        .suggest(Nearest.among(place, keys, "open it once with snapshots(\"PLACE\")"))
}
