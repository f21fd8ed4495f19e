package blksh.script.kotlin

import org.jetbrains.kotlin.com.intellij.psi.PsiElement
import org.jetbrains.kotlin.lexer.KtTokens
import org.jetbrains.kotlin.psi.KtBlockExpression
import org.jetbrains.kotlin.psi.KtCallExpression
import org.jetbrains.kotlin.psi.KtCallableReferenceExpression
import org.jetbrains.kotlin.psi.KtCatchClause
import org.jetbrains.kotlin.psi.KtClassOrObject
import org.jetbrains.kotlin.psi.KtConstantExpression
import org.jetbrains.kotlin.psi.KtDeclaration
import org.jetbrains.kotlin.psi.KtDestructuringDeclaration
import org.jetbrains.kotlin.psi.KtExpression
import org.jetbrains.kotlin.psi.KtFile
import org.jetbrains.kotlin.psi.KtForExpression
import org.jetbrains.kotlin.psi.KtFunction
import org.jetbrains.kotlin.psi.KtFunctionLiteral
import org.jetbrains.kotlin.psi.KtImportDirective
import org.jetbrains.kotlin.psi.KtLambdaExpression
import org.jetbrains.kotlin.psi.KtNamedDeclaration
import org.jetbrains.kotlin.psi.KtNamedFunction
import org.jetbrains.kotlin.psi.KtParameter
import org.jetbrains.kotlin.psi.KtPrefixExpression
import org.jetbrains.kotlin.psi.KtProperty
import org.jetbrains.kotlin.psi.KtPsiFactory
import org.jetbrains.kotlin.psi.KtQualifiedExpression
import org.jetbrains.kotlin.psi.KtScript
import org.jetbrains.kotlin.psi.KtScriptInitializer
import org.jetbrains.kotlin.psi.KtSimpleNameExpression
import org.jetbrains.kotlin.psi.KtStringTemplateExpression
import org.jetbrains.kotlin.psi.KtTypeAlias
import org.jetbrains.kotlin.psi.KtValueArgumentName
import org.jetbrains.kotlin.psi.psiUtil.collectDescendantsOfType
import org.jetbrains.kotlin.psi.psiUtil.endOffset
import org.jetbrains.kotlin.psi.psiUtil.parents
import org.jetbrains.kotlin.psi.psiUtil.startOffset

/**
 * What was entered at the prompt as a script. A script differs from the prompt in three ways:
 * imports come first, a name is declared once, and results have no names. So imports move up; of a
 * name that was declared again the earlier declaration gets another name, or goes if it was not
 * used and did nothing; and a result that was used later, by its name or as `it`, is declared.
 */
internal class SavedSession(private val psi: KtPsiFactory) {

  /**
   * Something that was entered and ended well.
   *
   * @property result the name its result got, such as `res1`; null when it has none
   */
  data class Entered(val text: String, val result: String?)

  /** A place in what was entered: which entry, and where in its text. */
  data class Place(val entry: Int, val offset: Int)

  /**
   * A script.
   *
   * @property ofBlocks where each `it` stands that was taken for that of a block around it
   */
  class Script(val text: String, val ofBlocks: Map<Place, Int>)

  /** A declaration at the top of an entry; those of one [key] stand for each other. */
  private class Declared(val key: String, val name: PsiElement, val whole: KtDeclaration)

  private class Entry(val text: String, val result: String?, val script: KtScript?) {
    /** What stands in the script instead of what, by where it begins in the text. */
    val edits = sortedMapOf<Int, Pair<Int, String>>()
    val top: List<KtDeclaration> = script?.declarations.orEmpty()
    val declared: List<Declared> = top.flatMap { declared(it) }
    val references: List<KtSimpleNameExpression> =
      script?.collectDescendantsOfType<KtSimpleNameExpression>().orEmpty()
    val ofBlocks = ArrayList<Int>()
    var dropped = false

    /** Where in the edited text stands what stands here in the text. */
    fun edited(offset: Int): Int =
      edits.headMap(offset).entries.fold(offset) { at, (start, edit) ->
        at + edit.second.length - (edit.first - start)
      }

    fun replace(element: PsiElement, by: String) {
      edits[element.startOffset] = element.endOffset to by
    }

    fun edited(): String {
      val edited = StringBuilder()
      var at = 0
      edits.forEach { (start, edit) ->
        edited.append(text, at, start).append(edit.second)
        at = edit.first
      }
      return edited.append(text, at, text.length).toString()
    }
  }

