package blksh.script

import blksh.BlkshException

/**
 * Something the compiler has to say about a script.
 *
 * @property line from 1, or 0 when it concerns no line
 * @property column from 1
 */
data class ScriptProblem(val error: Boolean, val line: Int, val column: Int, val message: String) {

  /** The problem as `file:line:column: message`, the source line and a caret under it. */
  fun render(source: ScriptSource): String {
    val kind = if (error) "error" else "warning"
    if (line == 0) return "${source.name}: $kind: $message"
    val head = "${source.name}:$line:$column: $kind: $message"
    val text = source.line(line) ?: return head
    val indent = text.take(column - 1).map { if (it == '\t') '\t' else ' ' }.joinToString("")
    return "$head\n$text\n$indent^"
  }
}

/** A script the compiler refuses; its message shows every error in place. */
class ScriptCompilationException(val source: ScriptSource, val problems: List<ScriptProblem>) :
  BlkshException("compile ${source.name}", "") {

  override fun kind(): String = "Compilation"

  override val message: String
    get() = problems.filter { it.error }.joinToString("\n") { it.render(source) }
}
