// Makes a new, empty store.
val storeDir by option<Place>("--store", "DIR", "the directory, new or empty")
val codec by option<Codec>("--codec", "CODEC", "how what is captured is compressed, such as zstd or zstd-9", Codec.LZ4)
val parity by option<Percent>("--parity", "PERCENT", "how much of each pack and manifest may be lost and comes back by repair, 1% to 50%").optional()

store(storeDir).create(codec, parity ?: 0.percent)
