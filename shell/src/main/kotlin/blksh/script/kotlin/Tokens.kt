package blksh.script.kotlin

import org.jetbrains.kotlin.lexer.KotlinLexer
import org.jetbrains.kotlin.lexer.KtTokens

/** The words of Kotlin in a text, as its compiler tells them apart. */
object Tokens {

  /** What a token is to a reader. */
  enum class Kind {
    KEYWORD,
    TEXT,
    NUMBER,
    COMMENT,
    NAME,
    OTHER,
  }

  /** One token, from [start] up to [end]. */
  class Token(val kind: Kind, val start: Int, val end: Int)

  /** The tokens of a text, in order, spaces left out. */
  @JvmStatic
  fun of(text: String): List<Token> {
    val lexer = KotlinLexer()
    val tokens = ArrayList<Token>()
    lexer.start(text)
    while (true) {
      val type = lexer.tokenType ?: return tokens
      val kind =
        when {
          type in KtTokens.WHITESPACES -> null
          type in KtTokens.COMMENTS -> Kind.COMMENT
          type in KtTokens.STRINGS ||
            type == KtTokens.OPEN_QUOTE ||
            type == KtTokens.CLOSING_QUOTE ||
            type == KtTokens.ESCAPE_SEQUENCE -> Kind.TEXT
          type == KtTokens.INTEGER_LITERAL || type == KtTokens.FLOAT_LITERAL -> Kind.NUMBER
          type in KtTokens.KEYWORDS -> Kind.KEYWORD
          type == KtTokens.IDENTIFIER ->
            if (KtTokens.SOFT_KEYWORDS.types.any { it.toString() == lexer.tokenText }) Kind.KEYWORD
            else Kind.NAME
          else -> Kind.OTHER
        }
      if (kind != null) tokens += Token(kind, lexer.tokenStart, lexer.tokenEnd)
      lexer.advance()
    }
  }

  /**
   * The call of a function `main` that a text declares, as programs do, and does not call itself;
   * null when it declares none.
   */
  internal fun callOfMain(text: String): String? {
    val words = ArrayList<String>()
    val lexer = KotlinLexer()
    lexer.start(text)
    while (true) {
      val type = lexer.tokenType ?: break
      val template =
        type == KtTokens.LONG_TEMPLATE_ENTRY_START || type == KtTokens.LONG_TEMPLATE_ENTRY_END
      if (type !in KtTokens.WHITESPACES && type !in KtTokens.COMMENTS && !template)
        words += lexer.tokenText
      lexer.advance()
    }
    var depth = 0
    var call: String? = null
    for ((at, word) in words.withIndex()) {
      when (word) {
        "{" -> depth++
        "}" -> depth--
        "main" -> {
          if (words.getOrNull(at + 1) != "(") continue
          val declared = words.getOrNull(at - 1) == "fun"
          if (!declared) return null
          val modifiers = words.subList(0, at - 1).takeLastWhile { it in MODIFIERS }
          val suspends = "suspend" in modifiers
          val calls = callOf(words.subList(at + 2, words.size))
          if (depth == 0 && calls != null) call = if (suspends) suspending(calls) else calls
        }
      }
    }
    return call
  }

  /**
   * Words of the command line are asked for by the script itself, which shows that it takes some.
   */
  private fun suspending(call: String): String =
    if (ARGUMENTS in call)
      "$ARGUMENTS.let { words -> suspending { ${call.replace(ARGUMENTS, "words")} } }"
    else "suspending { $call }"

  private const val ARGUMENTS = "args.toTypedArray()"

  /** What may stand before `fun`. */
  private val MODIFIERS = setOf("suspend", "private", "internal", "public", "inline", "tailrec")

  /** How a `main` with these parameters is called; null when it is not one that programs have. */
  private fun callOf(parameters: List<String>): String? {
    val all = parameters.takeWhile { it != ")" }.filter { it != "," }
    val type = all.dropWhile { it != ":" }.drop(1)
    return when {
      all.isEmpty() -> "main()"
      all.first() == "vararg" && type == listOf("String") -> "main(*$ARGUMENTS)"
      type == listOf("Array", "<", "String", ">") -> "main($ARGUMENTS)"
      else -> null
    }
  }

  /** Whether a string that must end on its line is open at the end: more lines do not help. */
  internal fun isBroken(text: String): Boolean {
    val closing = closing(text)
    return closing.startsWith("\"") && !closing.startsWith("\"\"\"")
  }

  /** What has to follow a text for its brackets and strings to be closed. */
  internal fun closing(text: String): String {
    val lexer = KotlinLexer()
    val open = ArrayDeque<String>()
    lexer.start(text)
    while (true) {
      val closer =
        when (lexer.tokenType ?: return open.joinToString("")) {
          KtTokens.LPAR -> ")"
          KtTokens.LBRACKET -> "]"
          KtTokens.LBRACE,
          KtTokens.LONG_TEMPLATE_ENTRY_START -> "}"
          KtTokens.OPEN_QUOTE -> lexer.tokenText
          KtTokens.RPAR,
          KtTokens.RBRACKET,
          KtTokens.RBRACE,
          KtTokens.LONG_TEMPLATE_ENTRY_END,
          KtTokens.CLOSING_QUOTE -> {
            open.removeFirstOrNull()
            null
          }
          else -> null
        }
      if (closer != null) open.addFirst(closer)
      lexer.advance()
    }
  }
}
