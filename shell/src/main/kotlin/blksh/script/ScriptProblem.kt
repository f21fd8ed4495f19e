package blksh.script

import blksh.BlkshException
import blksh.view.Columns
import blksh.view.Visible

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
    val origin = source.origin(line)
    val column = column + origin.shift
    val head = "${origin.place}:$column: $kind: $message"
    val text = origin.text ?: return head
    val at = (column - 1).coerceIn(0, text.length)
    // Of a long line, only what stands around the problem.
    val from = if (at > WIDEST * 2 / 3) at - WIDEST / 2 else 0
    val to = minOf(text.length, from + WIDEST)
    val before = if (from > 0) "…" else ""
    val after = if (to < text.length) "…" else ""
    // Under what stands before it: tabs stay tabs, and a wide character has two columns.
    val indent =
      Visible.lines(text.substring(from, at)).split('\t').joinToString("\t") {
        " ".repeat(Columns.of(it))
      }
    val shown = Visible.lines(text.substring(from, to))
    return "$head\n$before$shown$after\n${" ".repeat(before.length)}$indent^"
  }

  companion object {

    /** Columns of a source line that are shown. */
    private const val WIDEST = 160

    /** Characters of one message that are kept; the compiler quotes without bounds. */
    private const val LONGEST = 500

    /** Problems that are shown; those after them rarely tell more. */
    private const val MOST = 20

    /** What is worth telling of any number of problems. */
    fun bounded(problems: Sequence<ScriptProblem>): List<ScriptProblem> {
      val (errors, warnings) = problems.map { it.shortened() }.distinct().partition { it.error }
      val kept = errors.take(MOST) + warnings.take(MOST)
      return if (errors.size <= MOST) kept
      else kept + ScriptProblem(true, 0, 0, "${errors.size - MOST} more errors")
    }

    private fun ScriptProblem.shortened() =
      if (message.length <= LONGEST) this else copy(message = message.take(LONGEST) + "…")
  }
}

/** A script the compiler refuses; its message shows every error in place. */
class ScriptCompilationException(val source: ScriptSource, val problems: List<ScriptProblem>) :
  BlkshException("compile ${source.name}", "") {

  override fun kind(): String = "Compilation"

  override val message: String
    get() = problems.filter { it.error }.joinToString("\n") { it.render(source) }
}
