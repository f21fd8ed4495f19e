// Dumps drives and files as diskdump did, by its command line. A directory with a .blockstore is gone on
// with in its own format, which diskdump 0.1.5 reads; anywhere else a store of blksh is made. The directory
// is DISKDUMP_BASE, or the current one. No diskdump may run meanwhile: it knows no lock.
val user by option<String>("-u/--user", "USER", "who logs in on other machines").optional()
val blockSize by option<Size>("--block-size", "BYTES", "of a block, in diskdump's format", 128.KiB)
val batchSize by option<Int>("--batch-size", "N", "taken for old times' sake", 80)
val timeout by option<java.time.Duration>("--timeout", "TIME", "how long to wait for another machine before it is given up, such as 90s or 2h").optional()
val bandwidth by option<Size>("--bandwidth", "SIZE", "what may be moved in a second, both ways, such as 5M").optional()
val format by option<String>("--format", "KIND", "of a new store: blksh or diskdump", "blksh")

val dump = command("dump", "dump drives and files; the word may be left out") { ':' in it }
val targets = dump.positionals<String>("HOST:PATH[:PATH…]", "what to dump: server01:/dev/sda, localhost:sda")
val sudo = targets.flag("--sudo", "read all of its host as root, by sudo there")
val called = targets.option<String>("--as", "NAME", "what to call it (default HOST.DEVICE)").optional()

val restore = command("restore", "write a dump to a file or a drive")
val manifest by restore.positional<String>("MANIFEST", "NAME/N.manifest, NAME for the newest, or a path")
val output by restore.option<String>("-o/--output", "FILE", "where to (default: standard output)").optional()
val overwrite by restore.flag("--overwrite", "write over what is there")

val bring = command("import", "take an image that is there for a dump")
val image by bring.positional<String>("IMAGE", "a file or a drive")
val of by bring.option<String>("--as", "HOST:DEV", "what it is of; HOST alone means its /dev/sda")
val date by bring.option<String>("--date", "ISO", "when it was taken (default: now)").optional()

val info = command("info", "describe a dump, with its unique and missing blocks")
val described by info.positional<String>("MANIFEST", "NAME/N.manifest, NAME for the newest, or a path")

val status = command("status", "describe the store, with its dumps")
val verify = command("verify", "prove every block, and that every dump has its own")
val gc = command("gc", "remove the blocks no dump needs")
val reindex = command("reindex", "make the table of blocks again")

if (format != "blksh" && format != "diskdump") usage("--format is blksh or diskdump")
val base: Path = Path.of(System.getenv("DISKDUMP_BASE").orEmpty().ifEmpty { "." }).toAbsolutePath().normalize()
val old = stores.diskdump(base)
val own = store(base)
val writes = dump.chosen || bring.chosen
val inOld = old.reachable || !own.reachable && (format == "diskdump" || !writes)

fun record(source: Source, name: String, of: String, date: String? = null): Any {
  if (inOld) return old.record(source, name, of, date, blockSize, create = true)
  val at = date?.let { old.dateOf(it) }
  if (!own.reachable) {
    source.open().close() // what is refused leaves no new store behind
    own.create()
  }
  val plain = old.storeName(name)
  return if (at == null) own.capture(source, plain) else own.capture(source, plain, at)
}

fun device(path: String): String = if (listOf("sd", "nvme", "vd").any { path.startsWith(it) }) "/dev/$path" else path

/**
 * The version of a store of blksh that a manifest of diskdump means: the one that was imported from it, or,
 * where none of the name was imported, the one after as many, as diskdump counts from 0 and blksh from 1.
 */
