// The runbook for every night: captures drives into a store, takes snapshots of directories, verifies,
// scans directories into catalogues and writes images of discs with what is new, drops old versions, gives
// back the space of what was dropped, and sums it all up. A drive that cannot be captured, a catalogue or a
// disc that cannot be written keep nothing else from being done. Ends with status 3 when something was
// unreadable, one of these could not be done or the store is damaged, and with 1 when no drive could be
// captured; nothing is dropped in a night in which a drive could not be read whole or something in the store could not be restored.
// Copy it and make it yours.
val storeDir by option<Place>("--store", "DIR", "the store's directory; made where none is yet").optional()
val drives by repeated<String>("--drive", "SOURCE", "a drive or a file to capture, also ssh://HOST/PATH or nbd://HOST/EXPORT", required = false)
val sudo by flag("--sudo", "read drives of other machines as root, by sudo there")
val bitmap by option<String>("--bitmap", "NAME", "of nbd://…, the bitmap of QEMU's in which writes were recorded").optional()
val timeout by option<java.time.Duration>("--timeout", "TIME", "of ssh://…, how long to wait for the machine before it is given up, such as 90s or 2h").optional()
val bandwidth by option<Size>("--bandwidth", "SIZE", "of ssh://…, what may be moved in a second, both ways, such as 5M").optional()
val name by option<String>("--name", "NAME", "what to call it (default HOST.DRIVE)").optional()
val skipFree by flag("--skip-free", "leave out what the file systems do not use")
val last by option<Int>("--keep-last", "N", "versions to keep of each name").optional()
val hourly by option<Int>("--keep-hourly", "N", "keep the last of each of N hours").optional()
val daily by option<Int>("--keep-daily", "N", "keep the last of each of N days").optional()
val weekly by option<Int>("--keep-weekly", "N", "keep the last of each of N weeks").optional()
val monthly by option<Int>("--keep-monthly", "N", "keep the last of each of N months").optional()
val yearly by option<Int>("--keep-yearly", "N", "keep the last of each of N years").optional()
val within by option<String>("--keep-within", "AGE", "keep all within an age, such as 7d or 1y6m").optional()
val tagged by repeated<String>("--keep-tag", "WORDS", "keep what has all these, with commas between; may be given again", required = false)
val grace by option<String>("--grace", "AGE", "how long dropped versions can be taken back, such as 7d").optional()
val verify by option<Verify>("--verify", "MODE", "how thoroughly to verify", Verify.SAMPLE)
val share by option<Percent>("--share", "PERCENT", "how much of the store --verify sample reads (default 5%)").optional()
val snapshotRoot by option<Path>("--snapshot-root", "DIR", "where snapshots go (default: the store)").optional()
val snapshotOf by several<Path>("--snapshot", "TARGET", "a directory or a file to take a snapshot of", required = false)
val exclude by several<String>("--exclude", "GLOB", "what to leave out of that, as in a .gitignore file", required = false)
val catalogued by repeated<String>("--catalogue", "NAME=DIR", "a directory to scan into a catalogue", required = false)
val media by option<String>("--media", "SIZE", "put what is new there on discs of this size: bd, dvd, or bytes").optional()
val isoOut by option<Path>("--iso-out", "DIR", "where the images of those discs go").optional()
val sample by flag("--sample", "try it on the sample disk, and restore that bit for bit")

if (!sample && drives.isEmpty() && snapshotOf.isEmpty() && catalogued.isEmpty())
  usage("give --drive, --snapshot or --catalogue, or --sample")
if ((media != null || isoOut != null) && catalogued.isEmpty()) usage("--media and --iso-out need --catalogue")
if ((media == null) != (isoOut == null)) usage("--media and --iso-out go together")
if (catalogued.any { it.substringBefore('=').isBlank() || '=' !in it }) usage("say --catalogue NAME=DIR")
if (!sample && drives.isNotEmpty() && storeDir == null) usage("--drive needs --store")
if (snapshotOf.isNotEmpty() && snapshotRoot == null && storeDir == null)
  usage("say where snapshots go: --snapshot-root or --store")
