// Serves a drive, an image, a version or a whole store over NBD, to qemu, nbdcopy, nbdfuse and their like.
val what by positional<String>("SOURCE", "a drive or a file, a store's directory, or NAME[@VERSION] with --store")
val storeDir by option<Place>("--store", "DIR", "the store that holds NAME").optional()
val partition by option<String>("--partition", "P", "one partition of it, such as p1").optional()
val overlay by option<Path>("--overlay", "FILE", "a file that takes what is written; without one nothing can be").optional()
val socket by option<Path>("--socket", "PATH", "a Unix socket; one in the home directory by default").optional()
val port by option<Int>("--port", "N", "a port of this machine instead, 0 for one that is free").optional()
val sudo by flag("--sudo", "read a drive of another machine, ssh://HOST/PATH, as root by sudo there")
val background by flag("--background", "go on serving, by a process of its own")

val served = if (storeDir == null && store(what).reachable) {
  if (overlay != null || partition != null) usage("a whole store is served read-only; name a version for --overlay or --partition")
  serve(store(what), socket, port, background)
} else {
  serve(source(what, storeDir, partition, sudo), socket, port, overlay, background)
}
if (!background) {
  show(served)
  served.await()
}
if (background) served else null
