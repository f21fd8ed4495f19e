// A workspace of three stores and thousands of captured versions, to explore.
val count by option<Int>("--count", "N", "versions in each", default = 1667)

val image = home.resolve("tiny.img")
for (name in listOf("main", "archive", "offsite")) {
  val store = store(home.resolve(name))
  for (i in 0 until count) {
    image.toFile().writeText("version $i")
    store.capture(drive(image), name = "server%02d.sd%s".format(i % 40, "ab"[i / 40 % 2]))
  }
}
manifests.size
