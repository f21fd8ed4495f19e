// Captures a drive, an image or standard input as the next version of a name.
val source by positional<String>("SOURCE", "a drive or a file, or - for standard input")
val storeDir by option<Place>("--store", "DIR", "the store's directory, made when it is new")
val name by option<String>("--name", "NAME", "what to call it, such as server01.sda")
val image by flag("--image", "open a file by its content: an image as partclone makes, compressed, split")
val partition by option<String>("--partition", "P", "one partition of it, such as p1 or sda1").optional()
val skipFree by flag("--skip-free", "leave out what its file systems do not use")

val input = if (image || partition != null) source(source, null, partition) else source(source)
store(storeDir).capture(input, name, skipFree)
