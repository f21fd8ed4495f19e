package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.dsl.Argument.Takes
import blksh.session.UsageException

/**
 * Matches the words of a command line with what a script declares, from left to right. Spellings
 * that are written out win over beginnings, and what the script declares over what all share.
 */
internal class ArgumentParser(private val arguments: Arguments) {

  private val given = Given(null)
  private val words = arguments.words.listIterator()
  private var slots = arguments.positionals()
  private var slot: Argument<*>? = null

  /** The last positional value of those that have options of their own. */
  private var item: Pair<Positionals<*>, Positional<*>>? = null

  /** An option by one of its spellings; without an argument it is one that all scripts share. */
  private class Option(val spelling: String, val argument: Argument<*>?)

  fun parse(): Given {
    try {
      while (words.hasNext()) take(words.next())
      refuseMissing()
    } catch (wrong: UsageException) {
      if (asksForHelp()) throw help()
      throw wrong
    }
    return given
  }

  private fun take(word: String) {
    when {
      word == "--" -> takeAfterDashes()
      !word.startsWith("-") || word == "-" -> takePositional(word)
      negative(word) && exact(word) == null && nextSlot()?.type?.numeric == true ->
        takePositional(word)
      else -> takeOption(word)
    }
  }

  // Options

  private fun takeOption(word: String) {
    val name = word.substringBefore('=')
    val value = if ('=' in word) word.substringAfter('=') else null
    val option = exact(name) ?: if (word.startsWith("--")) beginning(name) else null
    if (option != null) take(option, value) else takeBundle(word)
  }

  /** `-vq`, `-ofile`, `-vofile`: options of one letter, the last of which may have a value. */
  private fun takeBundle(word: String) {
    var at = 1
    while (at < word.length) {
      val end = word.offsetByCodePoints(at, 1)
      val letter = "-" + word.substring(at, end)
      val option =
        exact(letter)
          ?: if (at == 1) throw unknown(word.substringBefore('='))
          else throw UsageException("unknown option $letter in $word")
      val left = word.substring(end)
      val flag = option.argument?.takes == Takes.NOTHING || option.argument == null
      if (!flag || left.startsWith("=")) {
        take(option, if (left.isEmpty()) null else left.removePrefix("="))
        return
      }
      take(option, null)
      at = end
    }
  }

  /** The option of a spelling, as it is declared or shared. */
  private fun exact(name: String): Option? =
    visible().find { name in it.spellings }?.let { Option(name, it) }
      ?: if (name in HELP || name in arguments.shared.spellings()) Option(name, null) else null

  /** The option of which a word is the beginning. */
  private fun beginning(name: String): Option {
    val fitting = LinkedHashMap<Any, Option>()
    if (name != "--") {
      for (argument in visible()) {
        argument.spellings
          .find { it.startsWith(name) }
          ?.let { fitting[argument] = Option(it, argument) }
      }
      for (spelling in HELP + arguments.shared.spellings()) {
        if (spelling.startsWith(name) && exact(spelling)?.argument == null)
          fitting[spelling] = Option(spelling, null)
      }
    }
    return when (fitting.size) {
      0 -> throw unknown(name)
      1 -> fitting.values.single()
      else -> {
        val all = fitting.values.map { it.spelling }
        throw UsageException(
          "$name may be " + all.dropLast(1).joinToString(", ") + " or " + all.last(),
          "write more of it",
        )
      }
    }
  }

  private fun take(option: Option, value: String?) {
    if (option.argument == null) takeShared(option.spelling, value)
    else take(option.argument, option.spelling, value)
  }

  private fun takeShared(spelling: String, value: String?) {
    if (spelling in HELP && value == null) throw help()
    val valued = arguments.shared.takesValue(spelling)
    if (value != null && !valued) throw UsageException("$spelling takes no value")
    val its =
      if (valued && words.hasNext())
        value ?: nextValue(spelling, arguments.shared.placeholder(spelling))
      else value
    arguments.shared.accept(if (its == null) spelling else "$spelling=$its", words)
  }

  private fun take(argument: Argument<*>, spelling: String, value: String?) {
    val values = home(argument, spelling).mention(argument)
    when (argument.takes) {
      Takes.NOTHING -> {
        if (value != null) throw UsageException("$spelling takes no value")
        values += true
      }
      Takes.ONE -> {
        if (!argument.many && values.isNotEmpty()) throw UsageException("$spelling is given twice")
        values += argument.read(value ?: nextValue(spelling, argument.placeholder), spelling)
      }
      else -> {
        if (value != null) {
          values += argument.read(value, spelling)
        } else {
          if (argument.takes == Takes.SOME && !valueFollows())
            throw needsValue(spelling, argument.placeholder)
          while (valueFollows()) values += argument.read(words.next(), spelling)
        }
      }
    }
  }

