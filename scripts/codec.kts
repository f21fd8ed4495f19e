// Has a store compress what is captured from now on in another way. What is there stays as it is;
// what a compaction takes apart for its dead pages is compressed anew, with --recompress all of such a pack.
val codec by positional<Codec>("CODEC", "raw, lz4, zstd, zstd-LEVEL, auto or auto-LEVEL, with a level from 1 to 22")
val storeDir by option<Place>("--store", "DIR", "the store's directory")

existingStore(storeDir).compressBy(codec)
