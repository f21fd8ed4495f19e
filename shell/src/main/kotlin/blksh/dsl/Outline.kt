package blksh.dsl

import blksh.dsl.Argument.Takes

/**
 * What a script, or one of its commands, declares: what completions of shells and the manual are
 * made of.
 *
 * @property names of the script or the command; a script has one
 * @property help what it does
 * @property commands what a script has of them
 */
internal class Outline(
  val names: List<String>,
  val help: String,
  val entries: List<Entry>,
  val commands: List<Outline>,
) {

  /** What the values of an argument are, as far as a shell can go on with them. */
  enum class Kind {
    /** There are none. */
    NOTHING,
    FILE,
    DIRECTORY,
    /** One of [Entry.choices]. */
    CHOICE,
    OTHER,
  }

  /**
   * An argument.
   *
   * @property spellings with their dashes; a positional value has none
   * @property placeholder what stands for the value
   * @property many whether several values may follow one mention
   * @property shared whether all scripts have it
   */
  class Entry(
    val spellings: List<String>,
    val placeholder: String,
    val help: String,
    val kind: Kind,
    val choices: List<String>,
    val many: Boolean,
    val shared: Boolean,
  )

  companion object {

    /** What texts are called that may be names of files. */
    private val FILES = setOf("FILE", "IMAGE", "PATH", "PLACE", "SOURCE", "TARGET")

    /** That of a script, once it has declared everything. */
    fun of(arguments: Arguments): Outline {
      val commands =
        arguments.commands.map { command ->
          Outline(command.names, command.help, entries(command), listOf())
        }
      return Outline(listOf(arguments.name), arguments.description, entries(arguments), commands)
    }

    private fun entries(scope: Scope): List<Entry> =
      scope.declared.flatMap {
        listOf(entry(it)) + scope.groups[it]?.declared.orEmpty().map(::entry)
      }

    private fun entry(argument: Argument<*>): Entry {
      val choices = argument.type?.choices.orEmpty()
      val placeholder = if (argument.positional) argument.spellings[0] else argument.placeholder
      val kind =
        when {
          argument.takes == Takes.NOTHING -> Kind.NOTHING
          choices.isNotEmpty() -> Kind.CHOICE
          placeholder == "DIR" -> Kind.DIRECTORY
          argument.type?.named == true || placeholder in FILES -> Kind.FILE
          else -> Kind.OTHER
        }
      val many = argument.takes == Takes.SOME || argument.takes == Takes.ANY
      val spellings = if (argument.positional) listOf() else argument.spellings
      return Entry(spellings, placeholder, argument.help, kind, choices, many, shared = false)
    }
  }
}
