// Says what a store takes, and each version: its own and what it shares, what it brought, and what changed.
val names by positional<String>("PATTERN", "only these names: * stands for any characters, ? for one").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).figures(names ?: "*")
