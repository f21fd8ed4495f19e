package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.Place.Local as LocalPlace
import blksh.block.BlockSource
import blksh.block.Extent
import blksh.filesystem.SkipFreeSource
import blksh.filesystem.UsedBlocks as UsedBlocksEngine
import blksh.session.Session
import blksh.store.CaptureOptions
import blksh.store.Store as Engine
import blksh.store.StoreOptions
import blksh.store.VerifyOptions
import blksh.store.diskdump.DumpExport
import blksh.store.diskdump.DumpImport
import blksh.store.pack.CodecChoice
import blksh.store.pack.PageSize
import blksh.store.sealed.StoreKeys
import blksh.task.Task
import blksh.view.BlockTally
import blksh.view.Field
import blksh.view.Percent
import blksh.view.Size
import blksh.workspace.KnownStore
import blksh.workspace.Workspace
import java.nio.file.Path
import java.time.Duration
import java.time.Instant

/** How much of a store a verification reads: `QUICK`, `SAMPLE` or `FULL`. */
typealias Verify = VerifyOptions.Mode

/**
 * How a store compresses: `Codec.RAW`, `Codec.LZ4`, `Codec.ZSTD` or `Codec.zstd(9)`, which takes
 * less space and more time, and `Codec.AUTO` or `Codec.auto(9)`, Zstandard for what is worth it.
 */
typealias Codec = CodecChoice

/**
 * A deduplicating store of captured images. Opened when it is first needed, and made by [create],
 * or by a [capture] where none can have been.
 *
 * Every verb shows progress, stops on Ctrl-C with the store whole, and is noted in
 * [Vocabulary.runs]. Under `--dry-run` none of them changes anything.
 */
