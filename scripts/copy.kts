// Copies versions from one store to another: of each what that does not have, proven, with dates, numbers and
// what was said of them. What is there already is not copied again, so a copy that was interrupted goes on.
// Ends with status 3 when a version is damaged, or has no place there; each is named.
val names by positional<String>("PATTERN", "only these names: * stands for any characters, ? for one").optional()
val storeDir by option<Place>("--store", "DIR", "the store to copy from; one that may only be read will do")
val to by option<Place>("--to", "DIR", "the store to copy to; made where none is yet")

existingStore(storeDir).copyTo(store(to), names ?: "*")
