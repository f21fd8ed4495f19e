// Makes a new, empty store.
val storeDir by option<Place>("--store", "DIR", "the directory, new or empty; or s3://BUCKET/PREFIX")
val codec by option<Codec>("--codec", "CODEC", "how what is captured is compressed, such as zstd or zstd-9", Codec.LZ4)
val pageSize by option<Size>("--page-size", "SIZE", "of the pages of which each is kept once, 4K to 64K; never changes", 4.KiB)
val parity by option<Percent>("--parity", "PERCENT", "how much of each pack and manifest may be lost and comes back by repair, 1% to 50%").optional()
val encrypt by flag("--encrypt", "nobody reads it without a key: --key-file, --key-command, BLKSH_KEY_FILE, or a passphrase that is asked for")
val sheet by option<Path>("--sheet", "FILE", "with --encrypt, write the recovery sheet to a new file; else it is shown at the terminal").optional()

if (sheet != null && !encrypt) usage("--sheet needs --encrypt")
store(storeDir).create(codec, pageSize, parity ?: 0.percent, encrypt, sheet)
