// Serves the discs of a drive, one after another, as a file that is read through a cache: what was
// read once is never read from the disc again, and a disc that comes back goes on where it stopped.
// Waits for a disc, ends when it is taken out, and waits for the next, until Ctrl-C. The bytes are
// kept in FILE.cache.FINGERPRINT~ with a map beside it that ddrescue understands.
val device by positional<Path>("DEVICE", "the drive, such as /dev/sr0")
val file by positional<Path>("FILE", "where the image of the disc appears")
val block by option<Size>("-b/--block-size", "SIZE", "what a single read takes at least", 64.KiB)
val forget by flag("-k/--no-keep-cache", "remove the cache of a disc when it is taken out")
val fill by flag("--fill", "read the whole disc in the background")
val rescue by flag("--rescue", "read around bad sectors too, as ddrescue does")
val nbd by option<Path>("--nbd", "SOCKET", "serve it over NBD on this socket as well").optional()

if (file.toFile().exists()) usage("$file exists already: choose a name nothing has yet")
caches.watch(device, file, block) { visit ->
  visit.cache.appear(file).use {
    println("$file: ${visit.cache.size} of medium ${visit.medium}, ${visit.cache.read} read before")
    val server = nbd?.let { socket -> serve(visit.cache, socket) }
    try {
      if (rescue) show(visit.cache.rescue()) else if (fill) show(visit.cache.fill())
      visit.awaitRemoval()
    } finally {
      server?.unmount()
    }
  }
  if (forget) visit.cache.discard()
}
