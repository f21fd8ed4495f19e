package blksh.script.kotlin

import blksh.script.Members
import blksh.script.Scope
import org.jetbrains.kotlin.KtPsiSourceElement
import org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar
import org.jetbrains.kotlin.compiler.plugin.ExperimentalCompilerApi
import org.jetbrains.kotlin.config.CompilerConfiguration
import org.jetbrains.kotlin.descriptors.ClassKind
import org.jetbrains.kotlin.descriptors.Visibilities
import org.jetbrains.kotlin.diagnostics.DiagnosticReporter
import org.jetbrains.kotlin.fir.FirElement
import org.jetbrains.kotlin.fir.FirSession
import org.jetbrains.kotlin.fir.analysis.checkers.MppCheckerKind
import org.jetbrains.kotlin.fir.analysis.checkers.context.CheckerContext
import org.jetbrains.kotlin.fir.analysis.checkers.expression.ExpressionCheckers
import org.jetbrains.kotlin.fir.analysis.checkers.expression.FirExpressionChecker
import org.jetbrains.kotlin.fir.analysis.extensions.FirAdditionalCheckersExtension
import org.jetbrains.kotlin.fir.declarations.DirectDeclarationsAccess
import org.jetbrains.kotlin.fir.declarations.FirAnonymousFunction
import org.jetbrains.kotlin.fir.declarations.FirFunction
import org.jetbrains.kotlin.fir.declarations.FirProperty
import org.jetbrains.kotlin.fir.declarations.FirRegularClass
import org.jetbrains.kotlin.fir.declarations.FirResolvePhase
import org.jetbrains.kotlin.fir.declarations.fullyExpandedClass
import org.jetbrains.kotlin.fir.expressions.FirBlock
import org.jetbrains.kotlin.fir.expressions.FirCatch
import org.jetbrains.kotlin.fir.expressions.FirExpression
import org.jetbrains.kotlin.fir.expressions.FirFunctionCall
import org.jetbrains.kotlin.fir.expressions.FirNamedArgumentExpression
import org.jetbrains.kotlin.fir.expressions.FirPropertyAccessExpression
import org.jetbrains.kotlin.fir.expressions.FirResolvable
import org.jetbrains.kotlin.fir.expressions.FirResolvedQualifier
import org.jetbrains.kotlin.fir.expressions.FirStatement
import org.jetbrains.kotlin.fir.extensions.FirExtensionRegistrar
import org.jetbrains.kotlin.fir.extensions.FirExtensionRegistrarAdapter
import org.jetbrains.kotlin.fir.references.FirErrorNamedReference
import org.jetbrains.kotlin.fir.references.FirResolvedNamedReference
import org.jetbrains.kotlin.fir.resolve.calls.FirSyntheticPropertiesScope
import org.jetbrains.kotlin.fir.resolve.defaultType
import org.jetbrains.kotlin.fir.resolve.diagnostics.ConeDiagnosticWithCandidates
import org.jetbrains.kotlin.fir.resolve.scope
import org.jetbrains.kotlin.fir.resolve.toRegularClassSymbol
import org.jetbrains.kotlin.fir.scopes.CallableCopyTypeCalculator
import org.jetbrains.kotlin.fir.scopes.FirContainingNamesAwareScope
import org.jetbrains.kotlin.fir.symbols.FirBasedSymbol
import org.jetbrains.kotlin.fir.symbols.SymbolInternals
import org.jetbrains.kotlin.fir.symbols.impl.FirCallableSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirEnumEntrySymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirFunctionSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirRegularClassSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirReplSnippetSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirValueParameterSymbol
import org.jetbrains.kotlin.fir.types.ConeIntegerLiteralType
import org.jetbrains.kotlin.fir.types.ConeKotlinType
import org.jetbrains.kotlin.fir.types.abbreviatedTypeOrSelf
import org.jetbrains.kotlin.fir.types.renderReadable
import org.jetbrains.kotlin.fir.types.resolvedType
import org.jetbrains.kotlin.psi
import org.jetbrains.kotlin.psi.KtValueArgument
import org.jetbrains.kotlin.psi.KtValueArgumentList

/**
 * Looks around in an entry while the compiler checks it: where the entry has the name [MARK], which
 * nothing has, it notes what could have stood there.
 */
