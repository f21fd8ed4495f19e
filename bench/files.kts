// Finds every file inside an image, or copies all of it out.
val path by positional<Path>("IMAGE", "the image")
val to by option<Path>("--to", "DIR", "where a copy appears (default: files are only found)").optional()

val files = image(path).files
mapOf("found" to (to?.let { files.copy("$it"); 0 } ?: files.find("*").size))
