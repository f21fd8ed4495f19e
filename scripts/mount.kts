// Mounts a drive, an image, a version or a whole store, for other programs to read as files.
val what by positional<String>("SOURCE", "a drive or a file, ssh://HOST/PATH, nbd://HOST/EXPORT, a store's directory, also one of diskdump, or NAME[@VERSION] with --store")
val dir by positional<Path>("DIR", "an empty directory, or one to be made")
val storeDir by option<Place>("--store", "DIR", "the store that holds NAME").optional()
val partition by option<String>("--partition", "P", "one partition of it, such as p1").optional()
val overlay by option<Path>("--overlay", "FILE", "a file that takes what is written; without one nothing can be").optional()
val pageCache by flag("--page-cache", "have the kernel remember what was read")
val allowOther by flag("--allow-other", "let other users see it")
val fileSystem by flag("--file-system", "mount the file system inside, read-only; as root")
val sudo by flag("--sudo", "read a drive of another machine, ssh://HOST/PATH, as root by sudo there")
val background by flag("--background", "leave it mounted, by a process of its own")

val mounted = if (storeDir == null && store(what).reachable) {
  if (overlay != null || partition != null) usage("a whole store is mounted read-only; name a version for --overlay or --partition")
  mount(store(what), dir, pageCache, allowOther, background)
} else if (storeDir == null && stores.diskdump(what).reachable) {
  if (overlay != null || partition != null) usage("a whole store is mounted read-only; name a dump with --store for --overlay or --partition")
  mount(stores.diskdump(what), dir, pageCache, allowOther, background)
} else if (fileSystem) {
  source(what, storeDir, partition, sudo).mountFileSystem(dir, background)
} else {
  mount(source(what, storeDir, partition, sudo), dir, overlay, pageCache, allowOther, background)
}
if (!background) {
  show(mounted)
  mounted.await()
}
if (background) mounted else null