internal class ScopeSearch(
  private val history: List<FirReplSnippetSymbol>,
  private val extensions: (FirSession) -> Extensions,
) {

  private var receiver = ""
  private val names = LinkedHashMap<String, Scope.Name>()
  private var parameters: List<Scope.Parameter> = listOf()
  private var signatures: List<String> = listOf()

  /** What was found. */
  fun found(): Scope = Scope(receiver, names.values.toList(), parameters, signatures)

  /** Runs a compilation that notes what it finds here. */
  fun <T> during(compilation: () -> T): T {
    current.set(this)
    try {
      return compilation()
    } finally {
      current.remove()
    }
  }

  private fun look(context: CheckerContext, place: FirPropertyAccessExpression) {
    val before = place.explicitReceiver
    when {
      before is FirResolvedQualifier -> statics(context, before)
      before != null -> {
        receiver = shown(before.resolvedType)
        members(context, before.resolvedType)
      }
      else -> {
        locals(context, place)
        argument(context, place)
      }
    }
  }

  // Members.

  private fun members(context: CheckerContext, of: ConeKotlinType) {
    val type = if (of is ConeIntegerLiteralType) of.getApproximatedType() else of
    val scope =
      type.scope(
        context.session,
        context.scopeSession,
        CallableCopyTypeCalculator.CalculateDeferredForceLazyResolution,
        FirResolvePhase.STATUS,
      )
    if (scope != null) {
      all(scope)
      FirSyntheticPropertiesScope.createIfSyntheticNamesProviderIsDefined(
          context.session,
          type,
          scope,
          context.returnTypeCalculator,
        )
        ?.let { synthetic -> all(synthetic) }
    }
    declared()
      .filter { it.resolvedReceiverType != null }
      .forEach { symbol ->
        extensions(context.session).fit(symbol, type, context.session)?.let { add(it) }
      }
    extensions(context.session).of(type, context.session).forEach { add(it) }
  }

  private fun all(scope: FirContainingNamesAwareScope) {
    for (name in scope.getCallableNames()) {
      if (name.isSpecial || HIDDEN.matches(name.asString())) continue
      val common = name.asString() == "toString"
      scope.processPropertiesByName(name) { if (visible(it)) add(describe(it)) }
      scope.processFunctionsByName(name) {
        if (visible(it) && !plumbing(it)) add(describe(it).copy(common = common))
      }
    }
  }

  private fun statics(context: CheckerContext, qualifier: FirResolvedQualifier) {
    val type = qualifier.qualifierSymbol?.fullyExpandedClass(context.session) ?: return
    if (type.classKind == ClassKind.OBJECT) {
      members(context, type.defaultType())
      return
    }
    for (entry in declarations(type)) {
      when (entry) {
        is FirEnumEntrySymbol ->
          add(Scope.Name(entry.name.asString(), Scope.Kind.VALUE, type.name.asString()))
        is FirRegularClassSymbol ->
          if (!entry.rawStatus.isCompanion)
            add(Scope.Name(entry.name.asString(), Scope.Kind.TYPE, "class"))
        else -> {}
      }
    }
    @OptIn(SymbolInternals::class) val declared = type.fir
    declared.scopeProvider
      .getStaticCallableMemberScope(declared, context.session, context.scopeSession)
      ?.let { all(it) }
    type.resolvedCompanionObjectSymbol?.let { members(context, it.defaultType()) }
  }

  // Names in scope.

  private fun locals(context: CheckerContext, place: FirElement) {
    val end = place.source?.startOffset ?: Int.MAX_VALUE
    for (element in context.containingElements.asReversed()) {
      when (element) {
        is FirBlock ->
          element.statements
            .filterIsInstance<FirProperty>()
            .filter { (it.source?.endOffset ?: 0) <= end }
            .forEach { add(describe(it.symbol)) }
        is FirAnonymousFunction -> {
          element.valueParameters.forEach { add(describe(it.symbol)) }
          element.receiverParameter?.let { members(context, it.symbol.resolvedType) }
        }
        is FirFunction -> {
          element.valueParameters.forEach { add(describe(it.symbol)) }
          element.receiverParameter?.let { members(context, it.symbol.resolvedType) }
        }
        is FirRegularClass -> if (!snippet(element)) members(context, element.defaultType())
        is FirCatch -> add(describe(element.parameter.symbol))
        else -> {}
      }
    }
    declared().filter { it.resolvedReceiverType == null }.forEach { add(describe(it)) }
    extensions(context.session).names.forEach { add(it) }
  }

  private fun snippet(type: FirRegularClass): Boolean = type.name.asString().startsWith("Entry_")

  /** What earlier entries declared, the newest first. */
  private fun declared(): List<FirCallableSymbol<*>> =
    history.asReversed().flatMap { snippet ->
      declarations(snippet.snippetClassSymbol).filterIsInstance<FirCallableSymbol<*>>().filter {
        visible(it) && !it.name.isSpecial && !RESULT.matches(it.name.asString())
      }
    }

  @OptIn(SymbolInternals::class, DirectDeclarationsAccess::class)
  private fun declarations(type: FirRegularClassSymbol): List<FirBasedSymbol<*>> =
    type.fir.declarations.map { it.symbol }

  // The call around the place.

  private fun argument(context: CheckerContext, place: FirExpression) {
    val call = context.callsOrAssignments.filterIsInstance<FirFunctionCall>().lastOrNull() ?: return
    val arguments = call.argumentList.arguments
    val at = arguments.indexOfFirst { it === place || unnamed(it) === place }
    if (at < 0) return
    val named = name(arguments[at])
    val given = arguments.mapNotNull { name(it) }
    val functions = candidates(call)
    signatures = functions.map { signature(it) }.distinct()
    parameters =
      functions
        .flatMap { function ->
          function.valueParameterSymbols.mapIndexedNotNull { index, parameter ->
            val name = parameter.name.asString()
            val here = if (named != null) name == named else index == at
            if (name in given && !here || index < at && named == null) null
            else
              Scope.Parameter(
                path(function),
                name,
                shown(parameter.resolvedReturnType),
                here,
                constants(parameter, context.session),
              )
          }
        }
        .distinct()
  }

  private fun path(function: FirFunctionSymbol<*>): String {
    val id = function.callableId
    if (id.packageName.asString() !in Members.PACKAGES) return ""
    val owner = id.className?.asString().orEmpty()
    return if (owner.isEmpty() || owner in Members.AT_HAND) id.callableName.asString()
    else "$owner.${id.callableName}"
  }

  private fun unnamed(argument: FirExpression): FirExpression =
    (argument as? FirNamedArgumentExpression)?.expression ?: argument

  /** As it is written: where a call was resolved, the names have left the arguments. */
  private fun name(argument: FirExpression): String? =
    (argument as? FirNamedArgumentExpression)?.name?.asString()
      ?: generateSequence(argument.source.psi) { it.parent }
        .takeWhile { it !is KtValueArgumentList }
        .filterIsInstance<KtValueArgument>()
        .firstOrNull()
        ?.getArgumentName()
        ?.asName
        ?.asString()

  private fun candidates(call: FirFunctionCall): List<FirFunctionSymbol<*>> {
    val symbols: Collection<FirBasedSymbol<*>> =
      when (val reference = call.calleeReference) {
        is FirErrorNamedReference ->
          (reference.diagnostic as? ConeDiagnosticWithCandidates)?.candidateSymbols ?: listOf()
        is FirResolvedNamedReference -> listOf(reference.resolvedSymbol)
        else -> listOf()
      }
    return symbols.filterIsInstance<FirFunctionSymbol<*>>()
  }

  private fun constants(parameter: FirValueParameterSymbol, session: FirSession): List<String> {
    val type = parameter.resolvedReturnType.toRegularClassSymbol(session)
    if (type == null || type.classKind != ClassKind.ENUM_CLASS) {
      return if (shown(parameter.resolvedReturnType) == "Boolean") listOf("true", "false")
      else listOf()
    }
    return declarations(type).filterIsInstance<FirEnumEntrySymbol>().map {
      shown(parameter.resolvedReturnType).removeSuffix("?") + "." + it.name.asString()
    }
  }

  private fun add(name: Scope.Name) {
    val known = names[name.text]
    // Of functions with one name the one that is shortest to call stands for all.
    if (known == null || name.kind == Scope.Kind.BLOCK && known.kind == Scope.Kind.FUNCTION)
      names[name.text] = name
  }

  companion object {

    /** A name that nobody gives anything. */
    const val MARK = "blkshHere_"

    /** What stands before a type's own name, and the mark of types that Java leaves open. */
    private val QUALIFIER = Regex("""!|\b(?:[a-z]\w*[./]|Entry_\d+\.)(?=\w)""")

    val HIDDEN =
      Regex(
        "component\\d+|equals|hashCode|wait|notify|notifyAll|getClass|finalize|clone|apply\\$.*"
      )
    private val RESULT = Regex("it|res\\d+|plain\\d+_|\\$.*")

    private val current = ThreadLocal<ScopeSearch>()

    fun check(context: CheckerContext, expression: FirStatement) {
      val search = current.get() ?: return
      if (expression is FirPropertyAccessExpression && marked(expression)) {
        search.look(context, expression)
      }
    }

    private fun marked(expression: FirResolvable): Boolean =
      (expression.calleeReference.source as? KtPsiSourceElement)?.psi?.text == MARK

    private fun plumbing(symbol: FirCallableSymbol<*>): Boolean =
      symbol.name.asString() in Members.PLUMBING &&
        symbol.callableId?.packageName?.asString()?.startsWith("blksh") == true

    fun visible(symbol: FirCallableSymbol<*>): Boolean =
      symbol.rawStatus.visibility.let { it == Visibilities.Public || it == Visibilities.Unknown }

    /** A name with its type, or with what it takes and gives. */
    fun describe(
      symbol: FirCallableSymbol<*>,
      substitute: (ConeKotlinType) -> ConeKotlinType = { it },
    ): Scope.Name {
      val name = symbol.name.asString()
      val gives = shown(substitute(symbol.resolvedReturnType))
      if (symbol !is FirFunctionSymbol<*>) return Scope.Name(name, Scope.Kind.VALUE, gives)
      val takes = symbol.valueParameterSymbols
      val kind =
        when {
          takes.isEmpty() -> Scope.Kind.CALL
          block(takes.last()) &&
            !takes.last().hasDefaultValue &&
            takes.dropLast(1).all { it.hasDefaultValue } -> Scope.Kind.BLOCK
          else -> Scope.Kind.FUNCTION
        }
      val arrow = if (takes.isEmpty()) "" else " → "
      return Scope.Name(name, kind, list(takes, substitute) + arrow + gives, gives)
    }

    private fun list(
      takes: List<FirValueParameterSymbol>,
      substitute: (ConeKotlinType) -> ConeKotlinType = { it },
    ): String =
      takes.joinToString {
        (if (it.isVararg) "vararg " else "") +
          it.name.asString() +
          ": " +
          shown(substitute(it.resolvedReturnType)) +
          if (it.hasDefaultValue) " = …" else ""
      }

    private fun signature(symbol: FirFunctionSymbol<*>): String =
      "${symbol.name.asString()}(${list(symbol.valueParameterSymbols)}): " +
        shown(symbol.resolvedReturnType)

    private fun block(parameter: FirValueParameterSymbol): Boolean =
      shown(parameter.resolvedReturnType).contains("->")

    fun shown(type: ConeKotlinType): String =
      type.abbreviatedTypeOrSelf
        .renderReadable()
        .replace("!", "")
        .replace(Regex("""\b[a-z]\w*[./](?=\w)"""), "")
  }
}

/** Makes [ScopeSearch] part of the compiler; found as a service. */
@OptIn(ExperimentalCompilerApi::class)
class ScopeSearchRegistrar : CompilerPluginRegistrar() {

  override val pluginId: String = "blksh.scope"

  override val supportsK2: Boolean = true

  override fun ExtensionStorage.registerExtensions(configuration: CompilerConfiguration) {
    FirExtensionRegistrarAdapter.registerExtension(
      object : FirExtensionRegistrar() {
        override fun ExtensionRegistrarContext.configurePlugin() {
          +::ScopeSearchCheckers
        }
      }
    )
  }
}

private class ScopeSearchCheckers(session: FirSession) : FirAdditionalCheckersExtension(session) {

  override val expressionCheckers =
    object : ExpressionCheckers() {
      override val basicExpressionCheckers: Set<FirExpressionChecker<FirStatement>> =
        setOf(
          object : FirExpressionChecker<FirStatement>(MppCheckerKind.Common) {
            context(context: CheckerContext, reporter: DiagnosticReporter)
            override fun check(expression: FirStatement) {
              ScopeSearch.check(context, expression)
            }
          }
        )
    }
}
