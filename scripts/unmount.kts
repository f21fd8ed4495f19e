// Takes away what blksh has mounted or serves, whichever process does.
val place by positional<String>("PLACE", "the directory, or the address or socket of a server")

unmount(place)
