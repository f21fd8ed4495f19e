package blksh.dsl

import kotlin.reflect.KProperty

/**
 * One argument a script declares: an option, a flag or a positional value. Declared with `by`, it
 * reads as a plain typed value.
 */
class Argument<T>
internal constructor(
  internal val owner: Declarations,
  internal val spellings: List<String>,
  internal val placeholder: String,
  internal val help: String,
  internal val type: ValueType?,
  internal val takes: Takes,
  internal val many: Boolean,
  internal var required: Boolean,
  internal val default: Any?,
) {

  /** How many values one mention of it takes. */
  internal enum class Takes {
    /** A flag. */
    NOTHING,
    ONE,
    /** One or more: every word up to the next option. */
    SOME,
    /** Any number, none among them. */
    ANY,
    /** Every word after `--`. */
    REST,
  }

  internal val positional: Boolean
    get() = !spellings[0].startsWith("-")

  /** It in a sentence: `--count N`, `-o/--output FILE`, `FILE`. */
  internal val shown: String
    get() = shown(spellings.joinToString("/"))

  /** It as it was or may be spelled, with the name of its value. */
  internal fun shown(spelling: String): String =
    if (placeholder.isEmpty()) spelling else "$spelling $placeholder"

  /** The same argument, null when it is not given; a list is empty then. */
  @Suppress("UNCHECKED_CAST")
  fun optional(): Argument<T?> {
    required = false
    return this as Argument<T?>
  }

  /** The value given, or the default. */
  operator fun getValue(thisRef: Any?, property: KProperty<*>?): T {
    val given = owner.arguments.parse()
    check(owner !is Positionals<*>) {
      "${spellings[0]} belongs to each ${owner.name}: it is read of one of them, as in it[${property?.name}]"
    }
    return given.value(this)
  }
}
