// The runbook for every night: captures drives into a store, takes snapshots of directories, drops old
// versions, verifies, and sums it all up. Ends with status 3 when something was unreadable or the store is
// damaged.
// Copy it and make it yours.
val storeDir by option<Place>("--store", "DIR", "the store's directory; made where none is yet").optional()
val drives by repeated<String>("--drive", "SOURCE", "a drive or a file to capture", required = false)
val name by option<String>("--name", "NAME", "what to call it (default HOST.DRIVE)").optional()
val skipFree by flag("--skip-free", "leave out what the file systems do not use")
val keep by option<Int>("--keep-last", "N", "versions to keep of each name").optional()
val verify by option<Verify>("--verify", "MODE", "how thoroughly to verify", Verify.SAMPLE)
val snapshotRoot by option<Path>("--snapshot-root", "DIR", "where snapshots go (default: the store)").optional()
val snapshotOf by several<Path>("--snapshot", "TARGET", "a directory or a file to take a snapshot of", required = false)
val exclude by several<String>("--exclude", "GLOB", "what to leave out of that, as in a .gitignore file", required = false)
val sample by flag("--sample", "try it on the sample disk, and restore that bit for bit")

if (!sample && drives.isEmpty() && snapshotOf.isEmpty()) usage("give --drive or --snapshot, or --sample")
if (!sample && drives.isNotEmpty() && storeDir == null) usage("--drive needs --store")
if (snapshotOf.isNotEmpty() && snapshotRoot == null && storeDir == null)
  usage("say where snapshots go: --snapshot-root or --store")
if (name != null && drives.size > 1) usage("--name fits one --drive")

val backup by lazy {
  storeDir?.let { store(it) }
    ?: store(home.resolve("sample-store")).also { if (!it.reachable) it.create() }
}
val sources = if (sample) listOf(sampleDisk(1), sampleDisk(2)) else drives.map { drive(it) }
val captured =
  sources.map {
    backup.capture(it, name ?: if (sample) "sample" else "$host.${it.name}", skipFree && !sample)
  }
if (captured.isNotEmpty()) show(captured)

if (sample && !dryRun) {
  for ((disk, capture) in sources.zip(captured)) {
    val copy = home.resolve("samples").resolve("restored.img")
    backup.restore(capture.manifest, to = "$copy", onlyChanged = true)
    if (same(disk.path, copy)) println("${capture.manifest} restored: identical to ${disk.name}")
    else finding("${capture.manifest} does not restore to what ${disk.name} is")
  }
}

val kept by lazy { snapshotRoot?.let { snapshots(it) } ?: snapshots(backup) }
if (snapshotOf.isNotEmpty()) show(kept.take(snapshotOf, exclude = exclude))

keep?.let { count -> captured.map { it.manifest.name }.distinct().forEach { backup.keepLast(it, count) } }

if (sample || storeDir != null) {
  if (!dryRun) show(backup.verify(if (sample) Verify.FULL else verify))
  backup
} else {
  kept
}