  /**
   * The script for entries, oldest first.
   *
   * @param ofNoBlock each `it` in a block that gives none, as only the compiler can tell
   */
  fun script(entered: List<Entered>, ofNoBlock: Set<Place> = setOf()): Script {
    val imports = LinkedHashSet<String>()
    val entries = entered.map { read(it, imports) }
    nameResults(entries, ofNoBlock)
    keepOneOfEachName(entries)
    val script = StringBuilder("// What was entered at the prompt.\n")
    val ofBlocks = HashMap<Place, Int>()
    imports.forEach { script.append(it).append('\n') }
    entries.forEachIndexed { index, entry ->
      val edited = entry.edited()
      val text = edited.trim()
      if (!entry.dropped && text.isNotEmpty()) {
        // On a line of its own a block would belong to the call before it.
        script.append(if (text.startsWith("{")) ";" else "")
        val start = script.length - edited.indexOfFirst { !it.isWhitespace() }
        entry.ofBlocks.forEach { ofBlocks[Place(index, it)] = start + entry.edited(it) }
        script.append(text).append('\n')
      }
    }
    return Script(script.toString(), ofBlocks)
  }

  private fun read(entered: Entered, imports: MutableSet<String>): Entry {
    val file: KtFile = psi.createFile("entry.kts", entered.text)
    val entry = Entry(entered.text, entered.result, file.script)
    for (directive in file.collectDescendantsOfType<KtImportDirective>()) {
      imports += directive.text
      entry.replace(directive, "")
    }
    file.fileAnnotationList?.let { entry.replace(it, "") }
    return entry
  }

  private fun nameResults(entries: List<Entry>, ofNoBlock: Set<Place>) {
    val needed = HashSet<String>()
    val results = entries.mapNotNull { it.result }.toSet()
    var newest: String? = null
    entries.forEachIndexed { index, entry ->
      for (reference in entry.references) {
        val name = reference.getReferencedName()
        if (name in results && isFree(reference)) needed += name
        if (name != "it" || newest == null || !isFree(reference)) continue
        if (isOfBlock(reference) && Place(index, reference.startOffset) !in ofNoBlock) {
          entry.ofBlocks += reference.startOffset
        } else {
          entry.replace(reference, newest)
          needed += newest
        }
      }
      newest = entry.result ?: newest
    }
    for (entry in entries) {
      val last = entry.top.lastOrNull()
      if (entry.result in needed && last is KtScriptInitializer) {
        // The expression may itself begin with something that is replaced.
        val start = last.startOffset
        val edit = entry.edits[start]
        val before = "val ${entry.result} = "
        entry.edits[start] =
          if (edit == null) start to before else edit.first to before + edit.second
      }
    }
  }

  private fun keepOneOfEachName(entries: List<Entry>) {
    val places = LinkedHashMap<String, MutableList<Pair<Int, Declared>>>()
    entries.forEachIndexed { index, entry ->
      entry.declared.forEach { places.getOrPut(it.key) { ArrayList() } += index to it }
    }
    // Newest first: what goes uses nothing any more.
    val replaced =
      places.values.flatMap { of ->
        of.zipWithNext().map { (it, next) -> Triple(it.first, it.second, next.first) }
      }
    val taken = entries.flatMapTo(HashSet()) { e -> e.references.map { it.getReferencedName() } }
    for ((from, declared, to) in replaced.sortedByDescending { it.first }) {
      val entry = entries[from]
      val name = declared.name.text
      val uses =
        (from until to)
          .filterNot { entries[it].dropped }
          .flatMap { index ->
            entries[index]
              .references
              .filter { it.getReferencedName() == name && means(it, declared) }
              .map { entries[index] to it }
          }
      val apart = uses.filterNot { (_, use) -> declared.whole in use.parents }
      val alone = entry.top.size == 1 && entry.declared.size == 1
      if (apart.isEmpty() && alone && doesNothing(declared.whole)) {
        entry.dropped = true
        continue
      }
      val other = generateSequence(1) { it + 1 }.map { "${name}_$it" }.first { taken.add(it) }
      entry.replace(declared.name, other)
      uses.forEach { (user, use) -> user.replace(use, other) }
    }
  }

