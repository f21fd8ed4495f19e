// The runbook for every night: captures drives into a store, drops old versions, verifies, and sums
// it all up. Ends with status 3 when a sector was unreadable or the store is damaged.
// Copy it and make it yours.
val storeDir by option<Place>("--store", "DIR", "the store's directory; made where none is yet").optional()
val drives by repeated<String>("--drive", "SOURCE", "a drive or a file to capture", required = false)
val name by option<String>("--name", "NAME", "what to call it (default HOST.DRIVE)").optional()
val skipFree by flag("--skip-free", "leave out what the file systems do not use")
val keep by option<Int>("--keep-last", "N", "versions to keep of each name").optional()
val verify by option<Verify>("--verify", "MODE", "how thoroughly to verify", Verify.SAMPLE)
val sample by flag("--sample", "try it on the sample disk, and restore that bit for bit")

if (!sample && (storeDir == null || drives.isEmpty())) usage("give --store and --drive, or --sample")
if (name != null && drives.size > 1) usage("--name fits one --drive")

val backup =
  storeDir?.let { store(it) }
    ?: store(home.resolve("sample-store")).also { if (!it.reachable) it.create() }
val sources = if (sample) listOf(sampleDisk(1), sampleDisk(2)) else drives.map { drive(it) }
val captured =
  sources.map {
    backup.capture(it, name ?: if (sample) "sample" else "$host.${it.name}", skipFree && !sample)
  }
show(captured)

if (sample && !dryRun) {
  for ((disk, capture) in sources.zip(captured)) {
    val copy = home.resolve("samples").resolve("restored.img")
    backup.restore(capture.manifest, to = "$copy", onlyChanged = true)
    if (same(disk.path, copy)) println("${capture.manifest} restored: identical to ${disk.name}")
    else finding("${capture.manifest} does not restore to what ${disk.name} is")
  }
}

keep?.let { count -> captured.map { it.manifest.name }.distinct().forEach { backup.keepLast(it, count) } }

if (!dryRun) show(backup.verify(if (sample) Verify.FULL else verify))
backup
