package blksh.script

import blksh.dsl.Outline
import blksh.session.Usage

/** The manual of blksh, for man, made from what its verbs and scripts declare. */
internal class Manual(private val scripts: List<Outline>) {

  override fun toString(): String = buildString {
    appendLine(".TH BLKSH 1 \"\" \"blksh\" \"User Commands\"")
    section("NAME")
    appendLine("blksh \\- a scriptable shell over block storage")
    section("SYNOPSIS")
    for (verb in Usage.VERBS) {
      appendLine(".br")
      appendLine(".B blksh")
      if (verb.written().isNotEmpty()) line(verb.written())
    }
    section("VERBS")
    for (verb in Usage.VERBS) item("blksh ${verb.written()}".trim(), verb.help.joinToString(" "))
    section("OPTIONS")
    for (option in Usage.OPTIONS) {
      item(option.spellings.joinToString(", ") + " ${option.placeholder}", option.help)
    }
    section("SCRIPTS")
    line("These come with blksh; each is called as")
    appendLine(".BR \"blksh run NAME\" ,")
    line("answers --help, and understands the options above.")
    for (script in scripts) script(script)
    section("EXIT STATUS")
    for (status in Usage.STATUSES) item(status.substringBefore(' '), status.substringAfter(' '))
    section("FILES")
    item("~/.blksh", "what blksh remembers, unless --home or BLKSH_HOME names another directory")
  }

  private fun StringBuilder.script(script: Outline) {
    appendLine(".SS ${escaped(script.names[0])}")
    for (paragraph in script.help.split("\n\n")) {
      line(paragraph.replace('\n', ' '))
      appendLine(".PP")
    }
    script.entries.forEach { entry(it) }
    for (command in script.commands) {
      item("${script.names[0]} ${command.names.joinToString(", ")}", command.help)
      appendLine(".RS")
      command.entries.forEach { entry(it) }
      appendLine(".RE")
    }
  }

  private fun StringBuilder.entry(entry: Outline.Entry) {
    val spelled = entry.spellings.joinToString(", ")
    val choices = if (entry.choices.isEmpty()) "" else ": " + entry.choices.joinToString(", ")
    item("$spelled ${entry.placeholder}".trim(), entry.help + choices)
  }

  private fun StringBuilder.section(name: String) {
    appendLine(".SH \"$name\"")
  }

  private fun StringBuilder.item(term: String, text: String) {
    appendLine(".TP")
    appendLine("\\fB${escaped(term.trim())}\\fR")
    line(text)
  }

  private fun StringBuilder.line(text: String) {
    // What begins with a dot or a quote would be a request.
    appendLine((if (text.startsWith('.') || text.startsWith('\'')) "\\&" else "") + escaped(text))
  }

  private fun escaped(text: String): String =
    text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
}
