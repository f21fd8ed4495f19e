// Makes a new, empty store.
val storeDir by option<Place>("--store", "DIR", "the directory, new or empty")
val codec by option<Codec>("--codec", "CODEC", "how what is captured is compressed, such as zstd or zstd-9", Codec.LZ4)

store(storeDir).create(codec)
