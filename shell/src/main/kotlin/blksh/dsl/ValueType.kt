package blksh.dsl

import blksh.WordBytes
import blksh.view.Percent
import blksh.view.Size
import java.nio.file.InvalidPathException
import java.nio.file.Path
import java.time.Duration
import kotlin.reflect.KClass

/** What the values of an argument are, and how a word of a command line becomes one. */
internal class ValueType(private val type: KClass<*>) {

  init {
    require(type in PLAIN || type.java.isEnum) { "a script argument cannot be a ${type.java.name}" }
  }

  /** Whether values may be negative numbers. */
  val numeric: Boolean
    get() = type == Int::class || type == Long::class || type == Double::class

  /** Whether values are names of files, or may be. */
  val named: Boolean
    get() = type == Path::class || type == Place::class

  /** The words there are, when there are only so many. */
  val choices: List<String>
    get() =
      if (type == Codec::class) listOf("raw", "lz4", "zstd", "auto")
      else if (type.java.isEnum) type.java.enumConstants.map { (it as Enum<*>).name.lowercase() }
      else emptyList()

  /** What a word must be, to be said when it is not. */
  val expected: String
    get() =
      when (type) {
        Int::class,
        Long::class -> "a whole number"
        Double::class -> "a number"
        Size::class -> "a size such as 4GiB"
        Percent::class -> "a percentage such as 5%"
        Duration::class -> "a time such as 90s, 15m, 2h or 7d"
        Boolean::class -> "true or false"
        Path::class -> "a path"
        Place::class -> "a place such as /srv/backup"
        Codec::class -> "raw, lz4, zstd or auto, these two also with a level: zstd-9"
        else -> "one of " + choices.joinToString(", ")
      }

  /**
   * The value a word stands for; null when it stands for none.
   *
   * @throws blksh.BlkshException when there is more to be said of why it does not
   */
  fun read(word: String): Any? =
    when (type) {
      String::class -> word
      Path::class -> if (word.isEmpty()) null else runCatching { WordBytes.path(word) }.getOrNull()
      Place::class -> if (word.isEmpty()) null else place(word)
      Int::class -> word.toIntOrNull()
      Long::class -> word.toLongOrNull()
      Double::class -> word.toDoubleOrNull()
      Boolean::class -> word.toBooleanStrictOrNull()
      Size::class -> Size.parse(word)
      Percent::class ->
        word.removeSuffix("%").toDoubleOrNull()?.takeIf { it in 0.0..100.0 }?.let { Percent(it) }
      Duration::class -> duration(word)
      Codec::class -> runCatching { Codec.parse(word) }.getOrNull()
      else -> type.java.enumConstants.find { (it as Enum<*>).name.equals(word, ignoreCase = true) }
    }

  private fun place(word: String): Place? =
    try {
      Place.parse(word)
    } catch (noPath: InvalidPathException) {
      null
    }

  private fun duration(word: String): Duration? {
    val number = word.dropLast(1).toLongOrNull() ?: return null
    return try {
      when (word.last()) {
        's' -> Duration.ofSeconds(number)
        'm' -> Duration.ofMinutes(number)
        'h' -> Duration.ofHours(number)
        'd' -> Duration.ofDays(number)
        else -> null
      }
    } catch (tooLong: ArithmeticException) {
      null
    }
  }

  private companion object {
    val PLAIN =
      setOf(
        String::class,
        Path::class,
        Place::class,
        Int::class,
        Long::class,
        Double::class,
        Boolean::class,
        Size::class,
        Percent::class,
        Duration::class,
        Codec::class,
      )
  }
}
