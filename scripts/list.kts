// Lists what a store holds: every captured version, or those of one name.
val name by positional<String>("NAME", "only this name").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory")

val all = existingStore(storeDir).manifests
name?.let { all[it] } ?: all
