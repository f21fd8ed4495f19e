// Brings the dumps of a store of diskdump into a store: all of them, with dates, names and order. What is
// there already is not brought again. Ends with status 3 when a dump lacks something; each is named.
val from by positional<Place>("DIR", "the directory diskdump had as DISKDUMP_BASE, or was run in")
val storeDir by option<Place>("--store", "PLACE", "where the store is; made where none is yet")

store(storeDir).import(stores.diskdump(from))
