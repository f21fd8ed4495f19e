// Captures a small file over and over under one name, and times what looks through its versions.
val count by option<Int>("--versions", "N", "how many versions", 10_000)
val storeDir by option<Place>("--store", "DIR", "a new directory, best where syncing costs nothing")

val backup = store(storeDir).create()
val file = home.resolve("samples/small.img")
java.nio.file.Files.createDirectories(file.parent)

/** Milliseconds something takes, the best of three. */
fun best(what: () -> Unit): Double =
  (1..3).minOf {
    val began = System.nanoTime()
    what()
    (System.nanoTime() - began) / 1e6
  }

fun once(what: () -> Unit): Double {
  val began = System.nanoTime()
  what()
  return (System.nanoTime() - began) / 1e6
}

val made = once {
  for (i in 1..count) {
    java.nio.file.Files.writeString(file, "version $i")
    backup.capture(drive(file), "small")
  }
}
val listed = best { check(backup.manifests["small"].size == count) }
val keys = best { check(backup.manifests["small"].keys.size == count) }
val newest = best { check(backup.manifest("small").version == count) }
val judged = once { backup.forget("small", keepLast = count) }
val forgot = once { backup.forget("small", keepLast = 10) }
check(backup.manifests["small"].size == 10)
mapOf(
  "versions" to count,
  "capture" to made / count,
  "list" to listed,
  "keys" to keys,
  "newest" to newest,
  "forget nothing" to judged,
  "forget all but 10" to forgot,
)
