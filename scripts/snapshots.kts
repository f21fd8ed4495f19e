// Lists the snapshots in a directory or a store, or does something with them: compares two, looks for
// files, gives them back, reads all and compares it with what was noted, removes some, or forgets those
// that no rule keeps. Ends with status 3 when something was found that is not as it should be.
val place by positional<Place>("PLACE", "the directory or the store they are in")
val names = positionals<String>("NAME", "one of them (default: all)", required = false)
val sizes by flag("--sizes", "what each alone keeps, and what it shares")
val diff by flag("--diff", "compare two: NAME NAME")
val find by option<String>("--find", "GLOB", "look for files, as in a .gitignore file").optional()
val restore by option<Path>("--restore", "DIR", "make what is in NAME again below this directory").optional()
val paths by repeated<String>("--path", "PATH", "only this of it", required = false)
val verify by flag("--verify", "read all of it and compare it with what was noted")
val delete by flag("--delete", "remove them")
val gc by flag("--gc", "remove contents that no snapshot has any more")
val adopt by flag("--adopt", "check all contents of a directory that cacheback filled, to go on with it")
val last by option<Int>("--keep-last", "N", "forget all but the last N").optional()
val hourly by option<Int>("--keep-hourly", "N", "keep the last of each of N hours").optional()
val daily by option<Int>("--keep-daily", "N", "keep the last of each of N days").optional()
val weekly by option<Int>("--keep-weekly", "N", "keep the last of each of N weeks").optional()
val monthly by option<Int>("--keep-monthly", "N", "keep the last of each of N months").optional()
val yearly by option<Int>("--keep-yearly", "N", "keep the last of each of N years").optional()
val within by option<String>("--keep-within", "AGE", "keep all within an age, such as 7d or 1y6m").optional()
val tagged by repeated<String>("--keep-tag", "WORDS", "keep what has all these, with commas between; may be given again", required = false)

val all = snapshots(place)
val some = names.map { it.value }
val one by lazy { some.singleOrNull() ?: usage("name one snapshot") }
val rules = listOf(last, hourly, daily, weekly, monthly, yearly, within)
when {
  diff -> if (some.size == 2) all.diff(some[0], some[1]) else usage("--diff takes two names")
  find != null -> all.find(find!!, *some.toTypedArray())
  restore != null -> all.restore(one, to = "$restore", paths = paths)
  verify -> all.verify(*some.toTypedArray())
  delete -> if (some.isEmpty()) usage("say which to remove") else all.delete(some)
  gc -> all.gc()
  adopt -> all.adopt()
  rules.any { it != null } || tagged.isNotEmpty() ->
    if (some.isNotEmpty()) usage("rules are for all snapshots of a place")
    else all.forget(last, hourly, daily, weekly, monthly, yearly, within, tagged)
  sizes -> all.sizes.filter { some.isEmpty() || it.name in some }
  some.isNotEmpty() -> all[one]
  else -> all
}
