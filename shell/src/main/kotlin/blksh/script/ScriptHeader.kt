package blksh.script

/**
 * What the text of a script opens with, before the first statement: comments, annotations of the
 * file, imports. Those of the annotations that are for blksh are `@file:Import("…")`,
 * `@file:DependsOn("…")` and `@file:Repository("…")`, each with any number of plain strings, or
 * several of them in brackets, `@file:[Import("…") DependsOn("…")]`. Knows nothing of the compiler,
 * which is not there when a compiled script runs.
 */
internal class ScriptHeader(private val source: ScriptSource) {

  /** Something an annotation names; [line] and [column] from 1 are where it stands. */
  class Wanted(val name: String, val line: Int, val column: Int)

  /** Other scripts, in order. */
  val imports = ArrayList<Wanted>()

  /** Jars, by their names or coordinates, in order. */
  val dependencies = ArrayList<Wanted>()

  /** Where jars named by coordinates are looked for, in order. */
  val repositories = ArrayList<Wanted>()

  /** Where the annotations for the compiler are. */
  val annotations = ArrayList<IntRange>()

  /** What of those the compiler is not to see. */
  private val blanks = ArrayList<IntRange>()

  /** Where it says which package it is in; null when it does not. */
  var packaging: IntRange? = null
    private set

  /** Where Kotlin's own imports are. */
  val directives = ArrayList<IntRange>()

  /** What the compiler is not to see at its place: all of those, and the line of `#!`. */
  val taken = ArrayList<IntRange>()

  private val text = source.text
  private var at = 0

  init {
    if (text.startsWith("#!")) {
      at = endOfLine()
      taken += 0 until at
    }
    skipBlank()
    while (annotation() || packaged() || directive()) skipBlank()
  }

  private fun endOfLine(): Int = text.indexOf('\n', at).let { if (it < 0) text.length else it }

  private fun skipBlank() {
    while (at < text.length) {
      when {
        text[at] == ';' -> taken += at..at++
        text[at].isWhitespace() -> at++
        !skipComment() -> return
      }
    }
  }

  private fun skipComment(): Boolean {
    if (text.startsWith("//", at)) {
      at = endOfLine()
      return true
    }
    if (!text.startsWith("/*", at)) return false
    var depth = 0
    do {
      if (text.startsWith("/*", at)) {
        depth++
        at += 2
      } else if (text.startsWith("*/", at)) {
        depth--
        at += 2
      } else at++
    } while (depth > 0 && at < text.length)
    return true
  }

  private fun annotation(): Boolean {
    val begin = ANNOTATION.matchAt(text, at) ?: return false
    val start = at
    at += begin.value.length
    val name = begin.groupValues[1]
    val from = at
    if (at < text.length && (name == "[" || text[at] == '(')) skipBracket(if (name == "[") 1 else 0)
    val range = start until at
    taken += range
    if (name == "[") bracketed(range, from)
    else if (!isForBlksh(name, from until at)) annotations += range
    return true
  }

  /** Notes what an annotation names; false when it is for the compiler. */
  private fun isForBlksh(name: String, arguments: IntRange): Boolean {
    when (name.substringAfterLast('.')) {
      "Import" -> imports += strings(name, arguments)
      "DependsOn" -> dependencies += strings(name, arguments)
      "Repository" -> repositories += strings(name, arguments)
      else -> return false
    }
    return true
  }

  /** Several annotations in one pair of brackets, the first of which begins at [from]. */
  private fun bracketed(range: IntRange, from: Int) {
    val end = at
    var forCompiler = false
    at = from
    while (at < end - 1) {
      if (text[at].isWhitespace()) {
        at++
        continue
      }
      if (skipComment()) continue
      val entry = ENTRY.matchAt(text, at)
      if (entry == null) {
        forCompiler = true // which says what is wrong with it
        break
      }
      val start = at
      at += entry.value.length
      val arguments = at
      if (at < end && text[at] == '(') skipBracket(0)
      if (isForBlksh(entry.value, arguments until at)) blanks += start until at
      else forCompiler = true
    }
    at = end
    if (forCompiler) annotations += range
  }

  private fun packaged(): Boolean {
    val whole = PACKAGE.matchAt(text, at) ?: return false
    if (packaging != null) return false
    packaging = whole.range
    taken += whole.range
    at += whole.value.length
    return true
  }

  /** A part of the text as the compiler is to see it. */
  fun text(range: IntRange): String {
    val part = StringBuilder(text.substring(range))
    for (place in blanks.flatten()) {
      if (place in range && text[place] != '\n') part[place - range.first] = ' '
    }
    return part.toString()
  }

  /** Goes behind the bracket that closes this one, or to the end. */
  private fun skipBracket(open: Int) {
    var depth = open
    while (at < text.length) {
      when {
        text.startsWith("\"\"\"", at) -> {
          val end = text.indexOf("\"\"\"", at + 3)
          at = if (end < 0) text.length else end + 3
        }
        text[at] == '"' -> skipString()
        skipComment() -> {}
        else -> {
          if (text[at] in "([") depth++
          if (text[at] in ")]") depth--
          at++
        }
      }
      if (depth == 0) return
    }
  }

  private fun skipString() {
    at++
    while (at < text.length && text[at] != '"' && text[at] != '\n') {
      at += if (text[at] == '\\') 2 else 1
    }
    at = minOf(at + 1, text.length)
  }

  /** The strings between brackets. */
  private fun strings(name: String, range: IntRange): List<Wanted> {
    val list = text.substring(range)
    val strings = if (LIST.matches(list)) STRING.findAll(list).toList() else listOf()
    if (strings.isEmpty())
      throw source.refused(
        line(range.first),
        column(range.first),
        "@file:$name takes names in quotes, with commas between them and no \\ or \$ in them",
      )
    return strings.map {
      val place = range.first + it.range.first
      Wanted(it.groupValues[1], line(place), column(place))
    }
  }

  private fun directive(): Boolean {
    val word = IMPORT.matchAt(text, at) ?: return false
    val start = at
    at += word.value.length
    while (at < text.length && text[at] != '\n' && text[at] != ';') {
      if (text.startsWith("//", at) || text.startsWith("/*", at)) break
      at++
    }
    directives += start until at
    taken += start until at
    return true
  }

  /** The line of a place in the text, from 1. */
  fun line(place: Int): Int = text.substring(0, place).count { it == '\n' } + 1

  /** Its column, from 1. */
  fun column(place: Int): Int = place - text.lastIndexOf('\n', place - 1)

  companion object {

    /** Whether a text can have anything for blksh in its header; most have not. */
    fun mayWant(text: String): Boolean = WANTS.containsMatchIn(text)

    private val WANTS = Regex("""@file\s*:\s*(\[|[\w.]*(Import|DependsOn|Repository)\b)""")
    private val ENTRY = Regex("""[\w.]+""")
    private val PACKAGE = Regex("""package\s[^\n;/]*""")
    private val ANNOTATION = Regex("""@file\s*:\s*(\[|[\w.]+)""")
    private val IMPORT = Regex("""import\s""")
    private val STRING = Regex("\"([^\"\\\\$\n]+)\"")
    private val LIST = Regex("\\(\\s*${STRING.pattern}(\\s*,\\s*${STRING.pattern})*\\s*,?\\s*\\)")
  }
}
