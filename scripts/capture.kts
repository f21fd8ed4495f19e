// Captures a drive, an image or standard input as the next version of a name.
val source by positional<String>("SOURCE", "a drive or a file, or - for standard input")
val storeDir by option<Path>("--store", "DIR", "the store's directory, made when it is new")
val name by option<String>("--name", "NAME", "what to call it, such as server01.sda")
val skipFree by flag("--skip-free", "leave out what its file systems do not use")

store(storeDir).capture(source(source), name, skipFree)