if (bitmap != null && drives.none { it.startsWith("nbd") }) usage("--bitmap needs a --drive nbd://HOST/EXPORT")
if (share != null && (verify != Verify.SAMPLE || sample)) usage("--share fits --verify sample")
if ((timeout != null || bandwidth != null) && drives.none { it.startsWith("ssh://") }) usage("--timeout and --bandwidth need a --drive ssh://HOST/PATH")
if (name != null && drives.size > 1) usage("--name fits one --drive")

val backup by lazy {
  storeDir?.let { store(it) }
    ?: store(home.resolve("sample-store")).also { if (!it.reachable) it.create() }
}
var failed: blksh.BlkshException? = null
val captured =
  if (sample) {
    val disks = listOf(sampleDisk(1), sampleDisk(2))
    val made = disks.map { backup.capture(it, "sample") }
    show(made)
    if (!dryRun)
      for ((disk, capture) in disks.zip(made)) {
        val copy = home.resolve("samples").resolve("restored.img")
        backup.restore(capture.manifest, to = "$copy", onlyChanged = true)
        if (same(disk.path, copy)) println("${capture.manifest} restored: identical to ${disk.name}")
        else finding("${capture.manifest} does not restore to what ${disk.name} is")
      }
    made
  } else if (drives.isEmpty()) {
    listOf()
  } else {
    // One that cannot be captured is a finding, and keeps nothing else from being done.
    try {
      val all = backup.captureAll(drives, listOfNotNull(name), sudo, skipFree, bitmap = bitmap, timeout = timeout, bandwidth = bandwidth)
      show(all)
      all.mapNotNull { it.captured }
    } catch (none: blksh.BlkshException) {
      if (!backup.reachable) throw none
      failed = none // told once all else is done
      listOf()
    }
  }

val kept by lazy { snapshotRoot?.let { snapshots(it) } ?: snapshots(backup) }
val taken = if (snapshotOf.isEmpty()) null else kept.take(snapshotOf, exclude = exclude)
if (taken != null) show(taken)
val inStore = taken.takeIf { snapshotRoot == null }

val verified = if ((sample || storeDir != null) && !dryRun) backup.verify(if (sample) Verify.FULL else verify, share) else null
if (verified != null) show(verified)

for (word in catalogued) {
  val catalogue = catalogue(word.substringBefore('='))
  if (dryRun) {
    println("would scan ${word.substringAfter('=')} into $catalogue")
    continue
  }
  try {
    show(catalogue.scan(word.substringAfter('=')))
    if (media != null) show(catalogue.segment(media!!).writeIso("$isoOut"))
  } catch (stopped: blksh.task.CancelledException) {
    throw stopped
  } catch (none: blksh.BlkshException) {
    finding("$word: ${none.message}")
  }
}

// A pattern would drop versions of others.
fun only(name: String) = name.replace(Regex("[*?]"), "\\\\$0")
val rules = listOf(last, hourly, daily, weekly, monthly, yearly, within)
val series =
  captured.map { it.manifest.name to false } +
    listOfNotNull(inStore).map { it.snapshot.name.substringBefore('@') to true }
val forgets = series.isNotEmpty() && (rules.any { it != null } || tagged.isNotEmpty())
// What was whole until now may be the last that is.
val sound = captured.all { it.bad.isEmpty() } && verified?.lossless != false
if (forgets && !sound) finding("nothing was dropped: see to what is damaged first")
if (forgets && sound) {
  for ((each, trees) in series.distinct())
    show(backup.forget(only(each), last, hourly, daily, weekly, monthly, yearly, within, tagged, trees))
  if ("$storeDir".startsWith("s3://")) println("a store in a bucket is not compacted: what was dropped stays in its trash")
  else try {
    show(backup.compact(grace = grace))
  } catch (stopped: blksh.task.CancelledException) {
    throw stopped
  } catch (refused: blksh.BlkshException) {
    finding("${refused.message}")
  }
}

failed?.let { throw it }

if (sample || storeDir != null) backup else if (snapshotOf.isNotEmpty()) kept else catalogues.filter { it.exists }
