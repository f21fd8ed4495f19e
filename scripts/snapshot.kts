// Takes a snapshot of directories and files: into a directory, where it is a directory of hard links
// that needs no tool to be read, or into a store. What did not change since the last is not read.
// Ends with status 3 when something could not be read; each such thing is named.
val targets = positionals<Path>("TARGET", "a directory or a file to take")
val to by option<Path>("--to", "DIR", "the directory of the snapshots").optional()
val storeDir by option<Place>("--store", "PLACE", "a store instead").optional()
val name by option<String>("--name", "NAME", "what to call it (default: the time)").optional()
val exclude by repeated<String>("--exclude", "GLOB", "what to leave out, as in a .gitignore file", required = false)
val tags by repeated<String>("--tag", "WORD", "what it can be kept by", required = false)
val oneFileSystem by flag("--one-file-system", "leave out what is mounted below the targets")
val heedMarks by flag("--heed-marks", "leave out what is in directories with .nobackup or a CACHEDIR.TAG")
val largest by option<Size>("--largest", "SIZE", "leave out larger files").optional()

if ((to == null) == (storeDir == null)) usage("say where: --to DIR, or --store PLACE")
val kept = to?.let { snapshots(it) } ?: snapshots(store(storeDir!!))
kept.take(
  targets.map { it.value },
  name,
  exclude,
  tags = tags,
  oneFileSystem = oneFileSystem,
  heedMarks = heedMarks,
  largest = largest,
)
