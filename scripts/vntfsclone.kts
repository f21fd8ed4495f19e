// Shows a backup of an NTFS volume, as ntfsclone --save-image makes it, as the partition it was, as
// the vntfsclone of pypartclone does. With -m it is a file for other programs to check and to mount,
// served by a process that stays until it is unmounted. It proves, restores and converts, too, and
// takes every image that vpartclone takes; without an option it describes one.
val asked = virtualPartitions()
val path by
  positional<Path>("IMAGE", "the image, the first part of a split one, the directory, or - for standard input")

asked.run("vntfsclone", path)
