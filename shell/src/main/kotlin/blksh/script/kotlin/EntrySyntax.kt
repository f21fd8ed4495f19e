package blksh.script.kotlin

import blksh.script.ScriptProblem
import org.jetbrains.kotlin.com.intellij.psi.PsiErrorElement
import org.jetbrains.kotlin.lexer.KotlinLexer
import org.jetbrains.kotlin.lexer.KtTokens
import org.jetbrains.kotlin.psi.KtFile
import org.jetbrains.kotlin.psi.KtPsiFactory
import org.jetbrains.kotlin.psi.psiUtil.collectDescendantsOfType

/** What Kotlin's lexer and parser say of an entry, before the compiler sees it. */
internal class EntrySyntax(private val psi: KtPsiFactory) {

  /** Says whether lines are an entry, the beginning of one, or wrong. */
  fun read(text: String): Repl.Reading {
    if (openAtEnd(text)) return Repl.Reading.Incomplete
    val file: KtFile = psi.createFile("entry.kts", text)
    val errors = file.collectDescendantsOfType<PsiErrorElement>()
    val first = errors.minByOrNull { it.textRange.startOffset } ?: return Repl.Reading.Complete
    val end = text.trimEnd().length
    if (!Tokens.isBroken(text) && errors.all { it.textRange.startOffset >= end })
      return Repl.Reading.Incomplete
    val before = text.take(first.textRange.startOffset)
    val problem =
      ScriptProblem(
        true,
        before.count { it == '\n' } + 1,
        before.length - before.lastIndexOf('\n'),
        first.errorDescription,
      )
    return Repl.Reading.Invalid(problem)
  }

  /** Entries see each other, whatever they declare private; as long as before. */
  fun opened(text: String): String {
    if (PRIVATE !in text) return text
    val opened = StringBuilder(text)
    val script = psi.createFile("entry.kts", text).script ?: return text
    for (declaration in script.declarations) {
      val modifier = declaration.modifierList?.getModifier(KtTokens.PRIVATE_KEYWORD) ?: continue
      val range = modifier.textRange
      opened.replace(range.startOffset, range.endOffset, " ".repeat(range.length))
    }
    return opened.toString()
  }

  /** That the end of a text is missing, as a problem of it. */
  fun endMissing(text: String): ScriptProblem {
    val lines = text.trimEnd().lines()
    return ScriptProblem(
      true,
      lines.size,
      lines.last().length + 1,
      "Expecting more: the end is missing",
    )
  }

  /** Whether a raw string or a comment is still open; the parser does not mind those. */
  private fun openAtEnd(text: String): Boolean {
    val lexer = KotlinLexer()
    lexer.start(text)
    var raw = false
    while (true) {
      val token = lexer.tokenType ?: return raw
      when (token) {
        KtTokens.OPEN_QUOTE -> raw = lexer.tokenText == "\"\"\""
        KtTokens.CLOSING_QUOTE -> raw = false
        KtTokens.BLOCK_COMMENT,
        KtTokens.DOC_COMMENT ->
          if (lexer.tokenEnd == text.length && !lexer.tokenText.endsWith("*/")) return true
      }
      lexer.advance()
    }
  }

  /** The identifiers in a text. */
  fun names(text: String): Set<String> {
    val names = HashSet<String>()
    val lexer = KotlinLexer()
    lexer.start(text)
    while (lexer.tokenType != null) {
      if (lexer.tokenType == KtTokens.IDENTIFIER) names += lexer.tokenText
      lexer.advance()
    }
    return names
  }

  private companion object {
    const val PRIVATE = "private"
  }
}
