// Has packs and manifests of a store parity, by which repair makes again what was lost of them: what is
// written from now on, and what is there. Captures, restores and mounts go on meanwhile; it may be
// interrupted at any time, and the next goes on. Ends with status 3 when something is damaged, which gets none.
val parity by positional<Percent>("PERCENT", "how much of each may be lost, 1% to 50%; 0% removes what there is; without it what is missing is made").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).protect(parity)
