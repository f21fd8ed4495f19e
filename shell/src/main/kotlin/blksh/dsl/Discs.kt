package blksh.dsl

import blksh.BlkshException
import blksh.catalogue.Disc as Engine
import blksh.catalogue.DiscSet as EngineSet
import blksh.io.NameText
import blksh.session.Failures
import blksh.task.CancelledException
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Percent
import blksh.view.Size
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant

/** The discs of a set, by number or name: `catalogue("photos").discs["1"]`. */
class DiscSet
internal constructor(private val catalogue: Catalogue, private val engine: EngineSet) :
  AbstractList<Disc>(), Keyed {

  override val size: Int
    get() = engine.discs().size

  override fun get(index: Int): Disc = Disc(catalogue, engine.discs()[index])

  override val keys: List<String>
    get() = engine.discs().map { it.name() }

  override fun member(key: String): Disc? =
    engine.discs().find { it.name() == key || "${it.number()}" == key }?.let { Disc(catalogue, it) }

  /** The disc of that name, or number: 1 is the first. */
  operator fun get(name: String): Disc =
    member(name)
      ?: throw BlkshException("find the disc $name", "there is none")
        .suggest(
          if (isEmpty()) "plan some with segment" else "there are 1 to $size, ${keys.first()} first"
        )

  /** The disc that an image is of, or that is in a drive, of whatever set. */
  fun at(where: String): Disc = Disc(catalogue, catalogue.engine().discAt(Path.of(where)))

  /** What they are. */
  val media: String
    get() = engine.media()

  /** How many discs no plan can do without. */
  val bound: Int
    get() = engine.bound()

  /** Those that are not written yet. */
  val planned: List<Disc>
    get() = filter { !it.isWritten }

  /**
   * Writes the images of those that are not written yet into a directory, each as NAME.iso. One
   * that cannot be written keeps no other from it: it is named, and makes the exit status 3.
   *
   * @param readable as in [Disc.writeIso]
   * @throws BlkshException when none could be written
   */
  fun writeIso(dir: String, readable: Boolean = false): List<DiscImage> {
    val failures = mutableListOf<Pair<Disc, BlkshException>>()
    val written =
      planned.mapNotNull {
        try {
          it.writeIso(dir, readable = readable)
        } catch (stopped: CancelledException) {
          throw stopped
        } catch (failed: BlkshException) {
          failures += it to failed
          null
        }
      }
    if (written.isEmpty()) failures.firstOrNull()?.let { throw it.second }
    for ((disc, failed) in failures) catalogue.session.finding(
      "${disc.name} was not written: ${Failures.message(failed)}"
    )
    return written
  }

  /**
   * Makes the files again, as they were scanned last, from images and drives with the discs in
   * them. What no disc that is given has is named, with the disc it is on, and makes the exit
   * status 3; to go on with more discs later is to say it again.
   *
   * @param sources images or drives, in any order
   * @param to a directory; nothing in it is written over
   * @param paths what to make, such as `2019/holiday`; all of it when empty
   * @param compare whether files that are there with their size and time are read, and named when
   *   their contents are others, as bit rot leaves them
   */
  fun restore(
    sources: List<String>,
    to: String,
    paths: List<String> = emptyList(),
    compare: Boolean = false,
  ): DiscsRestored {
    if (catalogue.dryRun)
      throw BlkshException("restore to $to", "what is on the discs is only known once it was read")
        .suggest("leave the dry run out")
    val wanted = paths.map { Catalogue.reading("find $it") { NameText.name(it.trim('/')) } }
    return catalogue.session.run("restore", catalogue.name) { task ->
      DiscsRestored(
        to,
        catalogue.engine().restore(sources.map { Path.of(it) }, wanted, Path.of(to), compare, task),
        task,
      )
    }
  }

  /**
   * Writes the plan of the set that is gone on with as JSON, in place of what has that name: its
   * discs, what is on each, and what was put there by hand.
   */
  fun writePlan(to: String): Path {
    val path = Path.of(to)
    if (!catalogue.dryRun)
      catalogue.session.run("export", to) { task -> catalogue.engine().plan().export(path, task) }
    return path
  }

  override fun toString(): String = "discs of ${catalogue.name}"
}

