package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.session.Session
import blksh.view.Keyed

/** The catalogues in the home directory, by name: `catalogues["photos"]`. */
class Catalogues internal constructor(private val session: Session) :
  AbstractList<Catalogue>(), Keyed {

  override val keys: List<String> = session.workspace().catalogues().names()

  override val size: Int
    get() = keys.size

  override fun get(index: Int): Catalogue = Catalogue(session, keys[index])

  override fun member(key: String): Catalogue? = if (key in keys) Catalogue(session, key) else null

  /** The catalogue of that name. */
  operator fun get(name: String): Catalogue =
    member(name)
      ?: throw BlkshException("find catalogue $name", "there is none of that name")
        .suggest(Nearest.among(name, keys, "make one with catalogue(\"NAME\").scan(\"DIR\")"))

  /** Removes a catalogue and all it knows; files and discs stay as they are. */
  fun delete(name: String) {
    get(name)
    if (!session.options().dryRun()) session.workspace().catalogues().delete(name)
  }
}
