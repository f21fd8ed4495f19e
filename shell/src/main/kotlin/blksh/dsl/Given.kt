package blksh.dsl

/** What a command line gave for the arguments that were declared. */
internal class Given(var command: Command?) {

  private val values = HashMap<Argument<*>, MutableList<Any>>()
  private val items = HashMap<Positionals<*>, MutableList<Positional<*>>>()

  /** Whether there is no value of an argument. */
  fun none(argument: Argument<*>): Boolean = values[argument].isNullOrEmpty()

  /** Notes that an argument was mentioned; its values follow. */
  fun mention(argument: Argument<*>): MutableList<Any> = values.getOrPut(argument) { ArrayList(1) }

  fun add(group: Positionals<*>, item: Positional<*>) {
    items.getOrPut(group) { ArrayList() } += item
  }

  fun items(group: Positionals<*>): List<Positional<*>> = items[group].orEmpty()

  /** An argument's value, or its default. */
  @Suppress("UNCHECKED_CAST")
  fun <T> value(argument: Argument<T>): T {
    val given = values[argument].orEmpty()
    if (argument.many) return given.toList() as T
    val owner = argument.owner
    check(given.isNotEmpty() || !argument.required || owner !is Command) {
      "${argument.spellings[0]} belongs to ${owner.name}, which is not what was asked for"
    }
    return (given.lastOrNull() ?: argument.default) as T
  }
}
