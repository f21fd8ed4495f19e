// Serves a drive, an image, a version or a whole store over NBD, to qemu, nbdcopy, nbdfuse and their like:
// programs of this machine, or with --listen and --tls those of others.
val what by positional<String>("SOURCE", "a drive or a file, ssh://HOST/PATH, nbd://HOST/EXPORT, a store's directory, or NAME[@VERSION] with --store")
val storeDir by option<Place>("--store", "DIR", "the store that holds NAME").optional()
val partition by option<String>("--partition", "P", "one partition of it, such as p1").optional()
val overlay by option<Path>("--overlay", "FILE", "a file that takes what is written; without one nothing can be").optional()
val socket by option<Path>("--socket", "PATH", "a Unix socket; one in the home directory by default").optional()
val port by option<Int>("--port", "N", "a port of this machine instead, 0 for one that is free").optional()
val listen by option<String>("--listen", "ADDRESS", "an address whose port it is, such as 0.0.0.0, for other machines; needs --tls").optional()
val tls by several<Path>("--tls", "CERT KEY", "serve by TLS only: the server's certificate and its key, as PEM", required = false)
val clients by option<Path>("--clients", "CA", "let in only who shows a certificate that this one signed").optional()
val insecure by flag("--insecure", "let other machines read it without TLS")
val sudo by flag("--sudo", "read a drive of another machine, ssh://HOST/PATH, as root by sudo there")
val background by flag("--background", "go on serving, by a process of its own")

if (tls.size !in listOf(0, 2)) usage("--tls takes two files: CERT KEY")
if (clients != null && tls.isEmpty()) usage("--clients needs --tls")
val shown = if (tls.isEmpty()) null else Tls(tls[0], tls[1], clients)

val served = if (storeDir == null && store(what).reachable) {
  if (overlay != null || partition != null) usage("a whole store is served read-only; name a version for --overlay or --partition")
  serve(store(what), socket, port, background, listen, shown, insecure)
} else {
  serve(source(what, storeDir, partition, sudo), socket, port, overlay, background, listen, shown, insecure)
}
if (!background) {
  show(served)
  served.await()
}
if (background) served else null
