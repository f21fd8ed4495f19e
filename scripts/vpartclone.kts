// Shows a backup of a partition as the partition it was, as the vpartclone of pypartclone does: an
// image of partclone, ntfsclone or partimage, raw or ISO, plain, compressed or split; one of a
// directory of Clonezilla's; or the disk of a virtual machine. With -m it is a file for other
// programs to check and to mount, served by a process that stays until it is unmounted. It proves
// images, restores and converts them, too; without an option it describes one.
val asked = virtualPartitions()
val index by
  option<Int>(
      "-i/--index_size",
      "BLOCKS",
      "1000 or more, in eights; is checked, and changes nothing: the index needs little memory",
    )
    .optional()
val path by
  positional<Path>("IMAGE", "the image, the first part of a split one, the directory, or - for standard input")

index?.let {
  if (it < 1000) usage("--index_size $it is too small; it is 1000 or more")
  if (it % 8 != 0) usage("--index_size $it is no multiple of 8")
}
asked.run("vpartclone", path)