/** A disc that is planned, or written. */
class Disc internal constructor(private val catalogue: Catalogue, private val engine: Engine) :
  Described {

  /** Which of its set it is: 1 is the first. */
  val number: Int
    get() = engine.number()

  /** What it is called; its image is NAME.iso. */
  val name: String
    get() = engine.name()

  /** How long its image is; known before it is written. */
  val size: Size
    get() = Size(engine.size())

  /** The longest image that its medium takes. */
  val capacity: Size
    get() = Size(engine.capacity())

  /** How many names of files are on it. */
  val files: Long
    get() = engine.files()

  /** When its image was written; null while it is only planned. */
  val written: Instant?
    get() = engine.written()

  val isWritten: Boolean
    get() = written != null

  /** Where its image was written; null when it was not. */
  val image: Path?
    get() = engine.image()

  /** Whether something on it is not as it was catalogued. */
  val marked: Boolean
    get() = engine.marked()

  /**
   * Writes its image, and compares every file with the catalogue on the way: one that changed, or
   * cannot be read, is named, and the disc is marked; that makes the exit status 3. A disc that was
   * written is made once more only when files are what they were.
   *
   * @param dir the directory for it
   * @param name of the image; by default that of the disc, with `.iso`
   * @param overwrite whether it may take the place of a file
   * @param readable whether everybody may read all of it where it is mounted, as with `genisoimage
   *   -r`; by default files have their owners and modes there. A restore gives them these either
   *   way
   */
  fun writeIso(
    dir: String,
    name: String? = null,
    overwrite: Boolean = false,
    readable: Boolean = false,
  ): DiscImage {
    val image = Path.of(dir).resolve(name ?: "${this.name}.iso")
    if (catalogue.dryRun) return DiscImage("would write ${this.name}", engine.size(), image, null)
    return catalogue.session.run("write", this.name) { task ->
      val written = catalogue.engine().write(engine, image, overwrite, readable, task)
      DiscImage("wrote ${this.name}", written.bytes(), image, written, task)
    }
  }

  /**
   * Compares every byte of an image, or of a drive, with what the disc must be; what is behind the
   * image is not looked at. What is wrong names the files, makes the exit status 3, and is planned
   * anew by the next [Catalogue.segment]. It is remembered, with the drive and the sectors that
   * could not be read, or not at once: see [Catalogue.health].
   *
   * @param where an image or a drive; by default where its image was written
   */
  fun verify(where: String? = null): DiscImage {
    val path =
      where?.let { Path.of(it) }
        ?: image?.takeIf { Files.exists(it) }
        ?: throw BlkshException("verify the disc $name", "its image is not where it was written")
          .suggest("name the image, or the drive it is in")
    return catalogue.session.run("verify", name) { task ->
      val read = catalogue.engine().verify(engine, path, driveName(path), task)
      DiscImage("verified $name", read.bytes(), path, read, task)
    }
  }

  /**
   * Puts files onto it by hand, or directories with all below them; all else is planned around them
   * anew, as it was planned last. It is refused when that does not fit, and the disc must not be
   * written. Later plans keep to it, until [Catalogue.unassign].
   *
   * @param paths as [Catalogue.find] shows them, such as `2019/holiday`
   */
  fun assign(vararg paths: String): DiscSet = catalogue.assign(paths.toList(), number)

  /**
   * Burns its image by xorriso, or growisofs, and compares every byte of what is in the drive then.
   * A medium that is not blank is refused, and so is what is no drive for discs, or mounted.
   *
   * @param drive a device such as `/dev/sr0`; or `stdio:FILE`, which xorriso writes as it would a
   *   disc
   * @param image where its image is; by default where it was written
   * @param overwrite whether what is on a medium that can be written over may be
   */
  fun burn(drive: String, image: String? = null, overwrite: Boolean = false): DiscImage {
    val from = image?.let { Path.of(it) }
    if (catalogue.dryRun) return DiscImage("would burn $name", engine.size(), Path.of(drive), null)
    return catalogue.session.run("burn", name) { task ->
      val read = catalogue.engine().burn(engine, from, drive, overwrite, task)
      DiscImage("burned $name", read.bytes(), read.image(), read, task)
    }
  }

  /**
   * Makes the image again as it was, from what can be read of it and its parity, and proves it:
   * every sector, and every file by its SHA-256. What cannot be put right is told, and then no
   * image is made.
   *
   * @param from an image, or a drive with the disc in it; by default where its image was written
   * @param to the image to be made; without it the one in `from` is put right where it is, and
   *   `overwrite` must be said
   * @param copies further images or drives with the same disc: what one has not got another may
   *   have; or the other discs of its set, with parity discs
   * @param overwrite whether an image that is there is written over
   */
  fun repair(
    from: String? = null,
    to: String? = null,
    copies: List<String> = emptyList(),
    overwrite: Boolean = false,
  ): DiscRepaired {
    val source =
      from?.let { Path.of(it) }
        ?: image
        ?: throw BlkshException("repair the disc $name", "its image was not written")
    if (catalogue.dryRun)
      throw BlkshException(
          "repair the disc $name",
          "what is damaged is only known once it was read",
        )
        .suggest("leave the dry run out")
    if (to == null && !overwrite)
      throw BlkshException("repair $source where it is", "that writes over what is damaged in it")
        .suggest("say where to write it (to = \"FILE\"), or overwrite = true")
    val all = listOf(source) + copies.map { Path.of(it) }
    return catalogue.session.run("repair", name) { task ->
      DiscRepaired(
        catalogue.engine().repair(engine, all, to?.let { Path.of(it) }, overwrite, task),
        task,
      )
    }
  }

  /**
   * Says that the disc is lost: what is on no other is planned anew by the next
   * [Catalogue.segment].
   */
  fun lost(): Disc = also { if (!catalogue.dryRun) catalogue.engine().lost(engine, true) }

  /** Every verify of it that came to its end, the first first; of what was written over, too. */
  val verifies: List<DiscVerified>
    get() = catalogue.engine().verifies(engine).map { DiscVerified(it) }

  /**
   * Says that the disc is there and as it was, whatever was said or found of it before; only
   * another verify makes it a good one for [Catalogue.health].
   */
  fun found(): Disc = also { if (!catalogue.dryRun) catalogue.engine().lost(engine, false) }

  override fun title(): String = "disc $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("number", number),
      Field.of("name", name),
      Field.of("files", files),
      Field.of("size", size),
      Field.of("fill", Percent(Math.floor(engine.fill() * 1000) / 10)),
      Field.of("written", written),
      Field.of("marked", marked.takeIf { it }),
      Field.detail("bytes", engine.size()),
      Field.detail("capacity", engine.capacity()),
      Field.detail("contents", Size(engine.bytes())),
      Field.detail("image", image?.toString()),
      Field.detail("verified", verifies.lastOrNull()?.began),
      Field.detail("guid", engine.guid().ifEmpty { null }),
    )

  override fun toString(): String = name
}
