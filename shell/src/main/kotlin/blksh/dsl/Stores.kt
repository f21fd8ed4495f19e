package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.session.Session
import blksh.view.Keyed
import java.nio.file.Path

/** The stores used before, by name: `stores["main"]`. */
class Stores internal constructor(private val session: Session, private val all: List<Store>) :
  AbstractList<Store>(), Keyed {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Store = all[index]

  override val keys: List<String>
    get() = all.map { it.name }

  /** The store of that name. */
  operator fun get(name: String): Store =
    member(name)
      ?: throw BlkshException("find store $name", "no such store is known")
        .suggest(Nearest.question(name, keys).ifEmpty { "open it once with store(\"PATH\")" })

  override fun member(key: String): Store? = all.find { it.name == key }

  /**
   * A store of diskdump 0.1.5, to look at, to restore and mount from, and to import.
   *
   * @param dir the directory that has the `.blockstore`
   *
   * Example: `stores.diskdump(home.resolve("samples/dumps")).reachable`
   */
  fun diskdump(dir: Path): DiskdumpStore = diskdump(Place.of(dir))

  /** A store of diskdump, by its directory. */
  fun diskdump(dir: String): DiskdumpStore = diskdump(Place.parse(dir))

  /** A store of diskdump, by its place. */
  fun diskdump(dir: Place): DiskdumpStore = DiskdumpStore(session, dir)
}