  /** Where the values of an option go: an option of a positional value belongs to the last one. */
  private fun home(argument: Argument<*>, spelling: String): Given {
    val group = argument.owner as? Positionals<*> ?: return given
    val last = item?.takeIf { it.first === group }?.second
    return last?.options
      ?: throw UsageException("$spelling belongs to the ${group.name} before it", "give one first")
  }

  /**
   * The word after an option that needs a value. What is an option by itself is none: a value that
   * looks like one is written behind `=`.
   */
  private fun nextValue(spelling: String, placeholder: String): String {
    if (!words.hasNext()) throw needsValue(spelling, placeholder)
    val next = words.next()
    if (next == "--" || next.startsWith("-") && exact(next.substringBefore('=')) != null)
      throw needsValue(spelling, placeholder, next)
    return next
  }

  private fun needsValue(spelling: String, placeholder: String, next: String? = null) =
    UsageException(
      "$spelling needs a value: $spelling $placeholder",
      if (next == null) "try --help" else "if $next is meant, write $spelling=$next",
    )

  /** Whether the next word is one more value of an option that takes several. */
  private fun valueFollows(): Boolean {
    if (!words.hasNext()) return false
    val next = words.next()
    words.previous()
    return !next.startsWith("-") || next == "-" || negative(next) && exact(next) == null
  }

  private fun unknown(name: String): UsageException {
    val known =
      (visible().flatMap { it.spellings } + arguments.shared.spellings()).filter {
        it.startsWith("-")
      }
    return UsageException(
      "unknown option $name",
      Nearest.question(name, known).ifEmpty { "try --help" },
    )
  }

  // Positional values

  private fun takePositional(word: String) {
    if (given.command == null && arguments.commands.isNotEmpty()) {
      if (chooseCommand(word)) return
    }
    val next = nextSlot() ?: throw UsageException("unexpected argument '$word'")
    if (next !== slot) slots = slots.drop(1)
    slot = next
    val value = next.read(word, next.spellings[0])
    given.mention(next) += value
    val group = (next.owner as Scope).groups[next] ?: return
    item = group to group.item(value).also { given.add(group, it) }
  }

  /** Takes a word as the name of a command, unless it implies one whose name was left out. */
  private fun chooseCommand(word: String): Boolean {
    val named = arguments.commands.find { word in it.names }
    val command =
      named
        ?: arguments.commands.find { it.implied(word) }
        ?: throw UsageException(
          "there is no command '$word'",
          Nearest.question(word, arguments.commands.flatMap { it.names }).ifEmpty {
            "commands are " + arguments.commands.joinToString(", ") { it.name }
          },
        )
    given.command = command
    slots = command.positionals()
    return named != null
  }

  private fun nextSlot(): Argument<*>? = slot?.takeIf { it.many } ?: slots.firstOrNull()

  private fun takeAfterDashes() {
    val rest = visible().find { it.takes == Takes.REST }
    if (rest == null) {
      while (words.hasNext()) takePositional(words.next())
    } else {
      val values = given.mention(rest)
      while (words.hasNext()) values += words.next()
    }
  }

  // The whole

  private fun refuseMissing() {
    if (given.command == null && arguments.commands.isNotEmpty()) {
      throw UsageException(
        "a command is missing: one of " + arguments.commands.joinToString(", ") { it.name }
      )
    }
    for (scope in listOfNotNull<Scope>(arguments, given.command)) {
      scope.declared.firstOrNull { it.required && given.none(it) }?.let { throw missing(it) }
      for (group in scope.groups.values) {
        for (item in given.items(group)) {
          group.declared
            .firstOrNull { it.required && item.options.none(it) }
            ?.let { throw missing(it, " of $item") }
        }
      }
    }
  }

  private fun missing(argument: Argument<*>, of: String = ""): UsageException {
    val shown = if (argument.takes == Takes.REST) "-- ${argument.shown}" else argument.shown
    return UsageException("$shown$of is missing (${argument.help})")
  }

  /** Whether help is asked for anywhere, so that nothing else that is wrong matters. */
  private fun asksForHelp(): Boolean =
    arguments.words.takeWhile { it != "--" }.any { it in HELP && exact(it)?.argument == null }

  private fun help() = HelpRequested(UsageText(arguments, given.command).toString())

  private fun visible(): List<Argument<*>> = arguments.visible(given.command)

  private fun Scope.positionals() = declared.filter { it.positional && it.takes == Takes.ONE }

  private fun Argument<*>.read(word: String, spelling: String): Any {
    val value =
      try {
        type!!.read(word)
      } catch (wrong: BlkshException) {
        throw UsageException("${shown(spelling)}: ${wrong.message}")
      }
    return value ?: throw UsageException("${shown(spelling)}: '$word' is not ${type.expected}")
  }

  private companion object {

    val HELP = listOf("--help", "-h")

    fun negative(word: String): Boolean =
      word.length > 1 &&
        word[0] == '-' &&
        word[1] in '0'..'9' &&
        word.drop(1).all { it in '0'..'9' || it == '.' }
  }
}
