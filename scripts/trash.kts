// Lists the versions that were deleted and can be taken back, until the store is compacted.
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).trash
