package blksh.script.kotlin

import blksh.Nearest
import blksh.script.Members

/**
 * Names the compiler does not know, or takes for others than the person. It does not know what is
 * spelled wrong; and declarations that use their own name for something else, such as `val stores =
 * stores.first()`, it takes for what is being declared, and says that the types are recursive.
 */
internal object OwnNames {

  private const val RECURSIVE = "Type checking has run into a recursive problem"
  private val DECLARED = Regex("""\b(?:val|var|fun)\s+(\w+)""")
  private val WORD = Regex("""\w+""")

  private val vocabulary: Set<String> by lazy {
    Members.all().filter { it.owner == Members.ROOT }.map { it.name }.toSet()
  }

  private val UNRESOLVED = Regex("""Unresolved reference '(\w+)'""")

  /** What of Kotlin's own is mistyped most. */
  private val KOTLIN =
    listOf("println", "print", "listOf", "mapOf", "setOf", "error", "repeat", "require", "check")
  private val KOTLIN_MEMBERS =
    listOf(
      "map",
      "filter",
      "forEach",
      "first",
      "last",
      "take",
      "size",
      "sortedBy",
      "sumOf",
      "joinToString",
      "count",
      "any",
      "all",
      "none",
      "toList",
      "groupBy",
    )

  private val members: Set<String> by lazy {
    val ours = Members.all().filter { it.owner != Members.ROOT }.map { it.name }
    ours.toSet() - Members.PLUMBING + KOTLIN_MEMBERS
  }

  /**
   * [message] and what was meant by the name it does not know; null when that is not its subject.
   */
  private fun meant(
    message: String,
    text: String,
    offset: Int,
    before: Collection<String>,
  ): String? {
    val word = UNRESOLVED.find(message)?.groupValues?.get(1) ?: return null
    val member = text.take(offset.coerceIn(0, text.length)).trimEnd().endsWith('.')
    val known = if (member) members else vocabulary + before + declared(text) + KOTLIN - word
    val question = Nearest.question(word, known)
    return if (question.isEmpty()) message else message.removeSuffix(".") + "; " + question
  }

  /**
   * What to say in place of [message], which is about the word at an offset of [text].
   *
   * @param before names declared before the text
   */
  fun explain(
    message: String,
    text: String,
    offset: Int,
    before: Collection<String> = listOf(),
  ): String {
    meant(message, text, offset, before)?.let {
      return it
    }
    if (!message.startsWith(RECURSIVE)) return message
    val word = WORD.find(text, offset.coerceIn(0, text.length))?.value
    if (word == null || word !in declared(text)) return message
    val meant = if (word in vocabulary) ", not what blksh calls so" else ", not what was before"
    return "'$word' means what is declared here$meant: choose another name for it"
  }

  /** The words of blksh that a text declares anew and uses as well. */
  fun of(text: String): List<String> =
    declared(text).filter { name ->
      name in vocabulary && Regex("""\b$name\b""").findAll(text).count() > 1
    }

  private fun declared(text: String): Set<String> =
    DECLARED.findAll(text).map { it.groupValues[1] }.toSet()
}
