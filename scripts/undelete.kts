// Takes a deleted version back, as it was. What can be taken back, trash lists.
val reference by positional<String>("NAME@VERSION", "the version to take back")
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).undelete(reference)
