package blksh.script.kotlin

import blksh.script.Scope
import org.jetbrains.kotlin.descriptors.Visibilities
import org.jetbrains.kotlin.fir.FirSession
import org.jetbrains.kotlin.fir.declarations.hasAnnotation
import org.jetbrains.kotlin.fir.resolve.lookupSuperTypes
import org.jetbrains.kotlin.fir.resolve.providers.symbolProvider
import org.jetbrains.kotlin.fir.resolve.substitution.substitutorByMap
import org.jetbrains.kotlin.fir.resolve.toRegularClassSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirCallableSymbol
import org.jetbrains.kotlin.fir.symbols.impl.FirTypeParameterSymbol
import org.jetbrains.kotlin.fir.types.ConeClassLikeType
import org.jetbrains.kotlin.fir.types.ConeKotlinType
import org.jetbrains.kotlin.fir.types.ConeTypeParameterType
import org.jetbrains.kotlin.fir.types.classId
import org.jetbrains.kotlin.fir.types.lowerBoundIfFlexible
import org.jetbrains.kotlin.fir.types.type
import org.jetbrains.kotlin.name.ClassId
import org.jetbrains.kotlin.name.FqName
import org.jetbrains.kotlin.name.Name
import org.jetbrains.kotlin.name.StandardClassIds

/**
 * What Kotlin and the vocabulary declare at top level and every entry sees without an import: the
 * extensions by what they extend, and the rest by name. Reading it all takes a second, so it is
 * read in pieces; until then it knows a part.
 */
internal class Extensions(private val session: FirSession) {

  private val byReceiver = HashMap<ClassId?, MutableList<FirCallableSymbol<*>>>()
  private val plain = ArrayList<Scope.Name>()

  /** What is still to be read. */
  private val rest: Iterator<() -> Unit> = iterator {
    val names = session.symbolProvider.symbolNamesProvider
    for (packageName in PACKAGES.map { FqName(it) }) {
      for (name in names.getTopLevelCallableNamesInPackage(packageName).orEmpty()) {
        if (!ScopeSearch.HIDDEN.matches(name.asString())) yield { callables(packageName, name) }
      }
      for (name in names.getTopLevelClassifierNamesInPackage(packageName).orEmpty().sorted()) {
        if ('$' !in name.asString()) yield { type(packageName, name) }
      }
    }
  }

  /** Functions, properties and classes that extend nothing. */
  val names: List<Scope.Name>
    get() = plain

  /** Reads on for that long; false when all is read. */
  fun read(millis: Long): Boolean {
    val end = System.nanoTime() + millis * 1_000_000
    while (rest.hasNext()) {
      if (System.nanoTime() > end) return true
      rest.next()()
    }
    return false
  }

  private fun callables(packageName: FqName, name: Name) {
    for (symbol in session.symbolProvider.getTopLevelCallableSymbols(packageName, name)) {
      if (!ScopeSearch.visible(symbol) || symbol.hasAnnotation(DEPRECATED, session)) continue
      val receiver = symbol.resolvedReceiverType
      if (receiver == null) plain += ScopeSearch.describe(symbol).copy(common = common(packageName))
      else byReceiver.getOrPut(key(receiver)) { ArrayList() } += symbol
    }
  }

  private fun type(packageName: FqName, name: Name) {
    if (visible(ClassId(packageName, name))) {
      val about = if (common(packageName)) "class of $packageName" else "class"
      plain += Scope.Name(name.asString(), Scope.Kind.TYPE, about, about, common(packageName))
    }
  }

  private fun common(packageName: FqName): Boolean = packageName != VOCABULARY

  private fun visible(type: ClassId): Boolean {
    val symbol = session.symbolProvider.getClassLikeSymbolByClassId(type) ?: return false
    return symbol.rawStatus.visibility == Visibilities.Public
  }

