package blksh.dsl

import blksh.session.Options

/**
 * Somebody asked for `--help`: [text] is the answer, and nothing else happens.
 *
 * @suppress no word for people
 */
class HelpRequested(val text: String) : RuntimeException(null, null, false, false)

/**
 * The arguments of one run of a script: what it declares, and the words it was given. Parsed once,
 * after the last declaration and before anything else in the script happens.
 *
 * @param script what the script is called
 * @param description what its help begins with
 * @param shared the options that every script understands, set by those among the words that the
 *   script does not declare itself
 * @suppress no word for people
 */
class Arguments(
  private val script: String,
  internal val description: String,
  internal val words: List<String>,
  internal val shared: Options,
) : Scope() {

  override val arguments: Arguments
    get() = this

  override val name: String
    get() = script

  /** The commands, in the order of their declaration. */
  internal val commands = mutableListOf<Command>()

  private var given: Given? = null

  /** Adds a command, see [ArgumentWords.command]. */
  fun command(name: String, help: String, implied: (String) -> Boolean): Command {
    checkOpen(name)
    check(declared.none { it.positional }) { "$name: positional values belong to a command" }
    val names = name.split('/').map { it.trim() }
    require(names.none { it.isEmpty() || it.startsWith("-") }) { "'$name' cannot be a command" }
    require(commands.none { other -> other.names.any { it in names } }) {
      "$name is declared twice"
    }
    return Command(this, names, help, implied).also { commands += it }
  }

  /** Refuses a declaration that comes too late or says what was said. */
  internal fun checkNew(where: Declarations, spellings: List<String>) {
    checkOpen(spellings[0])
    check(where !is Arguments || spellings[0].startsWith("-") || commands.isEmpty()) {
      "${spellings[0]}: positional values belong to a command"
    }
    val seen = if (where === this) everything() else visible(where as? Command ?: scope(where))
    for (spelling in spellings) {
      require(seen.none { spelling in it.spellings }) { "$spelling is declared twice" }
    }
  }

  private fun checkOpen(name: String) =
    check(given == null) { "$name is declared after the first argument was read" }

  private fun scope(where: Declarations): Command? =
    commands.find { command -> command.groups.values.any { it === where } }

  private fun everything() = visible(null) + commands.flatMap { visible(it) }

  /** What can be given with a command, or without one: its own, and the script's. */
  internal fun visible(command: Command?): List<Argument<*>> =
    listOfNotNull(command, this).flatMap { scope ->
      scope.declared + scope.groups.values.flatMap { it.declared }
    }

  /**
   * Matches the words with the declarations.
   *
   * @throws UsageException when they do not fit
   * @throws HelpRequested when `--help` is among them
   */
  fun check() {
    parse()
  }

  /** What the words come to; matched once. */
  internal fun parse(): Given = given ?: ArgumentParser(this).parse().also { given = it }
}
