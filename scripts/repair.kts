// Makes again what verify found damaged in a store: by its parity, where it has some, and of the rest what versions
// need from the same pages in another store; each is proven by its digest. Captures, restores and mounts go on
// meanwhile; it may be interrupted at any time. Ends with status 3 when something is still lost.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val other by option<Place>("--from", "DIR", "another store that has some of the same contents; it is only read").optional()

existingStore(storeDir).repair(other?.let { existingStore(it) })