fun reference(word: String): String {
  val path = word.substringAfterLast("manifests/").removeSuffix(".manifest")
  val dated = Regex("(?:.*/)?([0-9]{4})/([0-9]{2})/([0-9]{2})/([^/]+)").matchEntire(path)
  val numbered = Regex("/?(.+)/([0-9]{1,8})").matchEntire(path)
  if (dated == null && numbered == null) {
    val version = Regex("(.+)@([0-9]{1,8}|latest)").matchEntire(word) ?: return old.storeName(word)
    return old.storeName(version.groupValues[1]) + "@" + version.groupValues[2]
  }
  val name = dated?.groupValues?.get(4) ?: numbered!!.groupValues[1]
  val number = numbered?.groupValues?.get(2)?.toInt()
  val dump = name + "@" + (dated?.groupValues?.subList(1, 4)?.joinToString("-") ?: number)
  val versions = own.manifests[old.storeName(name)]
  val were = versions.filter { it.dump == dump }
  if (were.size > 1)
    throw blksh.BlkshException("find $word", "${were.joinToString { it.reference }} were each imported from a $dump")
      .suggest("name one of these")
  if (were.size == 1) return were[0].reference
  if (dated != null || versions.any { it.dump != null })
    throw blksh.BlkshException("find $word", "no version in $base was imported from $dump")
      .suggest("list the store, and name a version as NAME@NUMBER")
  return old.storeName(name) + "@" + (number!! + 1)
}

class Wanted(val host: String, val path: String, val name: String, val root: Boolean) {
  override fun toString() = "$host:$path"
  val place =
    if (host == "localhost") path
    else "ssh://" + user?.let { "$it@" }.orEmpty() + host + path.also { if (!it.startsWith("/")) usage("$host:$it: give a whole path") }
  val far = host != "localhost"
  fun source(): Source = if (far) drive(place, root, timeout, bandwidth) else drive(place)
}

fun isThere(one: Wanted): Boolean =
  try {
    one.source().open().close()
    true
  } catch (failed: blksh.BlkshException) {
    false
  }

fun <T> each(all: Iterable<T>, called: (T) -> String, dump: (T) -> Any): List<Any> {
  val done = mutableListOf<Any>()
  for (one in all) {
    try {
      done += dump(one)
    } catch (failed: blksh.BlkshException) {
      finding("${called(one)}: ${failed.message}")
    }
  }
  return done
}

fun dumpAll(): Any {
  val rootOn = targets.filter { it[sudo] }.map { it.value.substringBefore(':') }.toSet()
  val wanted = targets.flatMap { target ->
    val words = target.value.split(':')
    words.drop(1).map(::device).map { Wanted(words[0], it, target[called] ?: old.nameOf(words[0], it), words[0] in rootOn) }
  }
  if ((timeout != null || bandwidth != null) && wanted.none { it.far }) usage("--timeout and --bandwidth fit other machines")
  val single = wanted.singleOrNull()
  if (single != null) return record(single.source(), single.name, "$single")
  if (inOld || wanted.distinctBy { old.storeName(it.name) }.size < wanted.size) return each(wanted, { "$it" }) { record(it.source(), it.name, "$it") }
  if (!own.reachable && wanted.any(::isThere)) own.create()
  val groups = wanted.groupBy { it.root }
  return each(groups.values, { it.joinToString(" ") }) { some ->
    val far = some.any { it.far } // else there is nothing to limit
    own.captureAll(
      some.map { it.place }, some.map { old.storeName(it.name) }, sudo = some[0].root,
      timeout = timeout.takeIf { far }, bandwidth = bandwidth.takeIf { far })
  }
}

fun importImage(): Any {
  val host = of.substringBefore(':')
  val device = if (':' in of) of.split(':')[1] else "/dev/sda"
  return record(drive(Path.of(image)), old.nameOf(host, device), "$host:$device", date)
}

when {
  dump.chosen -> dumpAll()
  bring.chosen -> importImage()
  restore.chosen && inOld -> old.dump(manifest).restore(output ?: "-", overwrite)
  restore.chosen -> own.restore(reference(manifest), output ?: "-", overwrite)
  info.chosen -> if (inOld) old.dump(described).info else own.manifest(reference(described))
  status.chosen -> if (inOld) old else own
  verify.chosen -> if (inOld) old.verify() else own.verify()
  gc.chosen -> if (inOld) old.gc() else throw blksh.BlkshException("collect blocks in $base", "a store of blksh is not compacted yet")
  else -> if (inOld) old.reindex() else own.reindex()
}
