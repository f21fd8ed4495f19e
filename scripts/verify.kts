// Checks that a store holds what was written to it; ends with status 3 when it does not.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val mode by option<Verify>("--mode", "MODE", "how thoroughly", Verify.FULL)
val sample by option<Percent>("--sample", "PERCENT", "how much of it in sample mode", 5.percent)

existingStore(storeDir).verify(mode, sample)
