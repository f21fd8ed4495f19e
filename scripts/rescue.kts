// Copies a failing drive or file as ddrescue does: what is easy to read first, the worst places last.
// Stop it at any time; the same command goes on, and so does ddrescue with the copy and its map.
// A drive is written only with --overwrite, each time, and when nobody uses it.
// Ends with status 3 when something could not be read.
val source by positional<String>("SOURCE", "the drive or file to rescue, also ssh://HOST/PATH or nbd://HOST/EXPORT")
val copy by positional<Path>("COPY", "the file or drive to copy it to")
val map by option<Path>("--map", "FILE", "the mapfile (default COPY.map; of a drive it must be named)").optional()
val overwrite by flag("--overwrite", "write over a drive, or over a file that is no such copy")
val sudo by flag("--sudo", "read a drive of another machine, ssh://HOST/PATH, as root by sudo there")
val retries by option<Int>("--retries", "N", "how often to try bad sectors again", 0)
val reverse by flag("--reverse", "begin at the end")
val timeout by option<java.time.Duration>("--timeout", "TIME", "give up when nothing could be read for so long").optional()
val minRate by option<Size>("--min-rate", "SIZE", "leave what reads slower a second for later").optional()

val medium = cache(drive(source, sudo), copy, map ?: Path.of("$copy.map"), overwrite)
val rescued = medium.rescue(retries, reverse, timeout ?: java.time.Duration.ZERO, minRate ?: 0.B)
show(medium.map)
rescued
