// Lists what a store holds: every captured version, or those of one name.
// Ends with status 3 when there are versions that cannot be read.
val name by positional<String>("NAME", "only this name").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory")

val from = existingStore(storeDir)
from.unreadable.forEach { finding(it) }
name?.let { from.versions(it) } ?: from.manifests
