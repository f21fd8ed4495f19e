package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSources
import blksh.block.DirectSource
import blksh.block.MediaSlot
import blksh.cache.CacheOptions
import blksh.cache.MediaWatch
import blksh.cache.RescueOptions
import blksh.shell.Session
import blksh.shell.view.Described
import blksh.shell.view.Field
import blksh.workspace.KnownCache
import java.nio.file.Files
import java.nio.file.Path

/** The caches used before, by name: `caches["sr0"]`. They can be read without their media too. */
class Caches internal constructor(private val session: Session) : AbstractList<Cache>(), Keyed {

  private val all = session.workspace().caches().map { of(it) }

  private fun of(known: KnownCache): Cache =
    Cache(session, known) {
      val workspace = session.workspace()
      val path = Path.of(known.source())
      val opened = if (MediaSlot.at(path).medium().isPresent) open(path) else null
      // Another medium may be in by now, and then this one is not there.
      if (opened != null && blksh.cache.Medium.of(opened).name() == known.medium()) {
        workspace.cache(opened, known.data(), known.map(), CacheOptions.defaults())
      } else {
        opened?.close()
        workspace.cache(known)
      }
    }

  override val size: Int
    get() = all.size

  override fun get(index: Int): Cache = all[index]

  override val keys: List<String>
    get() = all.map { it.name }

  override fun find(key: String): Cache? = all.find { it.name == key }

  /** The cache of that name. */
  operator fun get(name: String): Cache =
    find(name)
      ?: throw BlkshException("find cache $name", "no such cache is known")
        .suggest(
          if (all.isEmpty()) "make one with cache(SOURCE)" else "there are ${keys.joinToString()}"
        )

  /**
   * Takes a cache off the list; its files stay.
   *
   * Example: `caches.forEach { caches.forget(it.name) }`
   */
  fun forget(name: String) {
    session.workspace().caches().find { it.name() == name }?.let { session.workspace().forget(it) }
      ?: get(name)
  }

  /**
   * Waits for media in a drive and caches each, until Ctrl-C or so many were in. Each has files of
   * its own, so one that comes back goes on where it stopped.
   *
   * @param drive the drive, such as `/dev/sr0`; it need not be there yet
   * @param file what the files of the caches are named after
   * @param fill whether to read all of each medium
   * @param rescue whether to read around what is bad, too
   * @param most how many media to wait for; 0 for no end
   * @param with what else to do with each, after it was filled or rescued as asked
   */
  fun watch(
    drive: String,
    file: String =
      session.options().home().resolve("caches").resolve(Path.of(drive).fileName).toString(),
    fill: Boolean = true,
    rescue: Boolean = false,
    most: Int = 0,
    with: (Cache) -> Unit = {},
  ): List<Visit> {
    val path = Path.of(drive)
    Path.of(file).toAbsolutePath().parent?.let { Files.createDirectories(it) }
    val watch = MediaWatch(MediaSlot.at(path), Path.of(file), CacheOptions.defaults()) { open(it) }
    return session.run("watch", drive) { task ->
      watch
        .run(most, task) { engine, inner ->
          session.workspace().remember(engine)
          if (rescue) engine.rescue(RescueOptions.defaults(), inner)
          else if (fill) engine.fill(inner)
          inner.checkCancelled()
          with(Cache(session, null) { engine })
        }
        .map { Visit(it) }
    }
  }

  /** A medium that was in a drive. */
  class Visit internal constructor(private val visited: MediaWatch.Visited) : Described {

    /** What the medium is known by. */
    val medium: String
      get() = visited.name()

    /** The file that keeps its bytes. */
    val file: Path
      get() = visited.cache()

    /** Whether it was taken out before all was done. */
    val removed: Boolean
      get() = visited.removed()

    override fun title(): String = "medium $medium"

    override fun fields(): List<Field> =
      listOf(
        Field.of("medium", medium),
        Field.of("size", Size(visited.report().size())),
        Field.of("read", Size(visited.report().finishedBytes())),
        Field.of("bad", Size(visited.report().badBytes())),
        Field.of("taken out early", removed),
        Field.of("file", file),
      )
  }

  internal companion object {

    /** A drive is read past the page cache, so that a bad sector takes no neighbours with it. */
    fun open(path: Path) =
      if (Files.isRegularFile(path)) BlockSources.open(path) else DirectSource.open(path)
  }
}
