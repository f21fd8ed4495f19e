// Describes, proves, restores or converts a backup of a partition: an image of partclone, ntfsclone
// or partimage, raw or ISO, plain, compressed or split; one of a directory of Clonezilla's; or the
// disk of a virtual machine. Or mounts it, for other programs to read as a file.
val path by positional<Path>("IMAGE", "the image, the first part of a split one, the directory, or - for standard input")
val part by option<String>("--partition", "NAME", "of a directory or a disk: sda1, p1").optional()
val verify by flag("-v/--verify", "read all of it and prove what has a checksum")
val restore by option<String>("--restore", "FILE", "write what was backed up to a file or drive").optional()
val convert by option<String>("--convert", "FILE", "write it as a new image").optional()
val format by option<ImageFormat>("--format", "FORMAT", "of the new image", ImageFormat.PARTCLONE)
val checksum by option<Checksum>("--checksum", "KIND", "of the new image", Checksum.CRC32)
val compression by
  option<ImageCompression>("--compression", "KIND", "of the new image", ImageCompression.NONE)
val mountOn by option<Path>("-m", "DIR", "mount it there, until Ctrl-C").optional()
val overlay by option<Path>("--overlay", "FILE", "with -m: a file that takes what is written").optional()
val overwrite by flag("--overwrite", "write over what is there")
val tolerant by flag("--tolerant", "read what is damaged as it is")
val raw by flag("--raw", "take it for the bytes of a partition, whatever it begins with")
val snapshot by option<String>("--snapshot", "NAME", "of a qcow2 image: the snapshot inside that is meant").optional()
val elsewhere by flag("--elsewhere", "follow what a virtual disk names outside its directory")
val c by flag("-c", "unneeded: what has a checksum is always proven")
val i by option<String>("-i", "SIZE", "unneeded: the index of blocks is always whole").optional()

val name = part
val whole = image(path, tolerant, raw, snapshot, elsewhere)
val chosen = if (name != null && whole.members.isNotEmpty()) whole[name] else whole
val source: Source =
  if (name != null && whole.members.isEmpty()) whole.partitions[name] else chosen

val dir = mountOn
if (overlay != null && dir == null) usage("--overlay goes with -m")
if (dir != null) {
  val mounted = mount(source, dir, overlay)
  show(mounted)
  mounted.await()
}

val done =
  listOfNotNull(
    if (verify) chosen.verify() else null,
    restore?.let { source.restore(it, overwrite) },
    convert?.let { source.convert(it, format, checksum, compression, overwrite = overwrite) },
  )
if (dir != null) null else if (done.isEmpty()) chosen.info else done.singleOrNull() ?: done
