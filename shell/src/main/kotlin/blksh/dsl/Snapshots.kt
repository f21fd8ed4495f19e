package blksh.dsl

import blksh.BlkshException
import blksh.filesystem.FileTree
import blksh.io.NameText
import blksh.mount.fuse.MountOptions
import blksh.retention.Period
import blksh.session.Session
import blksh.snapshot.LinkedSnapshots
import blksh.snapshot.Snapshot as Engine
import blksh.snapshot.SnapshotRequest
import blksh.snapshot.SnapshotSet
import blksh.snapshot.StoredSnapshots
import blksh.tree.Excludes
import blksh.tree.WalkOptions
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import blksh.workspace.MountSource
import java.nio.file.Path
import java.time.Instant

/**
 * The snapshots of file trees in one place, the oldest first: a directory where each is a directory
 * of hard links, or a store. A snapshot is a tree as it was, from the root on: `home/ada/letter` is
 * what `/home/ada/letter` was.
 *
 * Every verb shows progress, stops on Ctrl-C with nothing half done, and is noted in
 * [Vocabulary.runs]. Under `--dry-run` none of them changes anything.
 */
class Snapshots
internal constructor(
  internal val session: Session,
  /** Where they are. */
  val place: Place,
  private val dry: Boolean = false,
  private val opening: (making: Boolean) -> SnapshotSet,
) : AbstractList<Snapshot>(), Keyed {

  private val dryRun: Boolean
    get() = dry || session.options().dryRun()

  /** These, and no verb of them changes anything, as under `--dry-run`; or as before. */
  fun dry(dry: Boolean = true): Snapshots = Snapshots(session, place, dry, opening)

  /** Whether the place is among those used before; a new one is not until a snapshot is there. */
  private var remembered = false

  private val all: List<Engine> by lazy { within { it.list() } }

  internal fun <T> within(making: Boolean = false, use: (SnapshotSet) -> T): T {
    val result = opening(making && !dryRun).use(use)
    if (!remembered) remembered = session.workspace().snapshotPlaces().remember(place)
    return result
  }

  /** What tells it from others of those used before: the last part of its place. */
  internal val label: String
    get() = place.name()

  internal fun among(): List<Snapshot> = all.map { Snapshot(this, it, true) }

  override val size: Int
    get() = all.size

  override fun get(index: Int): Snapshot = Snapshot(this, all[index])

  override val keys: List<String>
    get() = all.map { it.name() }

  override fun member(key: String): Snapshot? =
    all.find { it.name() == key }?.let { Snapshot(this, it) }

  /** The snapshot of that name: `snapshots("/archives")["2026-11-29 03:00"]`. */
  operator fun get(name: String): Snapshot =
    member(name)
      ?: throw BlkshException("find snapshot $name in $place", "there is none of that name")
        .suggest(
          if (all.isEmpty()) "there is none at all; take one"
          else keys.takeLast(SUGGESTED).joinToString(prefix = "the last are ")
        )

  /**
   * Takes a snapshot, which appears when it is whole. Files that did not change since the last are
   * not read. What cannot be read is named, and makes the exit status 3.
   *
   * @param targets directories and files
   * @param name what to call it; by default the time
   * @param exclude patterns of what to leave out, as in a .gitignore file
   * @param excludePaths patterns for whole absolute paths, as cacheback has them
   * @param tags words it can be kept by, see [forget]
   * @param oneFileSystem whether to leave out what is mounted below the targets
   * @param heedMarks whether to leave out what is in directories with a `.nobackup` or a
   *   CACHEDIR.TAG
   * @param largest the largest file that is taken
   * @param followTargets whether what links lead to is taken too, and absolute links lead into the
   *   snapshot instead
   *
   * Example: `sampleSnapshots().dry().take(listOf(home))`
   */
  fun take(
    targets: List<Path>,
    name: String? = null,
    exclude: List<String> = emptyList(),
    excludePaths: List<String> = emptyList(),
    tags: List<String> = emptyList(),
    oneFileSystem: Boolean = false,
    heedMarks: Boolean = false,
    largest: Size? = null,
    followTargets: Boolean = false,
  ): Taken {
    if (targets.isEmpty()) throw BlkshException("take a snapshot", "it would be of nothing")
    val options =
      reading("take a snapshot") {
        val excludes = Excludes.NONE.with(exclude).withFullMatch(excludePaths)
        val most = largest?.bytes ?: Long.MAX_VALUE
        WalkOptions(excludes, oneFileSystem, heedMarks, most, emptyList())
      }
    val request = SnapshotRequest(targets, name, tags, options, followTargets, dryRun)
    return session.run("snapshot", name ?: targets.joinToString(" ")) { task ->
      within(making = true) { Taken(this, it.take(request, task), dryRun, task) }
    }
  }

  /** As above, of one directory or file. */
  fun take(target: Path, name: String? = null, exclude: List<String> = emptyList()): Taken =
    take(listOf(target), name, exclude)

  /** As above, by its path. */
  fun take(target: String, name: String? = null, exclude: List<String> = emptyList()): Taken =
    take(Path.of(target), name, exclude)

  /**
   * The snapshots with what each alone keeps, and what it shares, for which all are looked at.
   *
   * Example: `sampleSnapshots().sizes`
   */
  val sizes: List<Snapshot>
    get() =
      session.run("sizes", "$place") { task ->
        within { set -> set.listWithSizes(task).map { Snapshot(this, it) } }
      }

  /**
   * What is another in the second than in the first.
   *
   * Example: `sampleSnapshots().diff("monday", "tuesday")`
   */
  fun diff(before: String, after: String): TreeCompared =
    session.run("diff", "$before $after") { task ->
      val found = TreeCompared.Builder()
      within { it.diff(before, after, task, found::add) }
      found.build(before, after)
    }

  /**
   * Entries whose path fits a pattern, in all snapshots or some.
   *
   * @param pattern as in a .gitignore file: `*.jpg`, `/home/ada/`&#42;`.txt`
   *
   * Example: `sampleSnapshots().find("*.txt")`
   */
  fun find(pattern: String, vararg names: String): List<FoundFile> =
    session.run("find", "$pattern in $place") { task ->
      buildList { within { set -> set.find(pattern, names.toList(), task) { add(FoundFile(it)) } } }
    }

  /**
   * Reads what snapshots hold, all or some, and compares it with what was noted when they were
   * taken. What is not as it was makes the exit status 3.
   *
   * Example: `sampleSnapshots().verify()`
   */
  fun verify(vararg names: String): TreesVerified =
    session.run("verify", "$place") { task ->
      within { TreesVerified(it.verify(names.toList(), task), task) }
    }

  /**
   * Makes a snapshot's entries again, with owners, permissions, times, attributes and links.
   *
   * @param paths in it, such as `home/ada/letter`; all of it when empty
   * @param to a directory; the paths go below it from the root on. Nothing is written over.
   *
   * Example: `sampleSnapshots().dry().restore("monday", to = "$home/samples/back")`
   */
  fun restore(name: String, to: String, paths: List<String> = emptyList()): TreeRestored {
    val wanted = paths.map { bytes(it) }
    return session.run("restore", name) { task ->
      within {
        TreeRestored(name, to, it.restore(name, wanted, target(to), dryRun, task), dryRun, task)
      }
    }
  }

  private fun bytes(path: String): ByteArray =
    reading("find $path") { NameText.name(path.trim('/')) }

  /** Removes snapshots; what others have stays. */
  fun delete(vararg names: String): TreesDeleted = delete(names.toList())

  /** Removes snapshots; what others have stays. */
  fun delete(names: List<String>): TreesDeleted =
    session.run("delete", names.joinToString(" ")) { task ->
      within { it.delete(names, dryRun, task) }
      TreesDeleted(names, dryRun)
    }

  /**
   * Removes the snapshots that no rule keeps. To keep 7 daily ones is to keep the last of each of
   * the 7 most recent days that have one, by this machine's calendar; -1 keeps all.
   *
   * @param keepWithin an age such as `7d` or `1y6m`, counted back from the newest snapshot
   * @param keepTags those that have one of these tags stay; of `"a,b"` both
   *
   * Example: `sampleSnapshots().forget(keepLast = 3, keepMonthly = 12)`
   */
  fun forget(
    keepLast: Int? = null,
    keepHourly: Int? = null,
    keepDaily: Int? = null,
    keepWeekly: Int? = null,
    keepMonthly: Int? = null,
    keepYearly: Int? = null,
    keepWithin: String? = null,
    keepTags: List<String> = emptyList(),
  ): Forgotten {
    val policy =
      keepRules(
        "forget snapshots in $place",
        listOf(
          Period.LAST to keepLast,
          Period.HOURLY to keepHourly,
          Period.DAILY to keepDaily,
          Period.WEEKLY to keepWeekly,
          Period.MONTHLY to keepMonthly,
          Period.YEARLY to keepYearly,
        ),
        keepWithin,
        keepTags,
      )
    return session.run("forget", "$place") { task ->
      within { set ->
        Forgotten(
          set.forget(policy, dryRun, task).map {
            Judged(it.thing().name(), it.thing().taken(), it.reasons())
          },
          dryRun,
        )
      }
    }
  }

  /**
   * Removes contents that no snapshot has any more, of a directory; a store compacts.
   *
   * Example: `sampleSnapshots().gc()`
   */
  fun gc(): Collected =
    session.run("gc", "$place") { task ->
      within { Collected(linked(it, "collect").collect(dryRun, task), dryRun, task) }
    }

  /**
   * Goes on with a directory that cacheback filled: every content is read and compared with its
   * name, and what is in the snapshots is noted as it is. What is wrong makes the exit status 3.
   *
   * Example: `sampleSnapshots().adopt()`
   */
  fun adopt(): Adopted {
    if (dryRun)
      throw BlkshException("adopt $place", "what is there is only known once it was read")
        .suggest("leave the dry run out: nothing that is there is changed")
    return session.run("adopt", "$place") { task ->
      within { Adopted(linked(it, "adopt").adopt(task), task) }
    }
  }

  private fun linked(set: SnapshotSet, verb: String): LinkedSnapshots =
    set as? LinkedSnapshots
      ?: throw BlkshException("$verb $place", "it is a store, which gives space back otherwise")

  override fun toString(): String = "snapshots in $place"

  private companion object {
    const val SUGGESTED = 5
  }
}

