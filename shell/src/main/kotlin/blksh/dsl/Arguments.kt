package blksh.dsl

import blksh.session.UsageException
import blksh.view.Percent
import blksh.view.Size
import java.nio.file.Path
import java.time.Duration
import java.util.function.BiPredicate
import kotlin.reflect.KClass

/**
 * Somebody asked for `--help`: [text] is the answer, and nothing else happens.
 *
 * @suppress no word for people
 */
class HelpRequested(val text: String) : RuntimeException(null, null, false, false)

/**
 * One argument a script declares: an option, a flag or a positional value. Declared with `by`, it
 * reads as a plain typed value.
 */
class Argument<T>
internal constructor(
  private val arguments: Arguments,
  internal val name: String,
  internal val placeholder: String?,
  internal val help: String,
  internal val type: KClass<*>?,
  internal val many: Boolean,
  internal var required: Boolean,
  private var fallback: Any?,
) {
  internal val given = mutableListOf<Any>()

  internal val positional: Boolean
    get() = !name.startsWith("-")

  internal val default: Any?
    get() = fallback

  /** The same argument, null when it is not given. */
  @Suppress("UNCHECKED_CAST")
  fun optional(): Argument<T?> {
    required = false
    return this as Argument<T?>
  }

  /** The value given, or the default. */
  @Suppress("UNCHECKED_CAST")
  operator fun getValue(thisRef: Any?, property: Any?): T {
    arguments.parse()
    return (if (many) given.toList() else given.lastOrNull() ?: fallback) as T
  }
}

/**
 * The arguments of one run of a script: what it declares, and the words it was given. Parsed once,
 * after the last declaration and before anything else in the script happens.
 *
 * @param global takes an option the script does not declare, and its value from the words after it,
 *   when it is one that every script understands
 * @suppress no word for people
 */
