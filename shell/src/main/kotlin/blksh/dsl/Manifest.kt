package blksh.dsl

import blksh.BlkshException
import blksh.Nearest
import blksh.block.BlockSource
import blksh.store.Manifest as StoredManifest
import blksh.store.ManifestKind
import blksh.store.VersionMarks
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import java.time.Duration
import java.time.Instant

/** One captured version of an image, in its store. */
class Manifest
internal constructor(
  /** Where it is kept. */
  val store: Store,
  internal val stored: StoredManifest,
  /** Whether it is shown among those of other stores. */
  private val among: Boolean = false,
  private val marks: VersionMarks? = null,
) : Source(store.session) {

  /** What was captured: `server01.sda`. */
  override val name: String
    get() = stored.name()

  /** 1 for the first capture under the name, counting up. */
  val version: Int
    get() = stored.version()

  /** `NAME@VERSION`. */
  val reference: String
    get() = stored.reference()

  /** What it is: `IMAGE`, or `TREE` for a snapshot of a file tree, which is used as such only. */
  val kind: ManifestKind
    get() = stored.kind()

  /** The size of the image. */
  override val size: Size
    get() = Size(stored.size())

  override val words: List<String>
    get() = listOf(reference, "--store", store.word)

  /** When the capture began. */
  val started: Instant
    get() = stored.started()

  /** How long the capture took. */
  val took: Duration
    get() = maxOf(Duration.ZERO, Duration.between(stored.started(), stored.finished()))

  /** What was captured, in words. */
  val source: String
    get() = stored.source().toString()

  /** The dump of diskdump it was imported from, as `NAME@VERSION`; null when it was none. */
  val dump: String?
    get() = stored.source().takeIf { it.type() == "diskdump" }?.details()?.get("dump")

  /** Bytes of the image that are held as pages: neither zero, free nor bad. */
  val data: Size
    get() = Size(stored.figures().dataBytes())

  /** Bytes this capture brought that the store did not have. */
  val new: Size
    get() = Size(stored.figures().newBytes())

  /** What those took in the store, compressed. */
  val storedSize: Size
    get() = Size(stored.figures().storedBytes())

  /** Bytes that could not be read. */
  val bad: Size
    get() = Size(stored.figures().badBytes())

  /** Whether it stays until it is unpinned; see [Store.pin]. */
  val pinned: Boolean
    get() = said().pinned()

  /** What was said of it; see [Store.note]. */
  val note: String
    get() = said().note()

  /** Words it can be kept by; see [Store.tag]. */
  val tags: List<String>
    get() = said().tags()

  private fun said(): VersionMarks = marks ?: VersionMarks.NONE

  /**
   * A picture of what its ranges hold, and of what changed since the version before.
   *
   * Example: `sampleStore().manifests["disk"].last.map`
   */
  override val map: BlockMap
    get() {
      val before = store.manifests[name].lastOrNull { it.version < version }
      val changed = before?.let { store.changes(it, this) }.orEmpty()
      return open().use { BlockMap.of(reference, it.size(), it.extents(), changed) }
    }

  /** The files of its file system; of a `TREE` those of the snapshot. */
  override val files: InnerFiles
    get() = if (kind == ManifestKind.TREE) snapshot().files else super.files

  /** As a snapshot of a file tree, which it is. */
  internal fun snapshot(): Snapshot = snapshotsOf(store)[reference]

  override fun open(): BlockSource = store.source(this)

  override fun restore(to: String, overwrite: Boolean): Restored =
    store.restore(this, to, overwrite)

  override fun restoreToAnySectors(to: String, overwrite: Boolean): Restored =
    store.restore(this, to, overwrite, anySectors = true)

  /** Restores this version, where it differs from what is there; see [Store.restore]. */
  fun restore(to: String, overwrite: Boolean = false, onlyChanged: Boolean): Restored =
    store.restore(this, to, overwrite, onlyChanged)

  /** Compares this version with another; see [Store.diff]. */
  fun diff(other: Manifest): Compared = store.diff(this, other)

  /** Removes this version; see [Store.delete]. */
  fun delete(): Deleted = store.delete(this)

  override fun title(): String = "manifest $reference"

  override fun row(): List<Field> =
    if (among) super.row() + Field.of("store", store.name) else super.row()

  override fun fields(): List<Field> {
    val figures = stored.figures()
    return listOf(
      Field.of("reference", reference),
      Field.of("kind", "file tree".takeIf { kind == ManifestKind.TREE }),
      Field.of("size", size),
      Field.of("data", data),
      Field.of("new", new),
      Field.of("stored", storedSize),
      Field.of("bad", bad.takeIf { it.bytes > 0 }),
      Field.of("captured", started),
      Field.of("pinned", true.takeIf { pinned }),
      Field.of("tags", tags.joinToString(" ").takeIf { it.isNotEmpty() }),
      Field.of("note", note.takeIf { it.isNotEmpty() }),
      Field.detail("took", took),
      Field.detail("source", source),
      Field.detail("zero", Size(figures.zeroBytes())),
      Field.detail("free", Size(figures.freeBytes())),
      Field.detail("extents", figures.extents()),
      Field.detail("root", stored.root()),
    )
  }

  override fun toString(): String = reference
}

/** Captured versions, by name and version: `manifests["server01.sda"].last`. */
class Manifests internal constructor(private val all: List<Manifest>) :
  AbstractList<Manifest>(), Keyed {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Manifest = all[index]

  /** The names captured, sorted. */
  override val keys: List<String>
    get() = all.map { it.name }.distinct()

  /**
   * The versions of a name, oldest first; none when there is no such name.
   *
   * Example: `sampleStore().manifests["disk"]`
   */
  operator fun get(name: String): Versions = Versions(name, all.filter { it.name == name }, keys)

  override fun member(key: String): Any? = get(key).takeIf { it.isNotEmpty() }
}

/** The captured versions of one name, oldest first. */
class Versions
internal constructor(
  private val name: String,
  private val all: List<Manifest>,
  /** The names there are where it was looked for. */
  private val names: List<String> = listOf(name),
) : AbstractList<Manifest>() {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Manifest = all[index]

  /** What each version brought that the store did not have, as bars. */
  val space: Space
    get() = Space(name, all.map { Space.Share(it.reference, it.storedSize) })

  /** The newest version. */
  val last: Manifest
    get() =
      all.lastOrNull()
        ?: throw BlkshException("find the last version of $name", "there is none")
          .suggest(Nearest.among(name, names, "capture something first"))

  /** The version of that number, or null. */
  fun version(number: Int): Manifest? = all.find { it.version == number }
}
