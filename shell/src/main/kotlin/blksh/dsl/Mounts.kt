package blksh.dsl

import blksh.BlkshException
import blksh.Place.Local as LocalPlace
import blksh.block.BlockSource
import blksh.io.OwnerOnly
import blksh.mount.FixedDirectory
import blksh.mount.LazyFile
import blksh.mount.MountNode
import blksh.mount.fuse.Holder
import blksh.mount.fuse.LoopMount
import blksh.mount.fuse.MountOptions
import blksh.session.Detached
import blksh.session.Session
import blksh.store.ManifestKind
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Percent
import blksh.view.Size
import blksh.workspace.MountEntry
import blksh.workspace.MountSource
import java.net.URLDecoder
import java.nio.charset.StandardCharsets
import java.nio.file.Path
import java.time.Instant
import java.util.Optional

/** What is mounted and served by blksh now, oldest first: `mounts["/mnt/disk"].unmount()`. */
class Mounts internal constructor(private val session: Session) : AbstractList<Mount>(), Keyed {

  private val all = session.workspace().mounts().list().map { Mount(session, it) }

  override val size: Int
    get() = all.size

  override fun get(index: Int): Mount = all[index]

  override val keys: List<String>
    get() = all.map { it.place }

  override fun member(key: String): Mount? {
    val path = Path.of(key).toAbsolutePath().normalize().toString()
    return all.find { it.place == key || it.place == path || it.isAt(path) }
  }

  /** The mount on that directory, or the server with that address or socket. */
  operator fun get(key: String): Mount =
    member(key)
      ?: throw BlkshException("find what is mounted on $key", "blksh has mounted nothing there")
        .suggest(if (all.isEmpty()) "nothing is mounted" else "there is ${keys.joinToString()}")

  /**
   * Cleans up after processes that were killed: takes their mounts away, their sockets and what is
   * remembered of them.
   *
   * Example: `mounts.prune()`
   *
   * @return what was cleaned up
   */
  fun prune(): List<Mount> = session.workspace().mounts().prune().map { Mount(session, it) }
}

/** A source where other programs can use it: mounted on a directory, or served over NBD. */
class Mount internal constructor(private val session: Session, private val entry: MountEntry) :
  Described {

  /** The directory, or the address of the server. */
  val place: String
    get() = entry.place()

  /** `FUSE` or `NBD`. */
  val kind: MountEntry.Kind
    get() = entry.kind()

  /** What it shows, in words. */
  val source: String
    get() = entry.source()

  /** The file that takes what is written; null when it cannot be written. */
  val overlay: Path?
    get() = entry.overlay().ifEmpty { null }?.let { Path.of(it) }

  /** The process that serves it, or did. */
  val pid: Long
    get() = entry.pid()

  /** `HERE` in this process, `ELSEWHERE` in another, or `DEAD` when that is gone. */
  val state: MountEntry.State
    get() = entry.state()

  /** When it began; null when another home knows. */
  val since: Instant?
    get() = entry.since()

  /** Files or connections open now. */
  val readers: Long?
    get() = entry.traffic()?.readers()

  /** What was read through it. */
  val read: Size?
    get() = entry.traffic()?.let { Size(it.bytesRead()) }

  /** What was written through it. */
  val written: Size?
    get() = entry.traffic()?.let { Size(it.bytesWritten()) }

  /** How often the source had at hand what was read; null when it does not count. */
  val hitRate: Percent?
    get() =
      entry.traffic()?.cache()?.let {
        val asked = it.hits() + it.misses()
        if (asked == 0L) null else Percent(100.0 * it.hits() / asked)
      }

  /** Reads and writes that failed. */
  val failures: Long?
    get() = entry.traffic()?.failures()

  internal fun isAt(path: String) =
    (place.startsWith("nbd+unix:") || place.startsWith("nbds+unix:")) &&
      URLDecoder.decode(place.substringAfter("?socket="), StandardCharsets.UTF_8) == path

  /**
   * Takes it away, whichever process serves it. A busy mount vanishes from the directory at once
   * and goes on serving those who use it until they are done; what holds it is a finding. A server
   * cuts its clients off.
   *
   * Example: `serve(sampleDisk(1)).unmount()`
   */
  fun unmount(): Unmounted {
    val holders = session.workspace().mounts().unmount(entry)
    holders.forEach { session.finding("$place is still used: $it") }
    return Unmounted(place, holders)
  }

  /** Waits until it is taken away, by whoever; at once when another process serves it. */
  fun await() {
    session.workspace().mounts().awaitEnd(entry)
  }

  override fun title(): String =
    if (kind == MountEntry.Kind.NBD) "served $place" else "mounted $place"

  override fun fields(): List<Field> =
    listOf(
      Field.of("place", place),
      Field.of("source", source.ifEmpty { null }),
      Field.of("state", state),
      Field.of("readers", readers),
      Field.of("read", read),
      Field.of("written", if (overlay == null) null else written),
      Field.of("hit rate", hitRate),
      Field.of("failures", failures?.takeIf { it > 0 }),
      Field.detail("kind", kind),
      Field.detail("overlay", overlay),
      Field.detail("since", since),
      Field.detail("process", pid),
      Field.detail("last failure", entry.traffic()?.lastFailure()),
    )

  override fun toString(): String = place
}

