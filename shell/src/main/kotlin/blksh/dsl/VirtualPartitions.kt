package blksh.dsl

import blksh.BlkshException
import blksh.io.IoFailure
import blksh.mount.fuse.LoopMount
import blksh.mount.fuse.MountOptions
import blksh.session.Session
import blksh.view.View
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path

/**
 * What `vpartclone` and `vntfsclone` take and do: the options of the programs of pypartclone that
 * they replace under the same letters and names, and what blksh adds under long names only.
 *
 * A script declares its own arguments after it has asked for this, so that all are known when the
 * words of the command line are matched with them.
 *
 * @suppress no word for people
 */
class VirtualPartitions
internal constructor(private val session: Session, private val words: Vocabulary) {

  private val mountpoint by
    words
      .option<Path>(
        "-m/--mountpoint",
        "DIR",
        "show it as a file in an empty directory, by a process that stays, and say how to check, mount and unmount it",
      )
      .optional()
  private val verbose by
    words.flag("-v/--verbose", "show the header, and what leads from it to the blocks")
  private val debug by
    words.flag("-d/--debug_fuse", "with -m: stay in the foreground, and tell what is read")
  private val check by
    words.flag(
      "-c/--crc_check/--verify",
      "read all of it and prove what has a checksum; what is damaged is not mounted then",
    )
  private val partition by
    words.option<String>("--partition", "NAME", "of a directory or a disk: sda1, p1").optional()
  private val restore by
    words
      .option<String>("--restore", "FILE", "write what was backed up to a file or drive")
      .optional()
  private val convert by
    words.option<String>("--convert", "FILE", "write it as a new image").optional()
  private val format by
    words.option<ImageFormat>("--format", "FORMAT", "of the new image", ImageFormat.PARTCLONE)
  private val checksum by
    words.option<Checksum>("--checksum", "KIND", "of the new image", Checksum.CRC32)
  private val compression by
    words.option<ImageCompression>(
      "--compression",
      "KIND",
      "of the new image",
      ImageCompression.NONE,
    )
  private val overlay by
    words.option<Path>("--overlay", "FILE", "with -m: a file that takes what is written").optional()
  private val foreground by
    words.flag("--foreground", "with -m: stay until it is unmounted, or Ctrl-C")
  private val overwrite by words.flag("--overwrite", "write over what is there")
  private val tolerant by words.flag("--tolerant", "read what is damaged as it is")
  private val raw by
    words.flag("--raw", "take it for the bytes of a partition, whatever it begins with")
  private val snapshot by
    words
      .option<String>("--snapshot", "NAME", "of a qcow2 image: the snapshot inside that is meant")
      .optional()
  private val elsewhere by
    words.flag("--elsewhere", "follow what a virtual disk names outside its directory")

  /** What it did, in order. */
  private val done = ArrayList<Any>()

  /** Whether nothing is shown yet, because standard output is for data first. */
  private var holding = false

  /**
   * Does what the options ask for: shows, proves, restores, converts, mounts, in this order.
   *
   * @param script its name, by which another process runs it
   * @param path the image, the first part of a split one, the directory of a set, or `-`
   * @return the result under `--json`; null otherwise, when it was shown
   */
  fun run(script: String, path: Path): Any? {
    refuseMisfits()
    holding = restore == "-"
    val dir = mountpoint
    val apart = if (dir == null || foreground || debug) null else again(path, dir)
    val whole = words.image(path, tolerant, raw, snapshot, elsewhere)
    val name = partition
    val image =
      if (name == null || whole.members.isEmpty()) whole
      else whole.disks.member(name) ?: whole[name]
    val source: Source =
      if (name != null && whole.members.isEmpty()) whole.partitions[name] else image

    if (verbose) told(image.info.takeIf { it.header.isEmpty() } ?: ImageHeader(image))
    val verified = if (check) image.verify() else null
    verified?.let { told(it) }
    restore?.let {
      val restored =
        if (image.isMachine && source === image) image.restoreTo(it, overwrite)
        else source.restore(it, overwrite)
      if (holding) done.forEach { before -> words.show(before) }
      holding = false
      told(restored)
    }
    convert?.let { told(source.convert(it, format, checksum, compression, overwrite = overwrite)) }
    if (dir != null) {
      if (verified == null || verified.clean || tolerant) provide(source, dir, script, apart)
      else
        session.console().tell("$path is damaged and not mounted; --tolerant mounts what there is")
    }
    if (done.isEmpty() && dir == null) told(image.info)
    return if (session.options().json()) done.singleOrNull() ?: done else null
  }

  private fun refuseMisfits() {
    val dir = mountpoint
    if (dir == null) {
      if (overlay != null) words.usage("--overlay goes with -m")
      if (foreground) words.usage("--foreground goes with -m")
    } else if (Files.exists(dir) && !isEmptyDirectory(dir)) {
      words.usage("-m $dir: it is not an empty directory")
    }
  }

  private fun isEmptyDirectory(dir: Path): Boolean =
    Files.isDirectory(dir) &&
      try {
        Files.list(dir).use { it.findFirst().isEmpty }
      } catch (unreadable: IOException) {
        throw IoFailure.told("look into $dir", unreadable)
      }

  private fun told(result: Any) {
    done += result
    if (!holding) words.show(result)
  }

  // Mounting

  /**
   * Mounts it, and stays until it is unmounted.
   *
   * @param apart what has another process do that, or null when this one is to
   */
  private fun provide(source: Source, dir: Path, script: String, apart: List<String>?) {
    if (apart != null) {
      provided(Mounting(session).apart(script, apart), source)
      return
    }
    // Root must be let in to mount what a user shows; the files are their owner's and root's only.
    val others = !LoopMount.isAllowed() && rootMayBeLetIn()
    val shown = overlay?.let { words.overlay(source, it) } ?: source
    val options = MountOptions(false, others, false)
    val mount = Mounting(session).mount(shown, dir, options, fileName(source))
    provided(mount, source)
    if (debug) tellWhatIsRead(mount)
    mount.await()
  }

  /** It under the name of the image without `.img`. */
  private fun fileName(source: Source): String =
    if (source.name.length > 4 && source.name.endsWith(".img", ignoreCase = true))
      source.name.dropLast(4)
    else source.name

  /**
   * What has another process mount the same.
   *
   * @throws BlkshException when none can open it
   */
  private fun again(path: Path, dir: Path): List<String> {
    val image = path.toAbsolutePath().toString()
    val what = "mount $path in the background"
    if (path.toString() == "-" || LOST in image)
      throw BlkshException(what, "another process cannot open it")
        .suggest("--foreground mounts it by this one")
    return buildList {
      add(image)
      add("--mountpoint=${dir.toAbsolutePath()}")
      add("--foreground")
      partition?.let { add("--partition=$it") }
      overlay?.let { add("--overlay=${it.toAbsolutePath()}") }
      if (tolerant) add("--tolerant")
      if (raw) add("--raw")
      snapshot?.let { add("--snapshot=$it") }
      if (elsewhere) add("--elsewhere")
    }
  }

  private fun provided(mount: Mount, source: Source) {
    val result = VirtualPartition(mount, source, fileName(source))
    done += result
    session.show(View.Text(result.text), result)
  }

  /** Tells what is read of a mount until it ends. */
  private fun tellWhatIsRead(mount: Mount) {
    var before = ""
    while (true) {
      val now = words.mounts.find { it.place == mount.place && it.pid == mount.pid } ?: return
      val failed = now.failures?.takeIf { it > 0 }?.let { ", $it failed" }.orEmpty()
      val line = "${mount.place}: ${now.readers} open, ${now.read} read$failed"
      if (line != before && before.isNotEmpty()) session.console().tell(line)
      before = line
      Thread.sleep(LOOK_MILLIS)
    }
  }

  internal companion object {

    private const val LOOK_MILLIS = 1000L

    /** What a byte of a name that is no UTF-8 reads as. */
    private const val LOST = '\uFFFD'

    private val FUSE_SETTINGS = Path.of("/etc/fuse.conf")

    /** Whether a mount of a user can be seen by root; the administrator says so. */
    internal fun rootMayBeLetIn(): Boolean =
      try {
        Files.readAllLines(FUSE_SETTINGS).any { it.trim() == "user_allow_other" }
      } catch (none: IOException) {
        false
      }
  }
}
