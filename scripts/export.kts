// Writes versions of a store as dumps, which diskdump 0.1.5 restores and verifies. What it has no words for,
// snapshots of file trees and bytes that could not be read, is left out and named, with status 3.
val names by repeated<String>("NAME", "", "which versions: all of a name, with * as in a shell")
val storeDir by option<Place>("--store", "PLACE", "where the store is")
val to by option<Path>("--to", "DIR", "the directory of a store of diskdump; made where none is yet")

existingStore(storeDir).export(to, *names.toTypedArray())