class Store
internal constructor(
  internal val session: Session,
  override val place: Place,
  private val known: KnownStore? = null,
) : StoreRestores(session) {

  /** Its directory; one in a bucket has none. */
  val path: Path
    get() = place.path("name the directory of store", "directories")

  /** How a program of its own is told of it. */
  internal val word: String
    get() = if (place is LocalPlace) "${path.toAbsolutePath().normalize()}" else "$place"

  internal fun opened(): Engine = engine

  private var found: Engine? = null

  /** The store that is there. */
  override val engine: Engine
    get() = open { existingStore(place) }

  /** The store that is there, or a new one where none can have been. */
  @Synchronized
  override fun engineToFill(): Engine {
    val known = found
    val opened = open { if (dryRun && !Workspace.isStore(place)) standIn() else store(place) }
    if (!dryRun) session.workspace().mustBeMeant(opened)
    if (known == null && opened.isNew) session.console().tell("a new store was made in $place")
    return opened
  }

  @Synchronized
  private fun open(opening: Workspace.() -> Engine): Engine =
    found ?: session.waiting { it.opening() }.also { found = it }

  /** For a dry run: an empty store in place of the one a real run would make. */
  private fun standIn(): Engine {
    Workspace.mustBeMakeable(place)
    return session.scratchStore()
  }

  /**
   * Makes it, where there is nothing yet.
   *
   * @param codec how what is captured is compressed
   * @param pageSize how large the pages are of which each is kept once: 4, 8, 16, 32 or 64 KiB; it
   *   can never be changed. Larger ones find less that is the same, and need less to be known of
   * @param parity how much of each pack and manifest may be lost and comes back by [repair]: 1 to
   *   50 percent, or 0
   * @param encrypted whether nobody is to read it without a key: it is asked for, or named by the
   *   options or the environment
   * @param sheet where the recovery sheet goes, which opens an encrypted store when all keys are
   *   lost: a new file; else it is shown at the terminal
   *
   * Example: `store(home.resolve("samples/fresh")).create()`
   */
  fun create(
    codec: Codec = Codec.LZ4,
    pageSize: Size = 4.KiB,
    parity: Percent = Percent(0.0),
    encrypted: Boolean = false,
    sheet: Path? = null,
  ): Store {
    val plain =
      reading("make store $place") {
        StoreOptions(codec, PageSize.of(pageSize.bytes), wholePercent(parity))
      }
    if (encrypted && !dryRun) makeEncrypted(session, "$place", plain, sheet) { createAs(it) }
    else createAs(plain)
    return this
  }

  private fun createAs(options: StoreOptions) {
    if (dryRun) {
      if (Workspace.isStore(place))
        throw BlkshException("make store $place", "there is one already")
      found = session.scratchStore()
    } else {
      found = session.waiting { it.createStore(place, options) }
    }
  }

  /** What the workspace calls it: the last part of its place, unless that was taken. */
  val name: String
    get() = known?.name() ?: place.name()

  /** What its packs and manifests know it by. */
  val id: String
    get() = engine.id()

  /** How it compresses what is new. */
  val codec: Codec
    get() = engine.codec()

  /** How large the pages are of which it keeps each once. */
  val pageSize: Size
    get() = Size(engine.pageSize().bytes().toLong())

  /** How much of each of its packs and manifests may be lost and comes back; 0 % for none. */
  val parity: Percent
    get() = Percent(engine.upkeep().parity().toDouble())

  /** The names captured in it, sorted. */
  val names: List<String>
    get() = engine.names()

  /**
   * Every captured version, by name, oldest first: `manifests["server01.sda"].last`.
   *
   * Example: `sampleStore().manifests["disk"].last`
   */
  val manifests: Manifests
    get() =
      engine.upkeep().marks().let { marks ->
        Manifests(engine.manifests().map { Manifest(this, it, marks = marks[it.reference()]) })
      }

  /**
   * Why versions that are there are not among [manifests]: theirs cannot be read.
   *
   * Example: `sampleStore().unreadable`
   */
  val unreadable: List<String>
    get() = engine.unreadable().map { "${it.file()}: ${it.problem()}" }

  /**
   * The versions of a name, oldest first, of which there is at least one.
   *
   * Example: `sampleStore().versions("disk")`
   */
  fun versions(name: String): Versions =
    Versions(
        name,
        engine.manifests(name).map {
          Manifest(this, it, marks = engine.upkeep().marks(it.reference()))
        },
      )
      .also {
        if (it.isEmpty() && engine.versions(name).isEmpty())
          throw BlkshException("list $name", "store $place has no such name")
            .suggest(Nearest.among(name, names, "it is empty").replace("there are ", "it has "))
      }

  /**
   * One captured version.
   *
   * @param reference `NAME` for the newest, or `NAME@VERSION`
   *
   * Example: `sampleStore().manifest("disk@1")`
   */
  override fun manifest(reference: String): Manifest =
    engine.manifest(reference).let {
      Manifest(this, it, marks = engine.upkeep().marks(it.reference()))
    }

  /**
   * Captures a source as the next version of a name. Ranges that cannot be read are recorded as bad
   * and make the exit status 3.
   *
   * @param name what to call it in the store
   * @param skipFree whether to leave out what the file systems on it do not use; what cannot be
   *   told for sure is captured, and the result says why
   * @param allowEmpty whether a stream may deliver nothing at all
   *
   * Example: `sampleStore().capture(sampleDisk(1), name = "mine")`
   */
  fun capture(
    source: Input,
    name: String = source.name,
    skipFree: Boolean = false,
    allowEmpty: Boolean = false,
  ): Captured {
    if (skipFree && source is Stream)
      throw BlkshException("capture $name", "what a stream does not use cannot be told")
        .suggest("leave skipFree out")
    val options = CaptureOptions.defaults().withDryRun(dryRun).withAllowEmpty(allowEmpty)
    Engine.checkName(name)
    return session.run("capture", name) { task ->
      var used: UsedBlocksEngine? = null
      // Opened first: a source that is refused leaves no new store behind.
      val result =
        when (source) {
          is Source ->
            (if (skipFree) UsedBlocksEngine.skipFree(source.open()) else source.open()).use {
              used = (it as? SkipFreeSource)?.usedBlocks()
              val engine = engineToFill()
              val pages = (it as? SkipFreeSource)?.inPages(engine.pageSize().bytes()) ?: it
              engine.capture(pages, name, options, task)
            }
          is Stream -> source.open(task).use { engineToFill().capture(it, name, options, task) }
        }
      Captured(Manifest(this, result.manifest()), result, used?.let { UsedBlocks(it) })
    }
  }

  /**
   * Captures many drives at once, two of a machine at a time, each as the next version of its name.
   * One that fails does not stop the others: it is a finding. Two of one name are refused before
   * anything is captured.
   *
   * @param sources paths, `ssh://USER@HOST/PATH`, or `nbd://HOST/EXPORT`
   * @param names what to call them, one for each; `HOST.DEV` unless they are given
   * @param sudo whether to read those of other machines as root by sudo
   * @param atOnce how many at a time in all
   * @param bitmap of those served as nbd://, the bitmap of QEMU in which writes were recorded
   * @param timeout how long is waited for other machines; as for [Vocabulary.drive]
   * @param bandwidth what may be moved in a second by all of them together over ssh
   *
   * Example: `sampleStore().captureAll(listOf("${sampleDisk(1).path}"), listOf("mine"))`
   */
  fun captureAll(
    sources: List<String>,
    names: List<String> = emptyList(),
    sudo: Boolean = false,
    skipFree: Boolean = false,
    atOnce: Int = 4,
    bitmap: String? = null,
    timeout: Duration? = null,
    bandwidth: Size? = null,
  ): CapturedAll {
    if (sources.isEmpty()) throw BlkshException("capture drives", "none is named")
    if (names.isNotEmpty() && names.size != sources.size)
      throw BlkshException(
        "capture ${sources.size} drives",
        "there are ${names.size} names for them",
      )
    if (atOnce < 1) throw BlkshException("capture drives", "$atOnce at a time are none")
    names.forEach { Engine.checkName(it) }
    val limits = RemoteAccess.limits(session, timeout, bandwidth)
    return CaptureAll(session, this, sudo, skipFree, bitmap, limits, atOnce).run(sources, names)
  }

  /**
   * Captures a source that is of another time, as an image that was made before.
   *
   * @param date when that was
   */
  fun capture(source: Source, name: String, date: Instant): Captured {
    val options = CaptureOptions.defaults().withDryRun(dryRun).withDate(date)
    Engine.checkName(name)
    return session.run("capture", name) { task ->
      val result = source.open().use { engineToFill().capture(it, name, options, task) }
      Captured(Manifest(this, result.manifest()), result)
    }
  }

  /**
   * Checks what was written; damage is reported with the images and bytes it hits, and makes the
   * exit status 3.
   *
   * @param mode how thoroughly: everything, unless a [sample] is asked for
   * @param sample the share of the store to read, those parts verified longest ago first
   *
   * Example: `sampleStore().verify(sample = 50.percent)`
   */
  fun verify(mode: Verify? = null, sample: Percent? = null): Verified {
    val chosen = mode ?: if (sample == null) Verify.FULL else Verify.SAMPLE
    val percent = sample ?: 5.percent
    if (percent.value !in 0.0..100.0)
      throw BlkshException("verify $place", "a sample of $percent is not from 0 to 100 %")
    val options =
      when (chosen) {
        Verify.QUICK -> VerifyOptions.quick()
        Verify.SAMPLE -> VerifyOptions.sample(percent.value)
        Verify.FULL -> VerifyOptions.full()
      }
    return session.run("verify", "$place") { Verified(engine.verify(options, it)) }
  }

  /** Compares two captured versions. */
  fun diff(from: Manifest, to: Manifest): Compared =
    session.run("diff", "${from.reference} ${to.reference}") {
      Compared(engine.diff(from.stored, to.stored))
    }

  /**
   * Compares two captured versions by their references.
   *
   * Example: `sampleStore().diff("disk@1", "disk@2")`
   */
  fun diff(from: String, to: String): Compared = diff(manifest(from), manifest(to))

  /**
   * Compares the files of two captured versions, of disks partition by partition: what was added,
   * removed, changed or moved. Files of the same path, size, date and inode are taken for the same.
   *
   * @param partition only this one, by name, number or label
   * @param contents whether such files are read and compared, too
   *
   * Example: `sampleStore().diffFiles("disk@1", "disk@2")`
   */
  fun diffFiles(
    from: String,
    to: String,
    partition: String? = null,
    contents: Boolean = false,
  ): FilesCompared {
    val before = manifest(from)
    val after = manifest(to)
    return if (partition == null) before.diffFiles(after, contents)
    else before.partitions[partition].diffFiles(after.partitions[partition], contents)
  }

  /**
   * Makes the store's indexes again from its packs and manifests.
   *
   * Example: `sampleStore().reindex()`
   */
  fun reindex(): Reindexed =
    session.run("reindex", "$place") {
      Reindexed(if (dryRun) engine.reindexDryRun(it) else engine.reindex(it), dryRun)
    }

  /**
   * Brings every dump of a store of diskdump, each as a version of its name, with its date, in
   * order. What is there already is not brought again, so an import that was interrupted goes on.
   *
   * @param from `stores.diskdump("/srv/dumps")`
   */
  fun import(from: DiskdumpStore): Imported =
    session.run("import", "${from.path}") { task ->
      // Opened first: what is refused leaves no new store behind.
      val dumps = from.engine
      Imported(this, DumpImport.run(dumps, engineToFill(), dryRun, task), dryRun)
    }

  /**
   * Writes versions as dumps that diskdump restores and verifies. What it has no words for,
   * snapshots of file trees and bytes that could not be read, is left out and named.
   *
   * @param to the directory of a store of diskdump, which is made where none is
   * @param names which, with `*` as in a shell
   *
   * Example: `sampleStore().export(home.resolve("samples/dumps"), "disk")`
   */
  fun export(to: Path, vararg names: String): Exported =
    session.run("export", "${names.joinToString(" ")} to $to") { task ->
      Exported(DumpExport.run(engine, names.toList(), to, dryRun, task), dryRun)
    }

  /** Writes versions as dumps, to a directory by its name. */
  fun export(to: String, vararg names: String): Exported =
    export(Place.parse(to).path("export", "stores of diskdump"), *names)

  /**
   * A picture of its pages in the order they were stored: shared, used once, or used by no version
   * any more.
   *
   * Example: `sampleStore().map`
   */
  val map: BlockMap
    get() = BlockMap.of("$place", engine.use(BlockTally.PARTS, Task.unwatched()))

  /**
   * How it grew from capture to capture.
   *
   * Example: `sampleStore().growth`
   */
  val growth: Growth
    get() = Growth("$place", manifests.map { it.started to it.storedSize.bytes })

  /**
   * What each name brought into it, compressed, as bars.
   *
   * Example: `sampleStore().space`
   */
  val space: Space
    get() {
      val names = manifests.groupBy { it.name }
      return Space(
        "$place",
        names.map { (name, all) -> Space.Share(name, Size(all.sumOf { it.storedSize.bytes })) },
      )
    }

  internal fun source(manifest: Manifest): BlockSource = engine.source(manifest.stored)

  internal fun changes(from: Manifest, to: Manifest): List<Extent> =
    engine.diff(from.stored, to.stored).changed()

  /** Whether nobody reads it without a key. */
  val encrypted: Boolean
    get() = place is LocalPlace && StoreKeys.isSealed(path)

  /** When it was last used through this workspace; null when it was not. */
  val lastUsed: Instant?
    get() = known?.lastUsed()

  /**
   * Whether there is a store at its place now.
   *
   * Of a known one in a bucket, whether it is open.
   */
  val reachable: Boolean
    get() =
      if (known != null && place !is LocalPlace) known.reachable() else Workspace.isStore(place)

  /**
   * What went between this process and its bucket: `requests`, how many of them were puts, copies
   * and lists, which are `dear`, and bytes `sent` and `received`; empty for one in a directory.
   */
  val traffic: Map<String, Long>
    get() = if (place is LocalPlace) emptyMap() else engine.traffic()

  override fun title(): String = "store $place"

  override fun row(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("path", "$place"),
      Field.of("last used", lastUsed),
      // A server is not asked for a list.
      Field.of("reachable", if (place is LocalPlace || known == null) reachable else null),
    ) +
      (if (encrypted) listOf(Field.of("encrypted", true)) else listOf()) +
      if (known == null || reachable) sums() else listOf()

  /** What went between here and a bucket, and what that costs where prices are set. */
  private fun sums(): List<Field> {
    val traffic = traffic
    if (traffic.isEmpty()) return listOf()
    return traffic
      .filterKeys { it != "dear" }
      .map { (what, count) -> Field.of(what, if (what == "requests") count else Size(count)) } +
      Field.of("cost", BucketPrices.of(System.getenv())?.cost(traffic))
  }

  override fun fields(): List<Field> {
    if (known != null && !reachable) return row()
    val info = engine.info()
    val unique = info.uniqueBytes()
    return listOf(
      Field.of("name", name),
      Field.of("path", "$place"),
      Field.of("id", info.id()),
      Field.of("codec", "${info.codec()}"),
      Field.of("page size", pageSize.takeIf { it != 4.KiB }),
      Field.of("parity", parity.takeIf { it.value > 0 }),
      Field.of("encrypted", engine.upkeep().isEncrypted.takeIf { it }),
      Field.of("names", info.names()),
      Field.of("manifests", info.manifests()),
      Field.of("images", Size(info.imageBytes())),
      Field.of("unique", Size(unique)),
      Field.of("stored", Size(info.storedBytes())),
      Field.of("packs", info.packs()),
      Field.of("pages", info.pages()),
      Field.of("last verified", info.lastVerified()),
    ) + sums()
  }

  override fun toString(): String = place.toString()
}
