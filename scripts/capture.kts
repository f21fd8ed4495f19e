// Captures a drive, an image, standard input or what a command writes as the next version of a name.
val source by positional<String>("SOURCE", "a drive or a file, or - for standard input").optional()
val storeDir by option<Place>("--store", "DIR", "the store's directory; made where none is yet")
val name by option<String>("--name", "NAME", "what to call it, such as server01.sda")
val image by flag("--image", "open a file by its content: an image as partclone makes, compressed, split")
val partition by option<String>("--partition", "P", "one partition of it, such as p1 or sda1").optional()
val skipFree by flag("--skip-free", "leave out what its file systems do not use")
val allowEmpty by flag("--allow-empty", "take a stream that delivers nothing for what is meant")
val command by rest("COMMAND", "instead of SOURCE, a command whose output is captured if it ends with status 0", required = false)

val word = source
if ((word == null) == command.isEmpty()) usage("give a SOURCE or, after --, a COMMAND")
if (word == null && (image || partition != null)) usage("--image and --partition fit a SOURCE")
val input =
  when {
    word == null -> output(*command.toTypedArray())
    image || partition != null -> source(word, null, partition)
    else -> source(word)
  }
store(storeDir).capture(input, name, skipFree, allowEmpty)
