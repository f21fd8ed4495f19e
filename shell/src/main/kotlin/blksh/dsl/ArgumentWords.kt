package blksh.dsl

import blksh.view.Percent
import blksh.view.Size

/** The words a script declares its arguments with, at hand without naming anything. */
abstract class ArgumentWords internal constructor(@PublishedApi internal val arguments: Arguments) {

  /**
   * Declares an option with a value, such as `val store by option<Place>("-s/--store", "DIR", "the
   * store's directory")`. It must be given unless it has a [default] or is made `.optional()`.
   *
   * Values may be `String`, `Path`, [Place], `Int`, `Long`, `Double`, `Boolean`, [Size], [Percent],
   * `java.time.Duration` or an enum.
   *
   * @param name with its dashes; several spellings with a slash between them
   * @param placeholder what stands for the value in the usage
   * @param help what it is, in a few words
   */
  inline fun <reified T : Any> option(
    name: String,
    placeholder: String,
    help: String,
    default: T? = null,
  ): Argument<T> = arguments.option(name, placeholder, help, default)

  /** Declares an option that may be given any number of times; reads as a list, in order. */
  inline fun <reified T : Any> repeated(
    name: String,
    placeholder: String,
    help: String,
    required: Boolean = true,
  ): Argument<List<T>> = arguments.repeated(name, placeholder, help, required)

  /**
   * Declares an option with one or more values, which are the words up to the next option:
   * `--targets /home /opt`; reads as a list, in order.
   *
   * @param orNone whether it may be given without any value
   */
  inline fun <reified T : Any> several(
    name: String,
    placeholder: String,
    help: String,
    required: Boolean = true,
    orNone: Boolean = false,
  ): Argument<List<T>> = arguments.several(name, placeholder, help, required, orNone)

  /** Declares an option without a value; true when it is given. */
  fun flag(name: String, help: String): Argument<Boolean> = arguments.flag(name, help)

  /** Declares the next positional value; the values are as for [option]. */
  inline fun <reified T : Any> positional(
    name: String,
    help: String,
    default: T? = null,
  ): Argument<T> = arguments.positional(name, help, default)

  /**
   * Declares any number of positional values, each of which may be followed by options of its own:
   * `val targets = positionals<String>("HOST:PATH", "what to copy")` and `val sudo =
   * targets.flag("--sudo", "read it as root")`. Each of `targets` has its `value`, and `get(sudo)`
   * says what the option is for it.
   */
  inline fun <reified T : Any> positionals(
    name: String,
    help: String,
    required: Boolean = true,
  ): Positionals<T> = arguments.positionals(name, help, required)

  /** Declares what takes every word after `--` as it stands, such as the command to run. */
  fun rest(name: String, help: String, required: Boolean = true): Argument<List<String>> =
    arguments.rest(name, help, required)

  /**
   * Declares one of several things a script does, with arguments and a `--help` of its own: `val gc
   * = command("gc", "remove what nothing needs")` and `val keep by gc.option<Int>("--keep", "N",
   * "how many to keep")`. Then `gc.chosen` says whether it was asked for.
   *
   * @param name several spellings with a slash between them
   * @param help what it does, in a few words
   * @param implied whether it is meant when its name is left out, told by the word that stands
   *   there
   */
  fun command(name: String, help: String, implied: (String) -> Boolean = { false }): Command =
    arguments.command(name, help, implied)

  /**
   * Checks the arguments; the script host calls it after the last declaration.
   *
   * @suppress no word for people
   */
  fun declared() {
    arguments.check()
  }
}
