// Gives back the space of what no version in a store needs, and empties its trash. Captures, restores and
// mounts go on meanwhile; it may be interrupted at any time.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val threshold by option<Percent>("--threshold", "PERCENT", "write packs anew of which so much is unused", 25.percent)
val grace by option<String>("--grace", "AGE", "leave in the trash what was deleted within an age, such as 7d").optional()
val recompress by flag("--recompress", "compress all of the packs written anew as the store compresses now")

existingStore(storeDir).compact(threshold, grace, recompress)
