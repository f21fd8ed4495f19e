// Lists the versions that were deleted and can be taken back, until the store is compacted. With --purge it
// removes one of them for good, as one that cannot be read and that a grace keeps.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val purge by option<String>("--purge", "NAME@VERSION", "remove this one for good").optional()

val from = existingStore(storeDir)
purge?.let { from.purge(it) } ?: from.trash