  /** The names of functions and properties that a package of Kotlin declares. */
  fun importable(packageName: String): List<String> =
    session.symbolProvider.symbolNamesProvider
      .getTopLevelCallableNamesInPackage(FqName(packageName))
      .orEmpty()
      .map { it.asString() }

  private fun key(receiver: ConeKotlinType): ClassId? =
    when (val type = receiver.lowerBoundIfFlexible()) {
      is ConeTypeParameterType ->
        type.lookupTag.typeParameterSymbol.resolvedBounds
          .firstNotNullOfOrNull { it.coneType.classId }
          ?.takeIf { it != StandardClassIds.Any }
      else -> type.classId.takeIf { it != StandardClassIds.Any }
    }

  /** The extensions of a type, those of its own class first. */
  fun of(type: ConeKotlinType, session: FirSession): List<Scope.Name> {
    val kinds = kinds(type, session)
    return (kinds.map { it.classId } + null).distinct().flatMap { id ->
      byReceiver[id].orEmpty().mapNotNull { fit(it, type, kinds, session) }
    }
  }

  /** An extension as it is for a type; null when it does not extend that. */
  fun fit(symbol: FirCallableSymbol<*>, type: ConeKotlinType, session: FirSession): Scope.Name? =
    fit(symbol, type, kinds(type, session), session)

  private fun kinds(type: ConeKotlinType, session: FirSession): List<ConeClassLikeType> {
    val own = type.lowerBoundIfFlexible() as? ConeClassLikeType ?: return listOf()
    val symbol = own.toRegularClassSymbol(session) ?: return listOf(own)
    val supers = lookupSuperTypes(listOf(symbol), true, true, session, substituteTypes = true)
    val map =
      symbol.typeParameterSymbols.zip(own.typeArguments).mapNotNull { (parameter, argument) ->
        argument.type?.let { parameter to it }
      }
    val substitutor = substitutorByMap(map.toMap(), session)
    return listOf(own) + supers.map { substitutor.substituteOrSelf(it) as ConeClassLikeType }
  }

  private fun fit(
    symbol: FirCallableSymbol<*>,
    type: ConeKotlinType,
    kinds: List<ConeClassLikeType>,
    session: FirSession,
  ): Scope.Name? {
    val receiver = symbol.resolvedReceiverType?.lowerBoundIfFlexible() ?: return null
    val known = HashMap<FirTypeParameterSymbol, ConeKotlinType>()
    if (receiver is ConeTypeParameterType) {
      known[receiver.lookupTag.typeParameterSymbol] = type
    } else {
      val kind = kinds.find { it.classId == receiver.classId }
      if (kind == null && receiver.classId != StandardClassIds.Any) return null
      for ((wanted, given) in receiver.typeArguments.zip(kind?.typeArguments.orEmpty())) {
        val expected = wanted.type?.lowerBoundIfFlexible() ?: continue
        val actual = given.type?.lowerBoundIfFlexible() ?: continue
        if (expected is ConeTypeParameterType) {
          val parameter = expected.lookupTag.typeParameterSymbol
          val bound = parameter.resolvedBounds.firstNotNullOfOrNull { it.coneType.classId }
          val bounded = bound != null && bound != StandardClassIds.Any
          if (bounded && kinds(actual, session).none { it.classId == bound }) return null
          known[parameter] = actual
        } else if (expected.classId != actual.classId) {
          return null
        }
      }
    }
    val substitutor = substitutorByMap(known, session)
    val common = key(receiver) == null
    return ScopeSearch.describe(symbol) { substitutor.substituteOrSelf(it) }.copy(common = common)
  }

  companion object {
    private val PACKAGES =
      listOf(
        "blksh.dsl",
        "kotlin",
        "kotlin.collections",
        "kotlin.text",
        "kotlin.io",
        "kotlin.sequences",
        "kotlin.ranges",
        "kotlin.comparisons",
      )

    private val VOCABULARY = FqName("blksh.dsl")

    private val DEPRECATED = ClassId.topLevel(FqName("kotlin.Deprecated"))
  }
}
