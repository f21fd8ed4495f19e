package blksh.dsl

import kotlin.reflect.KClass

/**
 * What a script declares options for: itself, one of its commands ([Command]), or each of its
 * positional values ([Positionals]).
 */
sealed class Declarations {

  internal abstract val arguments: Arguments

  /** What people call it. */
  internal abstract val name: String

  /** In the order of their declaration. */
  internal val declared = mutableListOf<Argument<*>>()

  /** Declares an option with a value, see [ArgumentWords.option]. */
  inline fun <reified T : Any> option(
    name: String,
    placeholder: String,
    help: String,
    default: T? = null,
  ): Argument<T> = declare(name, placeholder, help, T::class, false, default == null, default)

  /** Declares an option that may be given any number of times, see [ArgumentWords.repeated]. */
  inline fun <reified T : Any> repeated(
    name: String,
    placeholder: String,
    help: String,
    required: Boolean = true,
  ): Argument<List<T>> = declare(name, placeholder, help, T::class, true, required, null)

  /** Declares an option with several values, see [ArgumentWords.several]. */
  inline fun <reified T : Any> several(
    name: String,
    placeholder: String,
    help: String,
    required: Boolean = true,
    orNone: Boolean = false,
  ): Argument<List<T>> = declareSeveral(name, placeholder, help, T::class, required, orNone)

  /** Declares an option without a value; true when it is given. */
  fun flag(name: String, help: String): Argument<Boolean> =
    add(name, "", help, null, Argument.Takes.NOTHING, many = false, required = false, false)

  @PublishedApi
  internal fun <T> declare(
    name: String,
    placeholder: String,
    help: String,
    type: KClass<*>,
    many: Boolean,
    required: Boolean,
    default: Any?,
  ): Argument<T> =
    add(name, placeholder, help, ValueType(type), Argument.Takes.ONE, many, required, default)

  @PublishedApi
  internal fun <T> declareSeveral(
    name: String,
    placeholder: String,
    help: String,
    type: KClass<*>,
    required: Boolean,
    orNone: Boolean,
  ): Argument<T> {
    val takes = if (orNone) Argument.Takes.ANY else Argument.Takes.SOME
    return add(name, placeholder, help, ValueType(type), takes, many = true, required, null)
  }

  internal fun <T> add(
    name: String,
    placeholder: String,
    help: String,
    type: ValueType?,
    takes: Argument.Takes,
    many: Boolean,
    required: Boolean,
    default: Any?,
  ): Argument<T> {
    val spellings = spellings(name)
    arguments.checkNew(this, spellings)
    return Argument<T>(this, spellings, placeholder, help, type, takes, many, required, default)
      .also { declared += it }
  }

  private fun spellings(name: String): List<String> {
    if (!name.startsWith("-")) return listOf(name)
    val spellings = name.split('/').map { it.trim() }
    for (spelling in spellings) {
      require(
        spelling.length > 1 &&
          spelling[0] == '-' &&
          spelling != "--" &&
          spelling.none { it == '=' || it.isWhitespace() }
      ) {
        "'$spelling' cannot be the name of an option"
      }
      require(spelling != "--help") { "--help is what every script answers by itself" }
    }
    return spellings
  }
}

/** What a script declares for itself as a whole or for one of its commands. */
sealed class Scope : Declarations() {

  /** Its positional values with options of their own, by the argument that collects them. */
  internal val groups = mutableMapOf<Argument<*>, Positionals<*>>()

  /** Declares the next positional value, see [ArgumentWords.positional]. */
  inline fun <reified T : Any> positional(
    name: String,
    help: String,
    default: T? = null,
  ): Argument<T> = declare(name, "", help, T::class, false, default == null, default)

  /** Declares any number of positional values, see [ArgumentWords.positionals]. */
  inline fun <reified T : Any> positionals(
    name: String,
    help: String,
    required: Boolean = true,
  ): Positionals<T> = declarePositionals(name, help, T::class, required)

  /** Declares what takes every word after `--`, see [ArgumentWords.rest]. */
  fun rest(name: String, help: String, required: Boolean = true): Argument<List<String>> {
    check(declared.none { it.takes == Argument.Takes.REST }) { "$name: only one takes the rest" }
    return add(
      name,
      "",
      help,
      ValueType(String::class),
      Argument.Takes.REST,
      many = true,
      required,
      null,
    )
  }

  @PublishedApi
  internal fun <T : Any> declarePositionals(
    name: String,
    help: String,
    type: KClass<*>,
    required: Boolean,
  ): Positionals<T> {
    val values: Argument<List<T>> = declare(name, "", help, type, true, required, null)
    return Positionals(this, values).also { groups[values] = it }
  }
}

/**
 * One of several things a script does, with arguments of its own: `script dump …`, `script restore
 * …`. Options of the script itself may be given before and after its name.
 */
class Command
internal constructor(
  override val arguments: Arguments,
  internal val names: List<String>,
  internal val help: String,
  internal val implied: (String) -> Boolean,
) : Scope() {

  override val name: String
    get() = names[0]

  /** Whether it is what the command line asks for. */
  val chosen: Boolean
    get() = arguments.parse().command === this
}

/**
 * Positional values that may have options of their own, which follow the value they belong to:
 * `dump host1:/dev/sda --sudo host2:/dev/sda`. A script goes through them as through a list: `for
 * (target in targets) println("${target.value} ${target[sudo]}")`.
 */
class Positionals<T>
internal constructor(private val scope: Scope, internal val values: Argument<List<T>>) :
  Declarations(), Iterable<Positional<T>> {

  override val arguments: Arguments
    get() = scope.arguments

  override val name: String
    get() = values.spellings[0]

  /** One of them, with no options yet. */
  @Suppress("UNCHECKED_CAST") internal fun item(value: Any) = Positional(this, value as T)

  /** Those given, in order. */
  @Suppress("UNCHECKED_CAST")
  override fun iterator(): Iterator<Positional<T>> =
    (arguments.parse().items(this) as List<Positional<T>>).iterator()
}

/** A positional value with the options that follow it. */
class Positional<T>
internal constructor(
  private val among: Positionals<T>,
  val value: T,
  internal val options: Given = Given(null),
) {

  /** What an option is for this value. */
  operator fun <V> get(option: Argument<V>): V {
    require(option.owner === among) {
      "${option.spellings[0]} is not declared for each ${among.name}"
    }
    return options.value(option)
  }

  override fun toString(): String = value.toString()
}
