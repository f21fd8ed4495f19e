package blksh.dsl

import blksh.BlkshException
import blksh.Place.Local as LocalPlace
import blksh.Place.Remote as RemotePlace
import blksh.image.BadMagicException
import blksh.io.IoFailure
import blksh.session.Evaluation
import blksh.session.Session
import blksh.session.UsageException
import blksh.view.Size
import blksh.view.Views
import blksh.workspace.BucketServer
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

/**
 * The words scripts and the prompt understand. Every script and every line at the prompt sees the
 * members of this class without naming it.
 */
class Vocabulary(private val session: Session, arguments: Arguments) :
  MountWords(session, arguments) {

  /** The words after the script's name, as they were given. */
  val args: List<String>
    get() = session.words()

  /** True under `--dry-run`: operations say what they would do and change nothing. */
  val dryRun: Boolean
    get() = session.options().dryRun()

  /** The name of this machine, up to its first dot. */
  val host: String by lazy { thisHost() }

  /**
   * The stores used before, by name: `stores["main"]`.
   *
   * Example: `stores`
   */
  val stores: Stores
    get() = Stores(session, session.workspace().stores().map { Store(session, it.place(), it) })

  /**
   * What the known stores hold that are reachable now: `manifests["server01.sda"].last`.
   *
   * Example: `manifests`
   */
  val manifests: Manifests
    get() =
      Manifests(
        session.workspace().manifests().map {
          Manifest(Store(session, it.store().place(), it.store()), it.manifest(), among = true)
        }
      )

  /**
   * Every operation so far, newest first, in this and in other processes.
   *
   * Example: `runs.take(5)`
   */
  val runs: Runs
    get() = Runs(session.workspace().runs().map { PastRun(it) })

  /**
   * The background jobs of this session, oldest first: `jobs["1"].await()`, `jobs.cancel()`.
   *
   * Example: `jobs`
   */
  val jobs: Jobs
    get() = Jobs(session.jobs().map { Job(it) })

  /**
   * Does something in the background, while the prompt or the script goes on. At the prompt its
   * progress shows above the line being typed; a script waits for it at its end.
   *
   * @param name what it does, in a few words
   *
   * Example: `bg { sampleStore().verify() }`
   */
  fun bg(name: String = "", block: () -> Any?): Job = Job(session.background(name) { block() })

  /** What arrives on standard input, to be captured up to its end. */
  val stdin: Stream
    get() = StandardInput(session)

  /**
   * What a program writes to its standard output, to be captured up to its end: a version is made
   * only when it ends with status 0. No shell reads its words.
   *
   * Example: `sampleStore().capture(output("echo", "hello"), name = "hello")`
   */
  fun output(vararg command: String): Stream {
    if (command.isEmpty()) throw BlkshException("run a program", "none is named")
    return ProgramOutput(command.toList())
  }

  /**
   * A store by its directory, or in a bucket: `s3://BUCKET/PREFIX`. [Store.create] makes it, or the
   * first capture where there is no such directory yet, or nothing in the bucket; an empty
   * directory may be a mount point whose drive is missing.
   *
   * Example: `store(home.resolve("samples/store"))`
   */
  fun store(path: Path): Store = store(Place.of(path))

  /** A store by its directory. */
  fun store(path: String): Store = store(Place.parse(path))

  /**
   * A store in a bucket, and how its server is reached, which is part of its place and may be
   * written there: `s3://BUCKET/PREFIX?endpoint=URL`. The rest is as the tools of AWS have it.
   *
   * @param endpoint the address of the server, `http://HOST:PORT` or `https://HOST`
   * @param region as the server calls where the bucket is
   * @param profile of `~/.aws`: whose credentials are used
   * @param pathStyle whether the bucket stands in the path of a request, and not in its host
   */
  fun store(
    place: String,
    endpoint: String,
    region: String? = null,
    profile: String? = null,
    pathStyle: Boolean? = null,
  ): Store = store(BucketServer.reach(Place.parse(place), endpoint, region, profile, pathStyle))

  /** A store by its place, as an `option<Place>` gives it. */
  fun store(place: Place): Store =
    Store(session, BucketServer.reach(place, session.options().endpoint()))

  /** A store by its directory, which must be one already. */
  fun existingStore(path: Path): Store = existingStore(Place.of(path))

  /** A store by its place, where one must be already. */
  fun existingStore(place: Place): Store {
    val store = store(place)
    if (DiskdumpStore(session, place).reachable && !store.reachable)
      throw BlkshException("open store $place", "it is a store of diskdump")
        .suggest("use run diskdump, or bring it into a store with run import")
    return store.also { it.opened() }
  }

  /**
   * A drive, or a file that is read as one.
   *
   * Example: `drive(sampleDisk(1).path)`
   */
  fun drive(path: Path): Drive = Drive(session, path)

  /**
   * A drive, or a file that is read as one; of another machine as `ssh://USER@HOST/PATH`, of which
   * only what is missing here is moved; or an export of a network block device server:
   * `nbd://HOST/EXPORT`, `nbd+unix:///EXPORT?socket=PATH`, and `nbds` by TLS.
   */
  fun drive(path: String): Drive = drive(path, false)

  /**
   * A drive of another machine, `ssh://USER@HOST/PATH`: `drive("ssh://ada@server01/dev/sda", sudo =
   * true, bandwidth = 5.MiB)`.
   *
   * @param sudo whether to read it as root by sudo there
   * @param timeout how long is waited for its machine, from 5 seconds to 7 days, in place of the
   *   usual times: for a login, for another when the connection was cut, for an answer
   * @param bandwidth what may be moved in a second, both ways, by all that have the same one; 16
   *   KiB at least
   */
  fun drive(
    path: String,
    sudo: Boolean,
    timeout: Duration? = null,
    bandwidth: Size? = null,
  ): Drive {
    val place = Place.parse(path)
    val limits = RemoteAccess.limits(session, timeout, bandwidth)
    return driveAt(session, place, RemoteAccess.of(session, place, sudo, null, limits))
  }

  /** As above, as who logs in. */
  fun drive(path: String, timeout: Duration? = null, bandwidth: Size? = null): Drive =
    drive(path, false, timeout, bandwidth)

  /** A drive, or a file that is read as one, by its place. */
  fun drive(place: Place): Drive = drive(place, false)

  /**
   * An export of a network block device server, `nbd://HOST/EXPORT`, whose writes QEMU has recorded
   * in a bitmap: a capture reads only what has changed since the last one, unless anything speaks
   * against the bitmap, which is told.
   *
   * @param bitmap its name
   */
  fun drive(path: String, bitmap: String): Drive = drive(Place.parse(path), bitmap)

  /** An export with a bitmap, by its place. */
  fun drive(place: Place, bitmap: String): Drive = drive(place, false, bitmap)

  /** A drive of another machine, by its place. */
  fun drive(place: Place, sudo: Boolean): Drive = drive(place, sudo, null)

  private fun drive(place: Place, sudo: Boolean, bitmap: String?): Drive =
    driveAt(session, place, RemoteAccess.of(session, place, sudo, bitmap))

  /**
   * The drives of this machine as they are now: `drives["sda"].partitions["sda1"]`; by serial
   * number, label or UUID too.
   *
   * Example: `drives`
   */
  val drives: Drives
    get() = Drives(session, blksh.drive.Drives.look())

  /**
   * The snapshots of file trees in the places used before that are there now:
   * `snapshots["archives"].last().files`.
   *
   * Example: `snapshots`
   */
  val snapshots: KnownSnapshots
    get() = KnownSnapshots(session, stores)

  /**
   * The drives of another machine: `drives("ssh://root@server01")["sda"]`.
   *
   * @param place `ssh://USER@HOST`
   * @param sudo whether to read them as root by sudo there
   */
  fun drives(place: String, sudo: Boolean = false): Drives {
    val there = Place.parse(place)
    val access = RemoteAccess.of(session, there, sudo)
    if (access == null || (there as RemotePlace).path() !in listOf("", "/"))
      throw BlkshException("list the drives of $place", "that is no machine")
        .suggest("write ssh://USER@HOST")
    return Drives(session, there, access)
  }

  /**
   * The snapshots of file trees in a place: a store, or a directory of hard links, which is made
   * when the first is taken.
   *
   * Example: `snapshots("$home/samples/snapshots")`
   */
  fun snapshots(place: String): Snapshots = snapshots(Place.parse(place))

  /** The snapshots in a store, or in a directory. */
  fun snapshots(place: Place): Snapshots =
    snapshotsIn(session, BucketServer.reach(place, session.options().endpoint()))

  /**
   * The snapshots in a directory.
   *
   * @param hash what a new directory names contents by: `sha256`, `blake2b` …
   */
  fun snapshots(dir: Path, hash: String? = null): Snapshots {
    val place = Place.of(dir)
    if (hash == null) return snapshots(place)
    return Snapshots(session, place) { _ -> session.waiting { it.snapshots(place, hash) } }
  }

  /**
   * The snapshots in a store.
   *
   * Example: `snapshots(sampleStore())`
   */
  fun snapshots(store: Store): Snapshots = snapshotsOf(store)

  /**
   * The catalogues of files in the home directory, by name: `catalogues["photos"]`.
   *
   * Example: `catalogues`
   */
  val catalogues: Catalogues
    get() = Catalogues(session)

  /**
   * A catalogue of files and of the discs they are on, by its name; the first scan makes it. With a
   * slash in it, or the ending `.catalogue`, it is the path of a file.
   *
   * Example: `catalogue("photos").exists`
   */
  fun catalogue(name: String): Catalogue = Catalogue(session, name)

  /** A catalogue in a file. */
  fun catalogue(file: Path): Catalogue = Catalogue(session, "${file.toAbsolutePath()}")

  /**
   * The caches used before, by name; [Caches.watch] waits for media.
   *
   * Example: `caches`
   */
  val caches: Caches
    get() = Caches(session)

  /**
   * A source read through a file that keeps what was read: nothing is read from it twice, and what
   * cannot be read is rescued as ddrescue does. A cache that was begun before, by blkcache or
   * ddrescue too, goes on.
   *
   * @param file what the files are named after: `FILE.cache.FINGERPRINT~` and its `.map`
   * @param block what a single read takes at least, a power of two
   * @param writeThrough whether it may be written, through to the source
   *
   * Example: `cache(sampleDisk(1))`
   */
  fun cache(
    source: Source,
    file: Path? = null,
    block: Size = 64.KiB,
    writeThrough: Boolean = false,
  ): Cache = CacheFiles(session, source, block, writeThrough).cache(file)

  /** A source read through a file that keeps what was read. */
  fun cache(
    source: Source,
    file: String,
    block: Size = 64.KiB,
    writeThrough: Boolean = false,
  ): Cache = cache(source, Path.of(file), block, writeThrough)

  /**
   * A cache in two files of any name, such as a copy and the map of it that ddrescue began.
   *
   * @param file the copy, a file or a drive
   * @param map the mapfile
   * @param overwrite whether the copy may be a drive, or a file with something in it that the map
   *   does not tell of
   */
  fun cache(source: Source, file: Path, map: Path, overwrite: Boolean = false): Cache =
    CacheFiles(session, source, 64.KiB, false).cache(file, map, overwrite)

  /**
   * A source by what a command line calls it: a path, `ssh://HOST/PATH`, `nbd://HOST/EXPORT`, or
   * `-` for standard input.
   */
  fun source(word: String): Input = source(word, false)

  /**
   * As above.
   *
   * @param sudo whether to read it as root by sudo, on another machine
   * @param timeout how long is waited for that machine; as for [drive]
   * @param bandwidth what may be moved in a second; as for [drive]
   */
  fun source(
    word: String,
    sudo: Boolean,
    timeout: Duration? = null,
    bandwidth: Size? = null,
  ): Input =
    when (word) {
      "-" -> stdin
      "" -> throw BlkshException("open a SOURCE", "it is empty").suggest("name a drive or a file")
      else -> drive(word, sudo, timeout, bandwidth)
    }

  /**
   * A source by what a command line calls it: a drive, an image, or `NAME[@VERSION]` in a store, of
   * diskdump too. What is no image is the bytes it holds.
   *
   * @param store where the store is, or null for a path
   * @param partition one partition of it, or null for the whole
   *
   * Example: `source("disk@1", store = sampleStore().place)`
   */
  fun source(word: String, store: Place?, partition: String? = null): Source =
    source(word, store, partition, false)

  /**
   * As above.
   *
   * @param sudo whether to read it as root by sudo, on another machine
   * @param timeout how long is waited for that machine; as for [drive]
   * @param bandwidth what may be moved in a second; as for [drive]
   */
  fun source(
    word: String,
    store: Place?,
    partition: String?,
    sudo: Boolean,
    timeout: Duration? = null,
    bandwidth: Size? = null,
  ): Source {
    val whole =
      when {
        store != null -> dumpIn(store, word) ?: existingStore(store).manifest(word)
        word == "-" || isFile(word) -> imageOrDrive(word)
        else -> drive(word, sudo, timeout, bandwidth)
      }
    return if (partition == null) whole else whole.partitions[partition]
  }

  /** A version in a store, by the store's directory. */
  fun source(word: String, store: Path, partition: String? = null): Source =
    source(word, Place.of(store), partition)

  private fun dumpIn(place: Place, word: String): Source? =
    (place as? LocalPlace)
      ?.let { DiskdumpStore(session, it) }
      ?.takeIf { it.reachable && !store(place).reachable }
      ?.dump(word)

  private fun isFile(word: String): Boolean {
    val path = (Place.parse(word) as? LocalPlace)?.path() ?: return false
    return Files.isRegularFile(path) || Files.isDirectory(path)
  }

  /** What is no image known here is the bytes it holds. */
  private fun imageOrDrive(path: String): Source =
    try {
      image(path)
    } catch (unknown: BadMagicException) {
      if (path == "-") image(path, raw = true) else drive(path)
    }

  /**
   * Prints a result the way the prompt does: a card, a table or a picture.
   *
   * Example: `show(sampleDisk(1))`
   */
  fun show(result: Any?) {
    session.show(Views.of(result), result)
  }

  /**
   * Things as a table that can be sorted, limited and written: the members of a collection, or one
   * thing.
   *
   * @param columns which of their values, in that order; all when none is named
   *
   * Example: `table(sampleStore().manifests, "reference", "size")`
   */
  fun table(things: Any?, vararg columns: String): Table =
    Table.of(things).let { if (columns.isEmpty()) it else it.columns(*columns) }

  /**
   * Runs a line by the shell of the system, and gives the lines it writes. What it says on standard
   * error is shown.
   *
   * @param check whether to fail when it does not end with status 0
   *
   * Example: `sh("echo hello").first()`
   */
  fun sh(command: String, check: Boolean = true): ShellOutput =
    ShellOutput.of(session, command).also {
      if (check && it.status != 0)
        throw BlkshException("run $command", "it ended with status ${it.status}")
          .suggest("sh(…, check = false) takes that for an answer")
    }

  /** Notes something that went well enough but needs attention; the script ends with status 3. */
  fun finding(sentence: String) {
    session.finding(sentence)
  }

  /** Ends the script with a message about its arguments and status 2. */
  fun usage(problem: String): Nothing = throw UsageException(problem)

  /**
   * Ends the script at once with a status, from 0 to 255. What was found is told all the same, and
   * makes a status of 0 one of 3.
   */
  fun exit(status: Int = 0): Nothing = throw Evaluation.ending(status)

  /** As [exit]; scripts need no import for it. */
  fun exitProcess(status: Int): Nothing = exit(status)

  /**
   * What the scripts declare and do that replace the programs of pypartclone.
   *
   * @suppress no word for people
   */
  fun virtualPartitions(): VirtualPartitions = VirtualPartitions(session, this)

  /**
   * Whether two files hold the same bytes.
   *
   * Example: `same(sampleDisk(1).path, sampleDisk(2).path)`
   */
  fun same(one: Path, other: Path): Boolean =
    try {
      Files.mismatch(one, other) == -1L
    } catch (failure: IOException) {
      throw IoFailure.told("compare $one with $other", failure)
    }

  /**
   * Runs a `suspend fun main` to its end, on whatever threads it goes on; the script host calls it.
   *
   * @suppress no word for people
   */
  fun suspending(main: suspend () -> Unit) {
    val ended = CompletableFuture<kotlin.Result<Unit>>()
    main.startCoroutine(Continuation(EmptyCoroutineContext) { ended.complete(it) })
    ended.get().getOrThrow()
  }
}
