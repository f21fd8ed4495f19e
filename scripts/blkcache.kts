// Serves the discs of a drive, one after another, as a file that is read through a cache: what was
// read once is never read from the disc again, and a disc that comes back goes on where it stopped.
// Waits for a disc, ends when it is taken out, and waits for the next, until Ctrl-C or a TERM, HUP or
// QUIT. The bytes are kept in FILE.cache.FINGERPRINT~ with a map beside it that ddrescue understands.
enum class Level { DEBUG, INFO, WARNING, ERROR }

val device by positional<Path>("DEVICE", "the drive, such as /dev/sr0")
val file by positional<Path>("FILE", "where the image of the disc appears")
val block by option<Size>("-b/--block-size", "BLOCK", "what a single read takes at least (default: the device's own)").optional()
val keep by flag("-k/--keep-cache", "keep the cache of a disc when it is taken out, as is done anyway")
val forget by flag("--no-keep-cache", "delete it then")
val level by option<Level>("--log-level", "LEVEL", "the least important of what to tell", Level.INFO)
val fill by flag("--fill", "read the whole disc in the background")
val rescue by flag("--rescue", "read around bad sectors too, as ddrescue does")
val nbd by option<Path>("--nbd", "SOCKET", "serve it over NBD on this socket as well").optional()

if (keep && forget) usage("--keep-cache and --no-keep-cache exclude each other")
if (file.toFile().exists()) usage("$file exists already: choose a name nothing has yet")
val tells = level <= Level.INFO
if (level == Level.DEBUG) println("waiting for a disc in $device")
// A block is never smaller than a sector of the device.
caches.watch(device, file, block ?: 512.B, keep = !forget) { visit ->
  visit.cache.appear(file).use {
    if (tells) println("$file: ${visit.cache.size} of medium ${visit.medium}, ${visit.cache.read} read before")
    if (level == Level.DEBUG) println("kept in ${visit.file}, its map in ${visit.cache.mapFile}")
    val server = nbd?.let { socket -> serve(visit.cache, socket) }
    try {
      val rescued = if (rescue) visit.cache.rescue() else if (fill) visit.cache.fill() else null
      if (tells && rescued != null) show(rescued)
      visit.awaitRemoval()
    } finally {
      server?.unmount()
    }
  }
}
