// Captures a drive, an image, standard input or what a command writes as the next version of a name;
// or many drives at once, also of other machines: ssh://HOST/PATH, of which only what is missing is moved, or
// nbd://HOST/EXPORT, of which with --bitmap only what has changed since the last capture is read.
// Ends with status 3 when something could not be read, or some of many could not be captured.
val sources by repeated<String>("SOURCE", "", "a drive or a file, ssh://HOST/PATH, nbd://HOST/EXPORT, or - for standard input", required = false)
val storeDir by option<Place>("--store", "DIR", "the store's directory, or s3://BUCKET/PREFIX; made where none is yet")
val names by repeated<String>("--name", "NAME", "what to call it, such as server01.sda; of several once for each (default HOST.DRIVE)", required = false)
val sudo by flag("--sudo", "read drives of other machines as root, by sudo there")
val bitmap by option<String>("--bitmap", "NAME", "of nbd://…, the bitmap of QEMU's in which writes were recorded since the last capture").optional()
val timeout by option<java.time.Duration>("--timeout", "TIME", "of ssh://…, how long to wait for the machine before it is given up, such as 90s or 2h").optional()
val bandwidth by option<Size>("--bandwidth", "SIZE", "of ssh://…, what may be moved in a second, both ways, such as 5M").optional()
val image by flag("--image", "open a file by its content: an image as partclone makes, compressed, split")
val partition by option<String>("--partition", "P", "one partition of it, such as p1 or sda1").optional()
val skipFree by flag("--skip-free", "leave out what its file systems do not use")
val allowEmpty by flag("--allow-empty", "take a stream that delivers nothing for what is meant")
val command by rest("COMMAND", "instead of SOURCE, a command whose output is captured if it ends with status 0", required = false)

if (sources.isEmpty() == command.isEmpty()) usage("give a SOURCE or, after --, a COMMAND")
if (sources.isEmpty() && (image || partition != null)) usage("--image and --partition fit a SOURCE")
if (bitmap != null && (sources.size != 1 || partition != null || sudo)) usage("--bitmap fits a single nbd:// SOURCE as a whole")
if (bitmap != null && (timeout != null || bandwidth != null)) usage("--timeout and --bandwidth fit ssh://HOST/PATH")
val backup = store(storeDir)
if (sources.size > 1) {
  if (image || partition != null || "-" in sources) usage("--image, --partition and - fit a single SOURCE")
  if (names.isNotEmpty() && names.size != sources.size) usage("give --name once for each SOURCE, or not at all")
  backup.captureAll(sources, names, sudo, skipFree, timeout = timeout, bandwidth = bandwidth)
} else {
  val word = sources.firstOrNull()
  if (names.size > 1) usage("--name fits once for each SOURCE")
  val remote = word != null && word.substringBefore("://", "") in listOf("ssh", "nbd", "nbds", "nbd+unix", "nbds+unix")
  if (!remote && (timeout != null || bandwidth != null)) usage("--timeout and --bandwidth fit ssh://HOST/PATH")
  if (remote && image) usage("--image fits a file of this machine")
  val name = names.firstOrNull()
  if (name == null && !remote) usage("give --name NAME")
  val input =
    when {
      word == null -> output(*command.toTypedArray())
      bitmap != null -> drive(word, bitmap!!)
      image || partition != null -> source(word, null, partition, sudo, timeout, bandwidth)
      else -> source(word, sudo, timeout, bandwidth)
    }
  backup.capture(input, name ?: "${(input as? Drive)?.host ?: host}.${input.name}", skipFree, allowEmpty)
}
