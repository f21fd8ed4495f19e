package blksh.script

import blksh.dsl.Outline
import blksh.dsl.Outline.Kind
import blksh.session.Usage

/**
 * How a line for blksh goes on, as shells read it: a table of what may follow what, made when blksh
 * is built, and a few functions of the shell that look it up. No TAB starts a Java.
 *
 * The table has a row for each option (`--store|d||the store's directory`), command (`gc|c||…`) and
 * positional value (`|f||…`) of a context; a context is `run NAME`, or `run NAME COMMAND`. The
 * second column says what follows it: nothing (`-`), a file (`f`), a directory (`d`), one of the
 * words in the third column (`w`), something else (`v`); upper case says that several may.
 */
internal class ShellCompletion(private val scripts: List<Outline>) {

  private class Context(val name: String, val rows: List<String>)

  private val contexts: List<Context> = buildList {
    add(Context("", top()))
    for (script in scripts) {
      val name = script.names[0]
      val shared = shared(script)
      val commands =
        script.commands.flatMap { command -> command.names.map { row(it, "c", "", command.help) } }
      add(Context("run $name", commands + script.entries.flatMap(::rows) + shared))
      for (command in script.commands) {
        val rows = (command.entries + script.entries.filter { it.spellings.isNotEmpty() })
        for (spelled in command.names) {
          add(Context("run $name $spelled", rows.flatMap(::rows) + shared))
        }
      }
    }
  }

  /** What any file of a script may be given. */
  private val ofAll = shared(null) + row("", "f", "", "")

  private fun top(): List<String> =
    Usage.VERBS.filter { it.word.isNotEmpty() }
      .map { row(it.word, "c", "", it.help.joinToString(" ")) } +
      Usage.OPTIONS.flatMap { option ->
        option.spellings.map {
          row(it, if (option.placeholder.isEmpty()) "-" else "d", "", option.help)
        }
      }

  /** The options that all scripts have and this one does not declare itself. */
  private fun shared(script: Outline?): List<String> {
    val own = script?.let { it.entries + it.commands.flatMap { command -> command.entries } }
    val taken = own.orEmpty().flatMap { it.spellings }.toSet()
    return Usage.OPTIONS.filter { it.shared }
      .flatMap { option ->
        val help =
          option.help.substringAfter("; ").let { if (it == option.help) it else "print its help" }
        option.spellings
          .filter { it !in taken }
          .map { row(it, if (option.placeholder.isEmpty()) "-" else "d", "", help) }
      }
  }

  private fun rows(entry: Outline.Entry): List<String> {
    val one =
      when (entry.kind) {
        Kind.NOTHING -> "-"
        Kind.FILE -> "f"
        Kind.DIRECTORY -> "d"
        Kind.CHOICE -> "w"
        Kind.OTHER -> "v"
      }
    val follows = if (entry.many) one.uppercase() else one
    val choices = entry.choices.joinToString(" ")
    return entry.spellings.ifEmpty { listOf("") }.map { row(it, follows, choices, entry.help) }
  }

  private fun row(word: String, follows: String, choices: String, help: String): String =
    listOf(word, follows, choices, help.replace('|', '/').replace('\n', ' ')).joinToString("|")

  private val names = scripts.map { it.names[0] }

  /** The file for a shell. */
  fun text(shell: String): String {
    val template =
      checkNotNull(javaClass.getResourceAsStream("completion.$shell")) { "no $shell" }
        .use { String(it.readAllBytes()) }
    val fish = shell == "fish"
    return template
      .replace("@TABLE@", contexts.joinToString("\n") { entry(it.name, it.rows, fish) })
      .replace("@ANY@", quoted(ofAll, fish))
      .replace(
        "@SCRIPTS@",
        quoted(scripts.map { row(it.names[0], "c", "", firstSentence(it.help)) }, fish),
      )
      .replace("@NAMES@", names.joinToString(" "))
      .replace("@SHELLS@", Usage.SHELLS.joinToString(" "))
  }

  private fun entry(name: String, rows: List<String>, fish: Boolean): String =
    if (fish) "    case '$name'\n        set rows ${quoted(rows, true)}"
    else "    '$name') rows=${quoted(rows, false)} ;;"

  /** Rows in quotes of a shell, whatever stands in them. */
  private fun quoted(rows: List<String>, fish: Boolean): String =
    if (fish) rows.joinToString(" ") { "'" + it.replace("\\", "\\\\").replace("'", "\\'") + "'" }
    else rows.joinToString("\n", "'", "'") { it.replace("'", "'\\''") }

  companion object {

    internal fun firstSentence(help: String): String =
      help
        .replace('\n', ' ')
        .let { text -> Regex("""^.*?[.:](?=\s|$)""").find(text)?.value ?: text }
        .trimEnd('.', ':')
  }
}
