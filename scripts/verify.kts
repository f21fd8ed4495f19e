// Checks that a store holds what was written to it; ends with status 3 when it does not.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val mode by option<Verify>("--mode", "MODE", "how thoroughly: quick, sample or full (default full)").optional()
val sample by option<Percent>("--sample", "PERCENT", "read so much of it, what was verified longest ago first").optional()

if (sample != null && mode != null && mode != Verify.SAMPLE) usage("--sample fits --mode sample")
existingStore(storeDir).verify(mode, sample)