  /** Whether declaring it runs nothing: what it is, or has, may as well be missing. */
  private fun doesNothing(declaration: KtDeclaration): Boolean =
    when (declaration) {
      is KtNamedFunction,
      is KtClassOrObject,
      is KtTypeAlias -> true
      is KtProperty ->
        !declaration.hasDelegate() && declaration.initializer?.let { isConstant(it) } != false
      else -> false
    }

  private fun isConstant(expression: KtExpression): Boolean =
    when (expression) {
      is KtConstantExpression,
      is KtLambdaExpression -> true
      is KtStringTemplateExpression -> !expression.hasInterpolation()
      is KtPrefixExpression ->
        expression.operationToken in SIGNS && expression.baseExpression is KtConstantExpression
      else -> false
    }

  private fun means(reference: KtSimpleNameExpression, declared: Declared): Boolean =
    if (declared.whole.isExtension()) !isLabel(reference) else isFree(reference)

  private fun KtDeclaration.isExtension(): Boolean =
    this is KtNamedFunction && receiverTypeReference != null ||
      this is KtProperty && receiverTypeReference != null

  private fun isLabel(reference: KtSimpleNameExpression) = reference.parent is KtValueArgumentName

  /** Whether it stands behind a dot. */
  private fun isSelected(reference: KtSimpleNameExpression): Boolean {
    val parent = reference.parent
    val part = if (parent is KtCallExpression) parent else reference
    val whole = part.parent
    return whole is KtQualifiedExpression && whole.selectorExpression == part ||
      parent is KtCallableReferenceExpression &&
        parent.receiverExpression != null &&
        parent.callableReference == reference
  }

  /** Whether a name means what the prompt knows by it, and nothing around it declares it. */
  private fun isFree(reference: KtSimpleNameExpression): Boolean {
    if (isSelected(reference) || isLabel(reference)) return false
    val name = reference.getReferencedName()
    return reference.parents.none { declaresInside(it, name, reference) }
  }

  private fun declaresInside(around: PsiElement, name: String, at: PsiElement): Boolean =
    when (around) {
      is KtFunction -> around.valueParameters.any { names(it, name) }
      is KtForExpression -> around.loopParameter?.let { names(it, name) } == true
      is KtCatchClause -> around.catchParameter?.name == name
      is KtClassOrObject ->
        around.declarations.any { it.name == name } ||
          around.primaryConstructorParameters.any { it.name == name }
      is KtBlockExpression ->
        around.parent !is KtScript &&
          around.statements
            .takeWhile { it.startOffset < at.startOffset }
            .filterIsInstance<KtDeclaration>()
            .any { it.name == name || it is KtDestructuringDeclaration && names(it, name) }
      else -> false
    }

  private fun names(parameter: KtParameter, name: String): Boolean =
    parameter.name == name || parameter.destructuringDeclaration?.let { names(it, name) } == true

  private fun names(several: KtDestructuringDeclaration, name: String): Boolean =
    several.entries.any { it.name == name }

  /** Whether `it` belongs to a block around it, if one of them gives it. */
  private fun isOfBlock(reference: KtSimpleNameExpression): Boolean =
    reference.parents.any { it is KtFunctionLiteral && !it.hasParameterSpecification() }

  private companion object {

    val SIGNS = setOf(KtTokens.MINUS, KtTokens.PLUS, KtTokens.EXCL)

    fun declared(declaration: KtDeclaration): List<Declared> =
      when (declaration) {
        is KtNamedFunction -> {
          val takes = declaration.valueParameters.joinToString { it.typeReference?.text.orEmpty() }
          named(
            declaration,
            "fun ${declaration.receiverTypeReference?.text}.${declaration.name}($takes)",
          )
        }
        is KtProperty ->
          named(declaration, "val ${declaration.receiverTypeReference?.text}.${declaration.name}")
        is KtClassOrObject,
        is KtTypeAlias -> named(declaration as KtNamedDeclaration, "class ${declaration.name}")
        is KtDestructuringDeclaration ->
          declaration.entries.flatMap { entry ->
            listOfNotNull(
              entry.nameIdentifier?.let { Declared("val null.${entry.name}", it, declaration) }
            )
          }
        else -> listOf()
      }

    private fun named(declaration: KtNamedDeclaration, key: String): List<Declared> =
      listOfNotNull(declaration.nameIdentifier?.let { Declared(key, it, declaration) })
  }
}
