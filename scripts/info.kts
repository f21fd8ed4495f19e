// Describes a store, or one captured version in it.
val reference by positional<String>("NAME[@VERSION]", "the version to describe").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory")

val backup = existingStore(storeDir)
reference?.let { backup.manifest(it) } ?: backup
