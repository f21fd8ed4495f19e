package blksh.dsl

import blksh.dsl.Argument.Takes
import blksh.view.Words

/** The help of a script, or of one of its commands, made from the declarations. */
internal class UsageText(private val arguments: Arguments, private val command: Command?) {

  private val scopes = listOfNotNull<Scope>(command, arguments)

  override fun toString(): String = buildString {
    append("usage: blksh run ").append(arguments.name)
    command?.let { append(' ').append(it.name) }
    for (argument in scopes.flatMap { it.declared }.sortedBy { rank(it) }) {
      append(' ').append(inUsage(argument))
    }
    if (command == null && arguments.commands.isNotEmpty()) append(" COMMAND …")
    append('\n')
    val description = command?.help ?: arguments.description
    if (description.isNotEmpty()) append('\n').append(description).append('\n')
    if (command == null) commands()
    val lines = scopes.flatMap { scope -> scope.declared.flatMap { lines(scope, it) } }
    if (lines.isNotEmpty()) append('\n')
    val width = lines.maxOfOrNull { it.first.length } ?: 0
    for ((shown, help) in lines) {
      append("  ").append(shown.padEnd(width + 2)).append(help).append('\n')
    }
  }

  private fun StringBuilder.commands() {
    val commands = arguments.commands.ifEmpty { null } ?: return
    append("\ncommands, each with a --help of its own:\n")
    val width = commands.maxOf { it.names.joinToString(", ").length }
    for (command in commands) {
      append("  ").append(command.names.joinToString(", ").padEnd(width + 2))
      append(command.help).append('\n')
    }
  }

  /** Options come first, what follows `--` last. */
  private fun rank(argument: Argument<*>): Int =
    if (argument.takes == Takes.REST) 2 else if (argument.positional) 1 else 0

  private fun inUsage(argument: Argument<*>): String {
    val shown = argument.shown(argument.spellings[0])
    val own = groupOf(argument)?.declared.orEmpty()
    val whole =
      when {
        own.isNotEmpty() -> own.joinToString(" ", "($shown ", ")…") { inUsage(it) }
        argument.takes == Takes.SOME -> "$shown [${argument.placeholder}…]"
        argument.takes == Takes.ANY -> "${argument.spellings[0]} [${argument.placeholder}…]"
        argument.takes == Takes.REST -> "-- $shown…"
        argument.many -> "$shown…"
        else -> shown
      }
    return if (argument.required) whole else "[$whole]"
  }

  private fun lines(scope: Scope, argument: Argument<*>): List<Pair<String, String>> =
    listOf(line(argument, "")) + scope.groups[argument]?.declared.orEmpty().map { line(it, "  ") }

  private fun line(argument: Argument<*>, indent: String): Pair<String, String> {
    val spelled = argument.shown(argument.spellings.joinToString(", "))
    val shown = if (argument.takes == Takes.REST) "-- $spelled" else spelled
    return indent + shown to argument.help + notes(argument)
  }

  private fun notes(argument: Argument<*>): String = buildString {
    val choices = argument.type?.choices.orEmpty()
    if (choices.isNotEmpty()) append(": ").append(choices.joinToString(", "))
    when {
      argument.takes == Takes.SOME -> append(" (one or more)")
      argument.takes == Takes.ANY -> append(" (any number)")
      argument.takes == Takes.REST -> append(" (every word after --)")
      argument.many -> append(" (repeatable)")
      argument.default != null && argument.default != false ->
        append(" (default ").append(written(argument.default)).append(')')
    }
    val hidden = argument.spellings.filter { it == "-h" || it in arguments.shared.spellings() }
    if (hidden.isNotEmpty()) {
      append(" (not the ").append(hidden.joinToString(", ")).append(" that scripts share)")
    }
  }

  /** A default as people write it; yes is no word for true on a command line. */
  private fun written(default: Any): String =
    if (default is Boolean) "$default" else Words.of(default)

  private fun groupOf(argument: Argument<*>): Positionals<*>? =
    (argument.owner as? Scope)?.groups?.get(argument)
}