/** What taking a mount away came to. */
class Unmounted
internal constructor(
  private val place: String,
  /** Who still uses it. */
  val holders: List<Holder>,
) : Described {

  /** Whether it has ended; otherwise it goes on serving those who use it. */
  val ended: Boolean
    get() = holders.isEmpty()

  override fun title(): String = if (ended) "unmounted $place" else "unmounted $place, still used"

  override fun fields(): List<Field> =
    listOf(
      Field.of("place", place),
      Field.of("ended", ended),
      Field.of("used by", holders.map { "$it" }.ifEmpty { null }),
    )

  override fun toString(): String = title()
}

/** How something is mounted. */
internal class Mounting(private val session: Session) {

  private val engine
    get() = session.workspace().mounts()

  fun mount(source: Source, dir: Path, options: MountOptions, background: Boolean): Mount =
    when {
      background -> detached("mount", source.name, source.words, dir.absolute(), options)
      source is Image && source.members.isNotEmpty() -> mount(source.members, source, dir, options)
      source is Manifest && source.kind == ManifestKind.TREE ->
        mount(source.snapshot(), dir, options, false)
      else -> Mount(session, engine.mount(MountSource.of(source.open()), dir, options))
    }

  /**
   * The same in this process, under another name than its own.
   *
   * @param name of the file of the whole source; a set has its images under theirs
   */
  fun mount(source: Source, dir: Path, options: MountOptions, name: String): Mount =
    if (source is Image && source.members.isNotEmpty()) mount(source.members, source, dir, options)
    else Mount(session, engine.mount(MountSource.named(source.open(), name), dir, options))

  fun mount(snapshot: Snapshot, dir: Path, options: MountOptions, background: Boolean): Mount =
    if (background) {
      val place = snapshot.among.place
      val store = (place as? LocalPlace)?.path()?.absolute() ?: "$place"
      val words = listOf(snapshot.name, "--store", store)
      detached("mount", snapshot.name, words, dir.absolute(), options)
    } else Mount(session, engine.mount(snapshot.mountSource(), dir, options))

  /** The images of a set, each opened when it is read. */
  private fun mount(members: Images, set: Image, dir: Path, options: MountOptions): Mount =
    Mount(session, engine.mount(of(members, set), dir, options))

  private fun of(members: Images, set: Image): MountSource {
    val now = Instant.now()
    val files = LinkedHashMap<String, MountNode>()
    members
      .filter { it.holds && it.problem == null }
      .forEach { files[it.key] = LazyFile(it.size.bytes, now) { it.open() } }
    return MountSource.of(FixedDirectory(files, now), "clonezilla ${set.path}")
  }

