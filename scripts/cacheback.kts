// Takes snapshots as cacheback did, by its command line and into its directories: hard links to contents
// that are kept once. Its destinations are gone on with, and it can go on with ours. Links to absolute
// paths lead into the snapshot, and what they lead to is taken too. As many threads are used as there
// are cores. Ends with status 3 when something could not be read; each such thing is named.
val targets by several<String>("-i/--targets", "PATH", "what to take", required = false, orNone = true)
val destination by option<String>("-o/--destination", "DIR", "where the snapshots are").optional()
val name by option<String>("-n/--snapshot-name", "NAME", "what to call it (default: the time)").optional()
val exclude by several<String>("-x/--exclude", "PATTERN", "whole paths to leave out, such as **/*cache*", required = false, orNone = true)
val threads by option<Int>("--threads", "N", "taken for old times' sake", 4)
val algorithm by option<String>("--hash-algorithm", "NAME", "what a new destination names contents by").optional()
val gc by flag("--garbage-collect-cache/--gc", "remove contents that no snapshot has any more")
val dry by flag("--dry", "say what would be done, and do nothing")
val verbose by flag("-v/--verbose", "tell more")
val version by flag("--version", "tell what this stands for")
val list by flag("--list", "list the snapshots, with what each alone keeps and what it shares")
val diff by several<String>("--diff", "NAME", "compare two snapshots", required = false)
val verify by several<String>("--verify", "NAME", "read snapshots, or all, and compare with what was noted", required = false, orNone = true)
val restore by option<String>("--restore", "NAME", "make what is in a snapshot again, or only the --targets of it").optional()
val to by option<String>("--to", "DIR", "where --restore makes it").optional()
val forget by flag("--forget", "remove the snapshots that no --keep rule keeps")
val last by option<Int>("--keep-last", "N", "the last N").optional()
val hourly by option<Int>("--keep-hourly", "N", "the last of each of N hours").optional()
val daily by option<Int>("--keep-daily", "N", "the last of each of N days").optional()
val weekly by option<Int>("--keep-weekly", "N", "the last of each of N weeks").optional()
val monthly by option<Int>("--keep-monthly", "N", "the last of each of N months").optional()
val yearly by option<Int>("--keep-yearly", "N", "the last of each of N years").optional()
val within by option<String>("--keep-within", "AGE", "all within an age, such as 7d or 1y6m").optional()

fun expanded(path: String): Path =
  Path.of(if (path == "~" || path.startsWith("~/")) System.getProperty("user.home") + path.drop(1) else path)

val kept by lazy {
  snapshots(expanded(destination ?: usage("say where the snapshots are: --destination DIR")), algorithm).dry(dry || dryRun)
}
val wanted = targets.map { expanded(it) }
when {
  version -> println("cacheback 0.0.1, as blksh has it")
  list -> kept.sizes
  diff.isNotEmpty() -> if (diff.size == 2) kept.diff(diff[0], diff[1]) else usage("--diff takes two names")
  "--verify" in args -> kept.verify(*verify.toTypedArray())
  restore != null -> kept.restore(restore!!, to ?: usage("say where to make it: --to DIR"), wanted.map { "$it" })
  forget -> kept.forget(last, hourly, daily, weekly, monthly, yearly, within)
  wanted.isEmpty() && !gc -> usage("say what to take: --targets PATH…")
  else -> {
    if (verbose) wanted.forEach { println("taking $it") }
    val taken = if (wanted.isEmpty()) null else kept.take(wanted, name, excludePaths = exclude, followTargets = true)
    if (taken != null && gc) show(taken)
    if (gc) kept.gc() else taken
  }
}
