// Says how well a store is: what of it was verified lately, which damage is not healed, how much nobody
// needs, when each name was captured last. Ends with status 3 when something is overdue: damage, packs that
// nobody has verified for 90 days, or with --captured names that were not captured within an age.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val captured by option<String>("--captured", "AGE", "each name should have been captured within, such as 2d").optional()

val health = existingStore(storeDir).health(captured)
show(health.map)
health
