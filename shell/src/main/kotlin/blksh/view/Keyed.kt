package blksh.view

/** A collection whose members have names: `stores["main"]`. */
interface Keyed {

  /** The names, in order. */
  val keys: List<String>

  /** The member of that name, or null. */
  fun member(key: String): Any?
}
