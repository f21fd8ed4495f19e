package blksh.dsl

import blksh.shell.Session
import blksh.shell.view.Views
import java.net.InetAddress
import kotlin.reflect.KClass

/**
 * The words scripts and the prompt understand. Every script and every line at the prompt sees the
 * members of this class without naming it.
 */
class Vocabulary(private val session: Session, @PublishedApi internal val arguments: Arguments) {

  /** The words after the script's name, as they were given. */
  val args: List<String>
    get() = session.words()

  /** True under `--dry-run`: operations say what they would do and change nothing. */
  val dryRun: Boolean
    get() = session.options().dryRun()

  /** The name of this machine, up to its first dot. */
  val host: String by lazy { InetAddress.getLocalHost().hostName.substringBefore('.') }

  /** Prints a result the way the prompt does: a card, a table or a tree. */
  fun show(result: Any?) {
    session.show(Views.of(result), result)
  }

  /** Notes something that went well enough but needs attention; the script ends with status 3. */
  fun finding(sentence: String) {
    session.finding(sentence)
  }

  /**
   * Declares an option with a value, such as `val store by option<Path>("--store", "DIR", "the
   * store's directory")`. It must be given unless it has a [default] or is made `.optional()`.
   *
   * Values may be `String`, `Path`, `Int`, `Long`, `Double`, `Boolean`, [Size], [Percent],
   * `java.time.Duration` or an enum.
   *
   * @param name with its dashes
   * @param placeholder what stands for the value in the usage
   * @param help what it is, in a few words
   */
  inline fun <reified T : Any> option(
    name: String,
    placeholder: String,
    help: String,
    default: T? = null,
  ): Argument<T> = declare(name, placeholder, help, T::class, false, default == null, default)

  /** Declares an option that may be given any number of times; reads as a list, in order. */
  inline fun <reified T : Any> repeated(
    name: String,
    placeholder: String,
    help: String,
    required: Boolean = true,
  ): Argument<List<T>> = declare(name, placeholder, help, T::class, true, required, null)

  /** Declares an option without a value; true when it is given. */
  fun flag(name: String, help: String): Argument<Boolean> =
    declare(name, null, help, null, false, false, false)

  /** Declares the next positional value; the values are as for [option]. */
  inline fun <reified T : Any> positional(
    name: String,
    help: String,
    default: T? = null,
  ): Argument<T> = declare(name, "", help, T::class, false, default == null, default)

  @PublishedApi
  internal fun <T> declare(
    name: String,
    placeholder: String?,
    help: String,
    type: KClass<*>?,
    many: Boolean,
    required: Boolean,
    default: Any?,
  ): Argument<T> = arguments.declare(name, placeholder, help, type, many, required, default)

  /** Checks the arguments; the script host calls it after the last declaration. */
  fun declared() {
    arguments.parse()
  }
}
