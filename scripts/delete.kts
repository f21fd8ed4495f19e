// Removes one captured version; its pages stay for later captures to share.
val reference by positional<String>("NAME@VERSION", "the version to remove")
val storeDir by option<Place>("--store", "DIR", "the store's directory")

if ('@' !in reference) usage("say which version of $reference to remove: $reference@VERSION")
existingStore(storeDir).delete(reference)
