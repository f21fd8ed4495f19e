// Compares two captured versions.
val from by positional<String>("FROM", "NAME[@VERSION]")
val to by positional<String>("TO", "NAME[@VERSION]")
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).diff(from, to)
