// Makes a store's indexes again from its packs and manifests.
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).reindex()
