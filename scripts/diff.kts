// Compares two captured versions: where their bytes differ, or with --files what became of the files in them.
val from by positional<String>("FROM", "NAME[@VERSION]")
val to by positional<String>("TO", "NAME[@VERSION]")
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val files by flag("--files", "files added, removed, changed and moved, with sizes, of disks partition by partition")
val partition by option<String>("--partition", "NAME", "of --files, only this partition: p1").optional()
val contents by flag("--contents", "of --files, read also what has the same path, size, date and inode")

if ((partition != null || contents) && !files) usage("--partition and --contents need --files")
if (files) existingStore(storeDir).diffFiles(from, to, partition, contents) else existingStore(storeDir).diff(from, to)
