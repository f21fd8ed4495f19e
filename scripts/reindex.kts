// Makes a store's indexes again from its packs and manifests.
val storeDir by option<Path>("--store", "DIR", "the store's directory")

existingStore(storeDir).reindex()
