package blksh.script.kotlin

import blksh.script.Members

/**
 * Declarations that use their own name for something else, such as `val stores = stores.first()`:
 * Kotlin takes the name for what is being declared, and says that the types are recursive.
 */
internal object OwnNames {

  private const val RECURSIVE = "Type checking has run into a recursive problem"
  private val DECLARED = Regex("""\b(?:val|var|fun)\s+(\w+)""")
  private val WORD = Regex("""\w+""")

  private val vocabulary: Set<String> by lazy {
    Members.all().filter { it.owner == Members.ROOT }.map { it.name }.toSet()
  }

  /** What to say in place of [message], which is about the word at an offset of [text]. */
  fun explain(message: String, text: String, offset: Int): String {
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
