package blksh.script.kotlin

import blksh.script.Members
import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText
import kotlin.script.experimental.host.ScriptingHostConfiguration
import kotlin.script.experimental.jvm.defaultJvmScriptingHostConfiguration
import org.jetbrains.kotlin.com.intellij.openapi.util.Disposer
import org.jetbrains.kotlin.lexer.KtTokens
import org.jetbrains.kotlin.psi.KtCallableDeclaration
import org.jetbrains.kotlin.psi.KtClass
import org.jetbrains.kotlin.psi.KtClassOrObject
import org.jetbrains.kotlin.psi.KtDeclaration
import org.jetbrains.kotlin.psi.KtFile
import org.jetbrains.kotlin.psi.KtModifierListOwner
import org.jetbrains.kotlin.psi.KtNamedFunction
import org.jetbrains.kotlin.psi.KtProperty
import org.jetbrains.kotlin.psi.KtPsiFactory
import org.jetbrains.kotlin.scripting.compiler.plugin.impl.K2ReplCompiler
import org.jetbrains.kotlin.scripting.compiler.plugin.impl.ScriptDiagnosticsMessageCollector

/**
 * What the sources of the vocabulary say about it, for the help at the prompt: a line for each
 * public declaration, its owner, name, kind, type, signature and comment between tabs. Made at
 * build time.
 */
internal object Documentation {

  /** Where the lines are found at run time. */
  const val RESOURCE = "blksh/dsl/words.tsv"

  fun extract(sources: List<Path>): String {
    val disposable = Disposer.newDisposable("blksh documentation")
    try {
      val state =
        K2ReplCompiler.createCompilationState(
          ScriptDiagnosticsMessageCollector(null),
          disposable,
          ScriptCompiler.configuration,
          ScriptingHostConfiguration(defaultJvmScriptingHostConfiguration) {},
        )
      val psi = KtPsiFactory(state.project, markGenerated = false)
      val lines = mutableListOf<String>()
      for (file in sources.flatMap { it.listDirectoryEntries("*.kt").sorted() }) {
        val parsed: KtFile = psi.createFile(file.fileName.toString(), file.readText())
        parsed.declarations.forEach { declaration("", it, lines) }
      }
      return lines.joinToString("\n", postfix = "\n")
    } finally {
      Disposer.dispose(disposable)
    }
  }

  private fun declaration(owner: String, declared: KtDeclaration, lines: MutableList<String>) {
    if (!shown(declared)) return
    when (declared) {
      is KtClassOrObject -> {
        val name = declared.name ?: return
        val atHand = name in Members.AT_HAND
        if (!atHand) {
          val kind = if (declared is KtClass && declared.isInterface()) "interface" else "class"
          lines += line("", name, "type", name, "$kind $name", declared)
        }
        val inside = if (atHand) "" else name
        declared.primaryConstructorParameters
          .filter { it.hasValOrVar() && shown(it) }
          .forEach { lines += callable(inside, it, "val ${it.name}") }
        declared.declarations
          .filter { it is KtNamedFunction || it is KtProperty }
          .forEach { declaration(inside, it, lines) }
      }
      is KtNamedFunction -> {
        val parameters = declared.valueParameterList?.text.orEmpty().replace(Regex("\\s+"), " ")
        val tidy = parameters.replace("( ", "(").replace(", )", ")")
        val receiver = declared.receiverTypeReference?.text
        lines += callable(receiver ?: owner, declared, "fun ${declared.name}$tidy")
      }
      is KtProperty -> {
        val receiver = declared.receiverTypeReference?.text
        lines += callable(receiver ?: owner, declared, "val ${declared.name}")
      }
    }
  }

  private fun shown(declared: KtModifierListOwner): Boolean =
    listOf(
        KtTokens.PRIVATE_KEYWORD,
        KtTokens.INTERNAL_KEYWORD,
        KtTokens.PROTECTED_KEYWORD,
        KtTokens.OVERRIDE_KEYWORD,
        KtTokens.OPERATOR_KEYWORD,
      )
      .none { declared.hasModifier(it) } &&
      (declared as? KtDeclaration)?.docComment?.text?.contains("@suppress") != true

  private fun callable(owner: String, declared: KtCallableDeclaration, head: String): String {
    val type = declared.typeReference?.text ?: "Unit"
    val kind = if (declared is KtNamedFunction) "function" else "property"
    return line(owner, declared.name.orEmpty(), kind, type, "$head: $type", declared)
  }

  private fun line(
    owner: String,
    name: String,
    kind: String,
    type: String,
    signature: String,
    declared: KtDeclaration,
  ): String =
    listOf(owner, name, kind, type, signature, comment(declared).replace("\n", "\\n"))
      .joinToString("\t")

  private fun comment(declared: KtDeclaration): String =
    declared.docComment
      ?.text
      .orEmpty()
      .removePrefix("/**")
      .removeSuffix("*/")
      .lines()
      .joinToString("\n") { it.trim().removePrefix("*").trim() }
      .trim()
}
