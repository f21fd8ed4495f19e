// Dumps drives and files as diskdump did, by its command line. A directory with a .blockstore is gone on
// with in its own format, which diskdump 0.1.5 reads; anywhere else a store of blksh is made. The directory
// is DISKDUMP_BASE, or the current one. No diskdump may run meanwhile: it knows no lock.
val user by option<String>("-u/--user", "USER", "who logs in on other machines").optional()
val blockSize by option<Size>("--block-size", "BYTES", "of a block, in diskdump's format", 128.KiB)
val batchSize by option<Int>("--batch-size", "N", "taken for old times' sake", 80)
val format by option<String>("--format", "KIND", "of a new store: blksh or diskdump", "blksh")

val dump = command("dump", "dump drives and files; the word may be left out") { ':' in it }
val targets = dump.positionals<String>("HOST:PATH[:PATH…]", "what to dump: localhost:/dev/sda, localhost:sda")
val sudo = targets.flag("--sudo", "read it as root there")
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
  val was = versions.lastOrNull { it.dump == dump }
  if (was != null) return was.reference
  if (dated != null || versions.any { it.dump != null })
    throw blksh.BlkshException("find $word", "no version in $base was imported from $dump")
      .suggest("list the store, and name a version as NAME@NUMBER")
  return old.storeName(name) + "@" + (number!! + 1)
}

fun dumpOf(host: String, path: String, name: String?): Any {
  if (host != "localhost")
    throw blksh.BlkshException("dump $host:$path", "only localhost can be dumped: other machines are not supported yet")
  return record(drive(Path.of(path)), name ?: old.nameOf(host, path), "$host:$path")
}

fun dumpAll(): Any {
  val wanted = targets.flatMap { target ->
    val words = target.value.split(':')
    words.drop(1).map { Triple(words[0], device(it), target[called]) }
  }
  if (wanted.size == 1) return wanted[0].let { (host, path, name) -> dumpOf(host, path, name) }
  val done = mutableListOf<Any>()
  for ((host, path, name) in wanted) {
    try {
      done += dumpOf(host, path, name)
    } catch (failed: blksh.BlkshException) {
      finding("$host:$path: ${failed.message}")
    }
  }
  return done
}

fun importImage(): Any {
  val host = of.substringBefore(':')
  val device = if (':' in of) of.split(':')[1] else "/dev/sda"
  return record(drive(base.resolve(image)), old.nameOf(host, device), "$host:$device", date)
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
