package blksh.script

import java.lang.reflect.Type
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/**
 * What the entries of one sitting at the prompt left behind: results, which `res1`, `res2` … and,
 * for the newest, `it` stand for, and the names they declared. Loads nothing of the compiler.
 */
class Sitting {

  /**
   * What an entry came to.
   *
   * @property number from 1
   * @property path the entry when it was a plain path, else null
   * @property type what the path is declared to give; null together with [path]
   */
  class Result(
    val number: Int,
    val value: Any?,
    val path: String?,
    val type: Type?,
    val nullable: Boolean,
    internal var known: String?,
  ) {
    val name: String
      get() = "res$number"
  }

  private val results = CopyOnWriteArrayList<Result>()
  private val declared: MutableSet<String> = ConcurrentHashMap.newKeySet()

  /** Notes the result of an entry that was compiled, [known] to the compiler by that name. */
  fun add(value: Any?, known: String) {
    results += Result(results.size + 1, value, null, null, value == null, known)
  }

  /** Notes the result of a plain path. */
  fun add(value: Any?, path: String, type: Type, nullable: Boolean) {
    results += Result(results.size + 1, value, path, type, nullable, null)
  }

  /** How many results there are. */
  val count: Int
    get() = results.size

  /** The newest result, or null. */
  val last: Result?
    get() = results.lastOrNull()

  /** The result of that name; null when there is none. */
  fun find(name: String): Result? =
    if (name == "it") last
    else if (name.startsWith("res")) name.drop(3).toIntOrNull()?.let { results.getOrNull(it - 1) }
    else null

  /** Notes the names an entry declared. */
  internal fun declare(names: Collection<String>) {
    declared += names
  }

  /** Forgets the results, and the names that entries declared but [kept]. */
  fun clear(kept: Collection<String>) {
    results.clear()
    declared.retainAll(kept.toSet())
  }

  /** Whether an entry declared that name. */
  fun declares(name: String): Boolean = name in declared

  /** The names that entries declared. */
  fun names(): Set<String> = declared.toSortedSet()

  companion object {

    /** The result that the calling thread hands over; null at other times. */
    private val handed = ThreadLocal<Result>()

    /** Does something during which the calling thread can take that result with [value]. */
    internal fun <T> handing(result: Result, taking: () -> T): T {
      handed.set(result)
      try {
        return taking()
      } finally {
        handed.remove()
      }
    }

    /** The value of the result handed over; code that the prompt compiles takes it. */
    @JvmStatic fun value(): Any? = handed.get().value

    /** The same, of the type that [shape] is declared to give; [shape] is not called. */
    @Suppress("UNCHECKED_CAST", "UNUSED_PARAMETER") fun <T> typed(shape: () -> T): T = value() as T
  }
}