  fun mountFileSystem(source: Source, dir: Path, background: Boolean): Mount {
    val what = "mount the file system of ${source.name}"
    val parts = source.partitions
    if (parts.isNotEmpty())
      throw BlkshException(what, "it is a disk with ${parts.size} partitions")
        .suggest("mount one of ${parts.keys.joinToString()}")
    val kind = source.usedBlocks.areas.firstOrNull()?.fileSystem.orEmpty()
    if (!LoopMount.isAllowed()) {
      val file = Path.of("DIR", source.name)
      val words =
        source.words?.let { it.take(1) + "DIR" + it.drop(1) } ?: listOf(source.name, "DIR")
      throw BlkshException(what, "only root may")
        .suggest(
          "blksh run mount ${words.joinToString(" ")} --allow-other --background, and then: sudo " +
            LoopMount.command(file, dir, kind)
        )
    }
    if (background) {
      val words = source.words?.plus("--file-system")
      return detached("mount", source.name, words, dir.absolute(), null)
    }
    return Mount(session, engine.mountFileSystem(source.open(), kind, dir))
  }

  fun mount(store: Store, dir: Path, options: MountOptions, background: Boolean): Mount =
    if (background) {
      detached("mount", store.name, listOf(store.word), dir.absolute(), options)
    } else Mount(session, engine.mount(MountSource.of(store.opened()), dir, options))

  fun mount(store: DiskdumpStore, dir: Path, options: MountOptions, background: Boolean): Mount =
    if (background) {
      detached("mount", "$store", listOf(store.path.absolute()), dir.absolute(), options)
    } else Mount(session, engine.mount(MountSource.of(store.engine), dir, options))

  fun serve(source: Source, on: Serving, background: Boolean): Mount =
    serve(source.name, source.words, on, background) {
      if (source is Image && source.members.isNotEmpty()) of(source.members, source)
      else MountSource.of(source.open())
    }

  fun serve(store: Store, on: Serving, background: Boolean): Mount =
    serve(store.name, listOf(store.word), on, background) { MountSource.of(store.opened()) }

  fun serve(sources: Map<String, Source>, on: Serving): Mount {
    val name = sources.keys.firstOrNull() ?: throw BlkshException("serve sources", "there are none")
    return serve(name, null, on, false) {
      val opened = LinkedHashMap<String, BlockSource>()
      try {
        sources.forEach { (key, source) -> opened[key] = source.open() }
      } catch (e: Throwable) {
        opened.values.forEach { it.close() }
        throw e
      }
      MountSource.of(opened)
    }
  }

  private fun serve(
    name: String,
    words: List<String>?,
    on: Serving,
    background: Boolean,
    open: () -> MountSource,
  ): Mount {
    on.check(name)
    val usual = session.options().home().resolve("nbd/${name.replace('/', '_')}.sock")
    if (background) {
      on.options(usual) // refused before another process is
      return detached("serve", name, words?.plus(on.words(usual)), null, null)
    }
    if (on.port == null) OwnerOnly.makeDirectories(on.at(usual).toAbsolutePath().parent)
    val options = on.options(usual)
    return Mount(session, engine.serve(open(), options))
  }

  /** Has another process do it, which stays when this one ends. */
  private fun detached(
    verb: String,
    name: String,
    words: List<String>?,
    dir: String?,
    options: MountOptions?,
  ): Mount {
    if (words == null)
      throw BlkshException("$verb $name in the background", "another process cannot open it")
        .suggest("$verb it without background, and keep this process running")
    val all = buildList {
      addAll(words.take(1))
      dir?.let { add(it) }
      addAll(words.drop(1))
      if (options?.pageCache() == true) add("--page-cache")
      if (options?.allowOther() == true) add("--allow-other")
    }
    return apart(verb, all)
  }

  /** Has another process run a bundled script that mounts or serves, which stays when this ends. */
  fun apart(script: String, words: List<String>): Mount {
    val process = Detached.start(session, script, words)
    val entry =
      process.await { pid ->
        Optional.ofNullable(engine.list().find { it.pid() == pid && it.since() != null })
      }
    return Mount(session, entry)
  }

  private fun Path.absolute() = toAbsolutePath().normalize().toString()
}
