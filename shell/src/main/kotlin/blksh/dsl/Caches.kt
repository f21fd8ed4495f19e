package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.block.BlockSources
import blksh.block.DirectSource
import blksh.block.MediaSlot
import blksh.cache.CacheOptions
import blksh.cache.MediaWatch
import blksh.cache.OtherMediumException
import blksh.cache.SourceIdentity
import blksh.io.OwnerOnly
import blksh.session.Session
import blksh.view.Keyed
import blksh.view.Size
import blksh.workspace.KnownCache
import java.nio.file.Files
import java.nio.file.Path

/** The caches used before, by name: `caches["sr0"]`. They can be read without their media too. */
class Caches internal constructor(private val session: Session) : AbstractList<Cache>(), Keyed {

  private val all = session.workspace().caches().known().map { of(it) }

  private fun of(known: KnownCache): Cache =
    Cache(session, known, opened = session.workspace().caches().opened(known).orElse(null)) {
      val caches = session.workspace().caches()
      val path = Path.of(known.source())
      val opened = if (MediaSlot.at(path).medium().isPresent) open(path) else null
      // Another medium may be in by now, and then this one is not there.
      if (opened != null && known.medium().startsWith(SourceIdentity.of(opened).name())) {
        try {
          return@Cache caches.open(opened, known.data(), known.map(), CacheOptions.defaults())
        } catch (_: OtherMediumException) {
          // one that begins alike
        }
      }
      opened?.close()
      caches.open(known)
    }

  override val size: Int
    get() = all.size

  override fun get(index: Int): Cache = all[index]

  override val keys: List<String>
    get() = all.map { it.name }

  override fun member(key: String): Cache? = all.find { it.name == key }

  /** The cache of that name. */
  operator fun get(name: String): Cache =
    member(name)
      ?: throw BlkshException("find cache $name", "no such cache is known")
        .suggest(Nearest.among(name, keys, "make one with cache(SOURCE)"))

  /**
   * Takes a cache off the list; its files stay.
   *
   * Example: `caches.forEach { caches.drop(it.name) }`
   */
  fun drop(name: String) {
    val caches = session.workspace().caches()
    caches.known().find { it.name() == name }?.let { caches.drop(it) } ?: get(name)
  }

  /**
   * Waits for media in a drive and caches each, until Ctrl-C or so many were in. Each has files of
   * its own, so one that comes back goes on where it stopped. What goes wrong with one is a
   * finding, and the next is waited for.
   *
   * @param drive the drive, such as `/dev/sr0`; it need not be there yet
   * @param file what the files of the caches are named after; by default a place in the home
   *   directory
   * @param block what a single read takes at least, a power of two
   * @param most how many media to wait for; 0 for no end
   * @param keep whether to keep the cache of a medium that was taken out
   * @param with what to do with each: read all of it, unless told otherwise
   */
  fun watch(
    drive: Path,
    file: Path? = null,
    block: Size = 64.KiB,
    most: Int = 0,
    keep: Boolean = true,
    with: (Visit) -> Unit = { it.cache.fill() },
  ): List<Visit> {
    val place = file ?: session.options().home().resolve("caches").resolve(drive.fileName)
    place.toAbsolutePath().parent?.let { OwnerOnly.makeDirectories(it) }
    val options = CacheFiles.options("$drive", block)
    val watch = MediaWatch(MediaSlot.at(drive), place, options) { open(it) }
    val visits = mutableListOf<Visit>()
    return session.run("watch", "$drive") { task ->
      val past =
        watch.run(most, task) { engine, inner ->
          session.workspace().caches().remember(engine)
          val visit = Visit(Cache(session, null, during = inner) { engine }, inner)
          visits += visit
          try {
            with(visit)
          } finally {
            if (!keep) visit.cache.discard()
          }
        }
      for (visited in past) visits.find { it.file == visited.cache() && it.past == null }?.past =
        visited
      visits.filter { it.past != null }
    }
  }

  /** Waits for media in a drive and caches each. */
  fun watch(
    drive: String,
    file: String? = null,
    most: Int = 0,
    with: (Visit) -> Unit = { it.cache.fill() },
  ): List<Visit> = watch(Path.of(drive), file?.let { Path.of(it) }, most = most, with = with)

  internal companion object {

    /** A drive is read past the page cache, so that a bad sector takes no neighbours with it. */
    fun open(path: Path) =
      if (Files.isRegularFile(path)) BlockSources.open(path) else DirectSource.open(path)
  }
}