class Arguments(
  private val script: String,
  private val description: String,
  private val words: List<String>,
  private val global: BiPredicate<String, Iterator<String>>,
) {
  private val declared = mutableListOf<Argument<*>>()
  private var parsed = false

  /** Adds a declaration. */
  internal fun <T> declare(
    name: String,
    placeholder: String?,
    help: String,
    type: KClass<*>?,
    many: Boolean = false,
    required: Boolean = false,
    default: Any? = null,
  ): Argument<T> {
    check(!parsed) { "$name is declared after the first argument was read" }
    require(declared.none { it.name == name }) { "$name is declared twice" }
    return Argument<T>(this, name, placeholder, help, type, many, required, default).also {
      declared += it
    }
  }

  /**
   * Matches the words with the declarations, once.
   *
   * @throws UsageException when they do not fit
   * @throws HelpRequested when `--help` is among them
   */
  fun parse() {
    if (parsed) return
    parsed = true
    if (words.takeWhile { it != "--" }.any { it == "--help" || it == "-h" }) {
      throw HelpRequested(usage())
    }
    val positionals = declared.filter { it.positional }.iterator()
    var slot: Argument<*>? = null
    var options = true
    val rest = words.iterator()
    while (rest.hasNext()) {
      val word = rest.next()
      if (options && word == "--") {
        options = false
      } else if (options && word.startsWith("-") && word != "-") {
        option(word, rest)
      } else {
        if (slot == null || !slot.many)
          slot = if (positionals.hasNext()) positionals.next() else null
        slot?.take(word) ?: throw UsageException("unexpected argument '$word'")
      }
    }
    declared
      .firstOrNull { it.required && it.given.isEmpty() }
      ?.let { throw UsageException("${it.shown()} is missing (${it.help})") }
  }

  private fun option(word: String, rest: Iterator<String>) {
    val name = word.substringBefore('=')
    val argument = declared.find { it.name == name }
    if (argument == null) {
      if (global.test(word, rest)) return
      val near =
        declared.filter { !it.positional }.map { it.name }.minByOrNull { distance(it, name) }
      val hint = near?.takeIf { distance(it, name) <= 2 }?.let { "did you mean $it?" }
      throw UsageException("unknown option $name", hint ?: "try --help")
    }
    if (argument.placeholder == null) {
      if ('=' in word) throw UsageException("$name takes no value")
      argument.given += true
    } else if ('=' in word) {
      argument.take(word.substringAfter('='))
    } else {
      if (!rest.hasNext())
        throw UsageException("$name needs a value: $name ${argument.placeholder}")
      argument.take(rest.next())
    }
  }

  private fun Argument<*>.take(word: String) {
    if (!many && given.isNotEmpty()) throw UsageException("$name is given twice")
    given +=
      convert(word, type!!) ?: throw UsageException("${shown()}: '$word' is not ${expected(type)}")
  }

  private fun Argument<*>.shown() =
    if (positional || placeholder == null) name else "$name $placeholder"

  /** The usage text, made from the declarations. */
  private fun usage(): String = buildString {
    append("usage: blksh run ").append(script)
    for (argument in declared.sortedBy { it.positional.compareTo(false) }) {
      val shown = argument.shown() + if (argument.many) "…" else ""
      append(' ').append(if (argument.required) shown else "[$shown]")
    }
    append('\n')
    if (description.isNotEmpty()) append('\n').append(description).append('\n')
    if (declared.isNotEmpty()) append('\n')
    val width = declared.maxOfOrNull { it.shown().length } ?: 0
    for (argument in declared) {
      append("  ").append(argument.shown().padEnd(width + 2)).append(argument.help)
      val type = argument.type?.java
      if (type != null && type.isEnum) append(": ").append(constants(type).joinToString(", "))
      when {
        argument.many -> append(" (repeatable)")
        argument.default != null && argument.default != false ->
          append(" (default ${blksh.view.Words.of(argument.default)})")
      }
      append('\n')
    }
  }

  private companion object {

    fun constants(type: Class<*>) = type.enumConstants.map { (it as Enum<*>).name.lowercase() }

    fun expected(type: KClass<*>): String =
      when (type) {
        Int::class,
        Long::class -> "a whole number"
        Double::class -> "a number"
        Size::class -> "a size such as 4GiB"
        Percent::class -> "a percentage such as 5%"
        Duration::class -> "a time such as 90s, 15m, 2h or 7d"
        Boolean::class -> "true or false"
        Path::class -> "a path"
        else ->
          if (type.java.isEnum) "one of " + constants(type.java).joinToString(", ") else "valid"
      }

    fun convert(word: String, type: KClass<*>): Any? =
      when (type) {
        String::class -> word
        Path::class -> if (word.isEmpty()) null else runCatching { Path.of(word) }.getOrNull()
        Int::class -> word.toIntOrNull()
        Long::class -> word.toLongOrNull()
        Double::class -> word.toDoubleOrNull()
        Boolean::class -> word.toBooleanStrictOrNull()
        Size::class -> Size.parse(word)
        Percent::class ->
          word.removeSuffix("%").toDoubleOrNull()?.takeIf { it in 0.0..100.0 }?.let { Percent(it) }
        Duration::class -> duration(word)
        else ->
          if (type.java.isEnum) {
            type.java.enumConstants.find { (it as Enum<*>).name.equals(word, ignoreCase = true) }
          } else {
            throw IllegalArgumentException("a script argument cannot be a ${type.java.name}")
          }
      }

    private fun duration(word: String): Duration? {
      val number = word.dropLast(1).toLongOrNull() ?: return null
      return when (word.last()) {
        's' -> Duration.ofSeconds(number)
        'm' -> Duration.ofMinutes(number)
        'h' -> Duration.ofHours(number)
        'd' -> Duration.ofDays(number)
        else -> null
      }
    }

    /** Edits that lead from one word to another. */
    private fun distance(a: String, b: String): Int {
      var row = IntArray(b.length + 1) { it }
      for (i in 1..a.length) {
        val next = IntArray(b.length + 1)
        next[0] = i
        for (j in 1..b.length) {
          val change = row[j - 1] + if (a[i - 1] == b[j - 1]) 0 else 1
          next[j] = minOf(change, row[j] + 1, next[j - 1] + 1)
        }
        row = next
      }
      return row[b.length]
    }
  }
}