/** The snapshots in a place: a store that is there, or a directory. */
internal fun snapshotsIn(session: Session, place: Place): Snapshots =
  Snapshots(session, place) { _ -> session.waiting { it.snapshots(place) } }

/** The snapshots in a store. */
internal fun snapshotsOf(store: Store): Snapshots =
  Snapshots(store.session, store.place) { making ->
    store.session.waiting { it.snapshotsInStore(store.place, making) }
  }

/** One snapshot of file trees. */
class Snapshot
internal constructor(
  /** Where it is kept, among others. */
  val among: Snapshots,
  private val engine: Engine,
  private val elsewhere: Boolean = false,
) : Described {

  /** What it is called. */
  val name: String
    get() = engine.name()

  /** When it was begun. */
  val taken: Instant
    get() = engine.taken()

  /** The machine it is of; empty when that is not known. */
  val host: String
    get() = engine.host()

  /** What was taken. */
  val targets: List<String>
    get() = engine.targets()

  /** Words it can be kept by. */
  val tags: List<String>
    get() = engine.tags()

  /** How many entries it has, directories too; null when that is not known. */
  val entries: Long?
    get() = engine.entries().takeIf { it >= 0 }

  /** Bytes of its files; null when that is not known. */
  val size: Size?
    get() = known(engine.bytes())

  /** What would be free without it; null unless it was looked at, by [Snapshots.sizes]. */
  val own: Size?
    get() = known(engine.own())

  /** What it has in common with others; null unless it was looked at, by [Snapshots.sizes]. */
  val shared: Size?
    get() = known(engine.shared())

  /** How many entries could not be read when it was taken. */
  val missing: Long
    get() = engine.missing()

  private fun known(bytes: Long): Size? = if (bytes >= 0) Size(bytes) else null

  /**
   * What is in it, read without restoring: `files["/etc/fstab"].text`.
   *
   * Example: `sampleSnapshots().last().files`
   */
  val files: InnerFiles
    get() = InnerFiles(SnapshotHolder(this))

  /**
   * Mounts its tree on a directory, with owners, permissions and times; of a snapshot in a store,
   * as the others are directories already. It ends with this process, unless another one does it in
   * the background.
   *
   * @param dir an empty directory, or one to be made
   * @param allowOther whether other users may see it
   * @param background whether a process of its own serves it, which stays; `mounts` lists it
   */
  fun mount(dir: String, allowOther: Boolean = false, background: Boolean = false): Mount =
    Mounting(among.session)
      .mount(this, Path.of(dir), MountOptions(false, allowOther, false), background)

  internal fun mountSource(): MountSource =
    among.within {
      MountSource.of(
        (it as? StoredSnapshots)?.open(name)
          ?: throw BlkshException("mount snapshot $name", "it is a directory of files already")
            .suggest("use it as it is: ${among.place}/$name")
      )
    }

  /** Makes its entries again, see [Snapshots.restore]. */
  fun restore(to: String, paths: List<String> = emptyList()): TreeRestored =
    among.restore(name, to, paths)

  /** What is another in a later one. */
  fun diff(later: Snapshot): TreeCompared = among.diff(name, later.name)

  /** Reads all of it and compares it with what was noted. */
  fun verify(): TreesVerified = among.verify(name)

  /** Removes it. */
  fun delete(): TreesDeleted = among.delete(name)

  override fun title(): String = "snapshot $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("taken", taken),
      Field.of("entries", entries),
      Field.of("size", size),
      Field.of("own", own),
      Field.of("shared", shared),
      Field.of("missing", missing.takeIf { it > 0 }),
      Field.of("tags", tags.ifEmpty { null }),
      Field.detail("host", host.ifEmpty { null }),
      Field.detail("targets", targets.ifEmpty { null }),
    )

  override fun row(): List<Field> =
    if (elsewhere) super.row() + Field.of("place", "${among.place}") else super.row()

  override fun toString(): String = name
}

/** A snapshot, to look into. */
private class SnapshotHolder(private val snapshot: Snapshot) : FileHolder {

  override val session: Session
    get() = snapshot.among.session

  override val name: String
    get() = snapshot.name

  override fun <T> withFiles(use: (FileTree) -> T): T =
    snapshot.among.within { set -> set.files(name).use(use) }
}
