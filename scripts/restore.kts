// Restores a captured version to a file, a drive or standard output; also of another machine: ssh://HOST/PATH.
// What was interrupted goes on with --only-changed, which writes nothing that is there already.
val reference by positional<String>("NAME[@VERSION]", "what to restore; the newest without a version")
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val to by option<String>("--to", "TARGET", "a file or a drive, ssh://HOST/PATH, or - for standard output")
val overwrite by flag("--overwrite", "write over what is there")
val onlyChanged by flag("--only-changed", "write over what is there, but only where it differs")
val anySectors by flag("--any-sectors", "let a partition table go to a drive whose sectors it does not count in")
val sudo by flag("--sudo", "write to another machine as root, by sudo there")
val partitions by repeated<String>("--partition", "NAME", "only this one, p1 or its label, into the same one there; may be given again", required = false)
val fit by flag("--fit", "let it go to a drive of another size, if its partitions fit")
val verify by flag("--verify", "read back what was written, and compare it")
val timeout by option<java.time.Duration>("--timeout", "TIME", "of ssh://…, how long to wait for the machine before it is given up, such as 90s or 2h").optional()
val bandwidth by option<Size>("--bandwidth", "SIZE", "of ssh://…, what may be moved in a second, both ways, such as 5M").optional()

existingStore(storeDir)
  .restore(reference, to, overwrite, onlyChanged, anySectors, sudo, timeout, bandwidth, partitions, fit, verify)
