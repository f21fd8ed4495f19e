// Archives a directory to optical discs as odarchive did, by its commands: init PATH (or create_db), segment SIZE
// (or plan_iso), num_isos, write_iso [N|all] (or create_iso), archive PATH; and info [DISC], find GLOB, which NAME,
// verify [IMAGE…], health, burn DISC DRIVE, repair NEW IMAGE…, restore TO IMAGE…. SIZE is cd, dvd, bd, bluray, bd-dl, bd-xl,
// bd-xx, or bytes. DISC counts from 1. N counts from 0 and is 0 unless given, as odarchive has it; what is shown
// counts from 1. write_iso all, and archive, write the discs that are not written yet; write_iso N --overwrite
// writes one once more, when its files are what they were. catalogue.json in the current directory is what it was:
// any odarchive loads it, and one that others made is kept as catalogue.json.before. All that odarchive does not
// know of is beside it, in odarchive.catalogue. With --parity a damaged disc comes back from the rest of itself,
// with --parity-discs a lost one from the others: repair and restore do that. Ends with status 3 when something
// could not be read, or is not as it was.
val command by positional<String>("COMMAND", "what to do")
val words = positionals<String>("WORD", "what to do it with", required = false)
val pretend by flag("--pretend", "say what would be written, and write nothing")
val to by option<Path>("--to", "DIR", "where images go", Path.of("."))
val jobName by option<String>("--job-name", "NAME", "what the archive and its images are called").optional()
val client by option<String>("--client-name", "NAME", "whose archive it is").optional()
val split by flag("--split-directories", "fill discs better: what is in a directory may go apart")
val first by repeated<String>("--first", "GLOB", "what comes onto the first discs", required = false)
val reserve by option<Int>("--reserve", "PERCENT", "what stays free on each disc", 0)
val parity by option<Int>("--parity", "PERCENT", "what part of a disc may be lost, and is made again", 0)
val parityDiscs by option<Int>("--parity-discs", "N", "how many discs of a set may be lost: so many more are made", 0)
val repaired by option<Int>("--disc", "N", "the disc to repair, from 1 on: by default that of the first image").optional()
val overwrite by flag("--overwrite", "write over images that are there")

val json: Path = Path.of("catalogue.json")
val beside = catalogue(Path.of("odarchive.catalogue"))
val given = words.map { it.value }

fun one(what: String): String = given.singleOrNull() ?: usage("$command takes $what")

fun pickles() {
  val pickle = Path.of("archiver.dill")
  if (!json.toFile().exists() && pickle.toFile().exists())
    usage("archiver.dill is a program of Python and is not read: begin with init PATH, or copy a disc's catalogue.json here")
}

/** The catalogue as it is; of a catalogue.json alone it is made. */
fun current(): Catalogue {
  pickles()
  if (!beside.exists) {
    if (!json.toFile().exists()) usage("there is no catalogue.json here: begin with init PATH")
    beside.merge(json)
    keep()
  }
  return beside
}

/** A catalogue.json that others wrote knows what is on their discs: it stays, under another name. */
fun keep() {
  if (!json.toFile().exists()) return
  val names = listOf("$json.before") + (2..999).map { "$json.before-$it" }
  val kept = names.first { !Path.of(it).toFile().exists() }
  json.toFile().copyTo(Path.of(kept).toFile())
}

/** catalogue.json when it is in the directory that is archived: it is another each time. */
fun ownIn(path: String): List<String> {
  val root = Path.of(path).toFile().canonicalFile.toPath()
  val own = json.toFile().canonicalFile.toPath()
  if (!own.startsWith(root)) return emptyList()
  return listOf("/" + root.relativize(own).joinToString("/").replace(Regex("[*?\\[\\\\]"), "\\\\$0"))
}

fun scanned(path: String): Catalogue {
  if (!beside.exists && !dryRun) keep()
  beside.job(jobName, client = client)
  show(beside.scan(path, exclude = ownIn(path)))
  return beside.also { it.export(json) }
}

fun planned(size: String): DiscSet =
  current().also { it.job(jobName, client = client) }
    .segment(size, !split, first, reserve.percent, parity = parity.percent, parityDiscs = parityDiscs)
    .also { current().export(json) }

fun image(disc: Disc, of: Int): String {
  val job = jobName ?: "new"
  return if (of == 1) "$job.iso" else "%s_%04d.iso".format(job, disc.number - 1)
}

fun written(discs: DiscSet, which: List<Disc>): List<DiscImage?> =
  which.map {
    val name = image(it, discs.size)
    println("disc ${it.number} of ${discs.size} (odarchive's ${it.number - 1}): $name, ${it.size}")
    if (pretend || dryRun) null else it.writeIso("$to", name, overwrite)
  }

/** Of all discs those that are not written yet: one that is stays as it is. */
fun notWritten(discs: DiscSet): List<Disc> =
  discs.planned.also {
    val written = discs.size - it.size
    if (written > 0) println("$written of ${discs.size} discs are written already, and stay as they are")
  }

when (command.lowercase()) {
  "init", "create_db" -> scanned(one("the PATH of a directory"))
  "segment", "plan_iso" -> planned(one("a SIZE: cd, dvd, bd, bd-dl, bd-xl, bd-xx, or bytes"))
  "num_isos" -> println(current().discs.size)
  "write_iso", "create_iso" -> {
    val discs = current().discs
    if (discs.isEmpty()) usage("no discs are planned: segment SIZE")
    val word = given.singleOrNull() ?: if (given.isEmpty()) "0" else usage("$command takes one N, or all")
    val which =
      if (word.lowercase() == "all") notWritten(discs)
      else listOf(discs.getOrNull(word.toIntOrNull() ?: -1) ?: usage("there are 0 to ${discs.size - 1}, and no $word"))
    written(discs, which).filterNotNull()
  }
  "archive" -> {
    val all = scanned(one("the PATH of a directory"))
    val discs =
      all.segment("4000000000000", !split, first, reserve.percent, parity = parity.percent, parityDiscs = parityDiscs)
    all.export(json)
    written(discs, notWritten(discs)).filterNotNull()
  }
  "info" -> if (given.isEmpty()) current() else current().disc(one("one DISC, from 1 on, or none"))
  "find" -> current().find(one("a GLOB"))
  "which" -> current().which(one("a NAME"))
  "verify" -> {
    val discs = current().discs
    if (given.isEmpty()) discs.filter { it.isWritten }.map { it.verify() }
    else given.map { discs.at(it).verify(it) }
  }
  "health" -> current().health
  "burn" ->
    if (given.size != 2) usage("burn takes a DISC, from 1 on, and a drive: /dev/sr0, or stdio:FILE")
    else current().disc(given[0]).burn(given[1], overwrite = overwrite)
  "repair" ->
    if (given.size < 2) usage("repair takes the image to be made, and those or the drives to make it from")
    else (repaired?.let { current().disc(it) } ?: current().discs.at(given[1])).repair(given[1], given.first(), given.drop(2), overwrite)
  "restore" ->
    if (given.size < 2) usage("restore takes a directory, and the images or drives to restore from")
    else current().discs.restore(given.drop(1), given.first())
  else -> usage("$command is none of init, segment, num_isos, write_iso, archive, info, find, which, verify, health, burn, repair and restore")
}
