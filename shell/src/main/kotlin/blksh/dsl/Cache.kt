package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.block.CacheFigures
import blksh.block.Extent
import blksh.block.SourceInfo
import blksh.block.WritableSource
import blksh.cache.Cache as Engine
import blksh.cache.RescueMap
import blksh.cache.RescueOptions
import blksh.cache.RescueStatus
import blksh.session.Session
import blksh.task.Task
import blksh.view.Field
import blksh.view.Size
import blksh.workspace.KnownCache
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.time.Instant

/**
 * A source read through a file that keeps what was read, so that nothing is read from it twice, and
 * a map in ddrescue's format of what is kept. Opened when it is first read; closed with the
 * session.
 */
class Cache
internal constructor(
  session: Session,
  private val known: KnownCache?,
  private val writeThrough: Boolean = false,
  private val opened: Engine? = null,
  private val during: Task? = null,
  private val opener: () -> Engine,
) : Source(session) {

  private val engine: Engine by lazy(opener)

  /** What it is called among the known caches; of a new one, what the medium is called. */
  override val name: String
    get() = known?.name() ?: engine.describe().name()

  override val size: Size
    get() = Size(known?.size() ?: engine.size())

  /** The file that keeps the bytes. */
  val file: Path
    get() = known?.data() ?: engine.dataFile()

  /** The file with the map, in ddrescue's format. */
  val mapFile: Path
    get() = known?.map() ?: engine.mapFile()

  /** Where the medium is. */
  val source: String
    get() = known?.source() ?: engine.describe().location()

  /**
   * What the medium is known by: the beginning of a digest of its first 64 KiB, and more of what it
   * is where others begin alike.
   */
  val medium: String
    get() = known?.medium() ?: engine.medium()

  /** When it was last opened; null when it is new. */
  val lastUsed: Instant?
    get() = known?.lastUsed()

  /** Whether its files are still there. */
  val reachable: Boolean
    get() = Files.exists(file)

  private val rescueMap: RescueMap
    get() =
      opened?.map()
        ?: known?.let {
          if (Files.exists(it.map())) RescueMap.read(it.map(), it.size()) else RescueMap(it.size())
        }
        ?: engine.map()

  /** What was read and is kept. */
  val read: Size
    get() = bytes(RescueStatus.FINISHED)

  /** What could not be read. */
  val bad: Size
    get() = bytes(RescueStatus.BAD_SECTOR)

  /** What failed in a large read and waits for a rescue. */
  val waiting: Size
    get() = bytes(RescueStatus.NON_TRIMMED) + bytes(RescueStatus.NON_SCRAPED)

  /** What was never tried. */
  val untried: Size
    get() = bytes(RescueStatus.NON_TRIED)

  private fun bytes(status: RescueStatus) = Size(rescueMap.bytes(status))

  /**
   * A picture of what was read, what failed and what was never tried, in ddrescue's words.
   *
   * Example: `cache(sampleDisk(1)).map`
   */
  override val map: BlockMap
    get() = BlockMap.of(name, rescueMap)

  override fun open(): BlockSource =
    if (writeThrough) WritableHandle(engine.writable()) else Handle(engine)

  /**
   * Reads everything not yet tried. Whoever else reads goes first. What fails is left for [rescue].
   *
   * Example: `cache(sampleDisk(1)).fill()`
   */
  fun fill(): Rescued = work("fill") { Rescued("filled $name", engine.fill(it), it) }

  private fun work(verb: String, operation: (Task) -> Rescued): Rescued =
    session.run(verb, name) { task ->
      during?.whenCancelled { task.cancel() }
      operation(task)
    }

  /**
   * Reads all that can be read, as GNU ddrescue does: what is easy first, then around what failed,
   * then sector by sector. Sectors that stay bad are findings.
   *
   * @param retries how often to try bad sectors again in the end
   * @param reverse whether to begin at the end
   * @param timeout give up when nothing could be read for so long; zero never does
   * @param minRate leave areas that read slower than so much a second for later; zero leaves none
   *
   * Example: `cache(sampleDisk(1)).rescue(retries = 2)`
   */
  fun rescue(
    retries: Int = 0,
    reverse: Boolean = false,
    timeout: Duration = Duration.ZERO,
    minRate: Size = Size(0),
  ): Rescued {
    val options =
      try {
        RescueOptions.defaults()
          .withRetries(retries)
          .withReverse(reverse)
          .withTimeout(timeout)
          .withMinRate(minRate.bytes)
      } catch (wrong: IllegalArgumentException) {
        throw BlkshException("rescue $name", "${wrong.message}", wrong)
      }
    return work("rescue") { Rescued("rescued $name", engine.rescue(options, it), it) }
  }

  /**
   * Writes what was read so far as an image; what was not is zeros there, and a finding.
   *
   * @param to a new file, or any file or drive with [overwrite]
   *
   * Example: `cache(sampleDisk(1)).export(home.resolve("samples/cached.img"), overwrite = true)`
   */
  fun export(to: Path, overwrite: Boolean = false): Rescued =
    work("export") { Rescued("exported $name to $to", engine.export(to, overwrite, it), it) }

  /** Writes what was read so far as an image. */
  fun export(to: String, overwrite: Boolean = false): Rescued = export(target(to), overwrite)

  /**
   * Makes it appear as a file that other programs read, until the appearance is closed or the
   * session ends.
   *
   * @param file a name nothing has yet
   */
  fun appear(file: Path): Appearance = Appearance(session, open(), file)

  /** Makes it appear as a file that other programs read. */
  fun appear(file: String): Appearance = appear(Path.of(file))

  /** Lets go of the medium, and deletes both files. */
  fun discard() {
    engine.close()
    Files.deleteIfExists(file)
    Files.deleteIfExists(mapFile)
    val data = file.toAbsolutePath().normalize()
    val caches = session.workspace().caches()
    caches.known().filter { it.data() == data }.forEach { caches.drop(it) }
  }

  /** Writes the map and lets go of the files and the medium. */
  fun close() = engine.close()

  override fun title(): String = "cache $name"

  override fun row(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("source", source),
      Field.of("size", size),
      Field.of("read", if (reachable) share() else "its files are gone"),
      Field.of("bad", bad.takeIf { it.bytes > 0 }),
      Field.of("last used", lastUsed),
    )

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("source", source),
      Field.of("size", size),
      Field.of("read", read),
      Field.of("share", share()),
      Field.of("bad", bad),
      Field.of("waiting", waiting),
      Field.of("untried", untried),
      Field.of("last used", lastUsed),
      Field.detail("medium", medium),
      Field.detail("file", file),
      Field.detail("map", mapFile),
      Field.of("problem", if (known == null) engine.problem().ifEmpty { null } else null),
    )

  private fun share(): String =
    if (size.bytes == 0L) "100 %" else "%.1f %%".format(java.util.Locale.ROOT, portion())

  /** Never rounded up to all. */
  private fun portion(): Double = Math.floor(1000.0 * read.bytes / size.bytes) / 10

  /** The open cache, for one of many who read it; it stays open when they are done. */
  private open class Handle(private val cache: BlockSource) : BlockSource, CacheFigures.Counting {

    override fun cacheFigures(): CacheFigures = CacheFigures.of(cache)

    override fun size(): Long = cache.size()

    override fun read(position: Long, target: ByteBuffer): Int = cache.read(position, target)

    override fun extents(position: Long, length: Long): Iterator<Extent> =
      cache.extents(position, length)

    override fun sectorSize(): Int = cache.sectorSize()

    override fun describe(): SourceInfo = cache.describe()

    override fun close() {}
  }

  private class WritableHandle(private val cache: WritableSource) : Handle(cache), WritableSource {

    override fun write(position: Long, bytes: ByteBuffer) = cache.write(position, bytes)

    override fun zero(position: Long, length: Long) = cache.zero(position, length)

    override fun sync() = cache.sync()
  }
}
