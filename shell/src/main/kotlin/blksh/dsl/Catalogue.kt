package blksh.dsl

import blksh.BlkshException
import blksh.catalogue.ArchiveDiscs
import blksh.catalogue.ArchiveTree
import blksh.catalogue.Catalogue as Engine
import blksh.catalogue.DiscChanger
import blksh.catalogue.FigureBar
import blksh.catalogue.Media
import blksh.catalogue.SegmentOptions
import blksh.io.NameText
import blksh.mount.fuse.MountOptions
import blksh.session.Session
import blksh.tree.Excludes
import blksh.tree.WalkOptions
import blksh.view.Described
import blksh.view.Field
import blksh.view.Percent
import blksh.view.Size
import blksh.workspace.MountSource
import java.nio.file.Path
import java.time.Duration
import java.time.Instant

/**
 * A catalogue of files: of directories, each as it was scanned last, and of other catalogues; and
 * of the discs they are on. Every verb shows progress, stops on Ctrl-C with nothing half done, and
 * is noted in [Vocabulary.runs].
 */
class Catalogue
internal constructor(
  internal val session: Session,
  /** What it is called, or the file it is in. */
  val name: String,
) : Described {

  internal val dryRun: Boolean
    get() = session.options().dryRun()

  internal fun engine(making: Boolean = false): Engine =
    session.workspace().catalogues().open(name, making)

  /** Whether there is one already. */
  val exists: Boolean
    get() = session.workspace().catalogues().isThere(name)

  /** The file it is in. */
  val path: Path
    get() = session.workspace().catalogues().path(name)

  /**
   * Looks through a directory, and reads what is new or changed there: all of it the first time.
   * What cannot be read is named, and makes the exit status 3.
   *
   * @param exclude patterns of what to leave out, as in a .gitignore file
   * @param oneFileSystem whether to leave out what is mounted below it
   *
   * Example: `sampleCatalogue().scan(home.resolve("samples/catalogued"))`
   */
  fun scan(
    dir: Path,
    exclude: List<String> = emptyList(),
    oneFileSystem: Boolean = false,
  ): Scanned {
    refuseDry("scan $dir", "what is there is only known once it was read")
    val options =
      reading("scan $dir") {
        WalkOptions(Excludes.NONE.with(exclude), oneFileSystem, false, Long.MAX_VALUE, emptyList())
      }
    return session.run("scan", "$dir") { task ->
      Scanned(this, engine(making = true).scan(dir, options, task), task)
    }
  }

  /** Looks through a directory. */
  fun scan(
    dir: String,
    exclude: List<String> = emptyList(),
    oneFileSystem: Boolean = false,
  ): Scanned = scan(Path.of(dir), exclude, oneFileSystem)

  /** Takes in catalogues that odarchive wrote, each with the discs it tells of. */
  fun merge(vararg files: Path): List<Merged> {
    refuseDry("merge ${files.joinToString()}", "what is in them is only known once they were read")
    return files.map { file ->
      session.run("merge", "$file") { task ->
        Merged(file, engine(making = true).merge(file, task), task)
      }
    }
  }

  /** Takes in catalogues that odarchive wrote. */
  fun merge(vararg files: String): List<Merged> = merge(*files.map { Path.of(it) }.toTypedArray())

  /** Writes a catalogue.json that odarchive loads, in place of what has that name. */
  fun export(to: Path): Path {
    if (!dryRun) session.run("export", "$to") { task -> engine().export(to, task) }
    return to
  }

  /** Writes a catalogue.json that odarchive loads. */
  fun export(to: String): Path = export(Path.of(to))

  /**
   * Says what its archives are called and known by, which stands on the discs; what is left out
   * stays. The same files, job and time come to the same images.
   *
   * @param id a UUID; by default one that was made with the catalogue
   * @param source the path the discs say they are of
   */
  fun job(
    name: String? = null,
    id: String? = null,
    client: String? = null,
    source: String? = null,
  ): Catalogue {
    if (!dryRun) engine(making = true).job(name, id, client, source)
    return this
  }

  /**
   * Files, directories and links whose path fits a pattern, as in a .gitignore file: `*.jpg`,
   * `2019/`&#42;&#42;.
   *
   * @param most how many at most
   *
   * Example: `sampleCatalogue().find("*.txt")`
   */
  fun find(pattern: String, most: Int = 1000): List<CataloguedFile> = buildList {
    engine().find(pattern) {
      add(CataloguedFile(it))
      size < most
    }
    sortBy { it.path }
  }

  /**
   * Where a file is, by its name, or the last steps of its path: on which disc, and under which
   * path.
   *
   * Example: `sampleCatalogue().which("ada")`
   */
  fun which(name: String): List<CataloguedFile> = engine().which(name).map { CataloguedFile(it) }

  /**
   * Contents that several files have, those that waste most first.
   *
   * Example: `sampleCatalogue().duplicates()`
   */
  fun duplicates(most: Int = 100): List<Duplicate> = engine().duplicates(most).map { Duplicate(it) }

  /** Files by the end of their name, those that take most first. */
  val byType: List<FileFigures>
    get() = bars(FigureBar.By.TYPE)

  /** Files by the year they were changed in. */
  val byAge: List<FileFigures>
    get() = bars(FigureBar.By.AGE)

  /** Files by their size. */
  val bySize: List<FileFigures>
    get() = bars(FigureBar.By.SIZE)

  private fun bars(by: FigureBar.By): List<FileFigures> {
    val bars = engine().figures(by)
    val most = bars.maxOfOrNull { it.bytes() } ?: 0
    return bars.map { FileFigures(it, most) }
  }

  /** Its scans, the last first. */
  val scans: List<CatalogueScan>
    get() = engine().scans().map { CatalogueScan(it) }

  /** What the last scan found gone, or another than before. */
  fun gone(most: Int = 1000): List<CataloguedFile> {
    val last = engine().scans().firstOrNull() ?: return emptyList()
    return engine().gone(last.id(), most).map { CataloguedFile(it) }
  }

  /**
   * Plans discs for what is on none yet, to the byte. What is on a disc that was written stays
   * there; what was only planned is planned anew.
   *
   * @param media what they are: `cd`, `dvd`, `bd`, `bd-dl`, `bd-xl`, `bd-xx` and others, or bytes
   * @param keepDirectoriesTogether whether what is in a directory stays on one disc where that can
   *   be
   * @param first patterns of what comes onto the first discs
   * @param reserve what stays free on each
   * @param spanLargeFiles whether a file larger than a disc becomes several parts
   * @param replan whether to begin a new set, with what is on discs already too
   * @param made when the plan is said to be made; by default now, or as SOURCE_DATE_EPOCH says
   * @param parity what part of a disc may be lost in one piece, and is made again from the rest of
   *   it: 1 to 50 percent, or 0; scattered over the disc it may be about a third of that.
   *   [Disc.repair] and restoring use it
   * @param parityDiscs how many discs of a set may be lost as a whole: so many further ones are
   *   made of all that no parity disc is of yet, once these are written
   *
   * Example: `sampleCatalogue().segment("2000000")`
   */
  fun segment(
    media: String,
    keepDirectoriesTogether: Boolean = true,
    first: List<String> = emptyList(),
    reserve: Percent = Percent(0.0),
    spanLargeFiles: Boolean = true,
    replan: Boolean = false,
    made: Instant? = null,
    parity: Percent = Percent(0.0),
    parityDiscs: Int = 0,
  ): DiscSet =
    segment(
      Media.of(media),
      keepDirectoriesTogether,
      first,
      reserve,
      spanLargeFiles,
      replan,
      made,
      parity,
      parityDiscs,
    )

  /** Plans discs of some size. */
  fun segment(
    size: Size,
    keepDirectoriesTogether: Boolean = true,
    first: List<String> = emptyList(),
    reserve: Percent = Percent(0.0),
    spanLargeFiles: Boolean = true,
    replan: Boolean = false,
    made: Instant? = null,
    parity: Percent = Percent(0.0),
    parityDiscs: Int = 0,
  ): DiscSet =
    segment(
      Media.of(size.bytes),
      keepDirectoriesTogether,
      first,
      reserve,
      spanLargeFiles,
      replan,
      made,
      parity,
      parityDiscs,
    )

  /** Plans discs of a medium. */
  fun segment(
    media: Media,
    keepDirectoriesTogether: Boolean = true,
    first: List<String> = emptyList(),
    reserve: Percent = Percent(0.0),
    spanLargeFiles: Boolean = true,
    replan: Boolean = false,
    made: Instant? = null,
    parity: Percent = Percent(0.0),
    parityDiscs: Int = 0,
  ): DiscSet {
    val options =
      reading("plan discs of $media") {
        SegmentOptions(
          media,
          keepDirectoriesTogether,
          first,
          reserve.value / 100,
          spanLargeFiles,
          replan,
          made ?: epoch() ?: Instant.now(),
          parity.value / 100,
          parityDiscs,
        )
      }
    return session.run("segment", name) { task ->
      DiscSet(this, engine().segment(options, dryRun, task))
    }
  }

  /** As reproducible-builds.org has it. */
  private fun epoch(): Instant? =
    System.getenv("SOURCE_DATE_EPOCH")?.toLongOrNull()?.let { Instant.ofEpochSecond(it) }

  /** The discs that are planned and written, of the set that is gone on with. */
  val discs: DiscSet
    get() = DiscSet(this, engine().discSet())

  /**
   * Puts files onto a disc by hand, see [Disc.assign].
   *
   * @param paths of files, and of directories with all below them
   * @param disc its number in the set, at most one more than there are
   */
  fun assign(paths: List<String>, disc: Int): DiscSet {
    val wanted = paths.map { reading("find $it") { NameText.name(it.trim('/')) } }
    return session.run("assign", name) { task ->
      DiscSet(this, engine().plan().assign(wanted, disc, dryRun, task))
    }
  }

  /**
   * Takes back what was put onto a disc by hand, and plans anew.
   *
   * @param path as it was given; by default what was put somewhere last
   */
  fun unassign(path: String? = null): DiscSet {
    val which = path?.let { reading("find $it") { NameText.name(it.trim('/')) } }
    return session.run("unassign", name) { task ->
      DiscSet(this, engine().plan().unassign(which, dryRun, task))
    }
  }

  /** What was put onto discs by hand. */
  val assigned: List<AssignedPath>
    get() = engine().plan().assignments().map { AssignedPath(it.text(), it.disc()) }

  /**
   * How the written discs of all sets are, going by every verify of them: which to copy first, how
   * that changes from one to the next, and which nobody has looked at for longest.
   *
   * Example: `sampleCatalogue().health`
   */
  val health: CatalogueHealth
    get() = CatalogueHealth(name, engine().health())

  /** A disc by its number in the set, 1 for the first, or by its name. */
  fun disc(which: String): Disc = discs[which]

  /** A disc by its number in the set, 1 for the first. */
  fun disc(number: Int): Disc = disc("$number")

  /**
   * Mounts all that was scanned, as it was found last, as one tree that cannot be written. What is
   * in a file comes from the discs it is on, through a cache on disk; a disc that is not at hand is
   * asked for at the terminal, or a command brings it. Where nobody can be asked, what it has
   * cannot be read, and the rest can; `mounts` tells why. It ends with this process.
   *
   * @param dir an empty directory, or one to be made
   * @param discs drives, images, and directories with images in them; each image is known where it
   *   was written
   * @param changer a command of the shell that brings a disc: `$1` is its name, `$2` its number;
   *   when it writes a path last, the disc is there, and else in one of the drives
   * @param cache bytes that the cache takes, about; it is shared by all catalogues of this home
   * @param patience how long to wait for a disc that was asked for, or for the command
   * @param allowOther whether other users may see it
   */
  fun mount(
    dir: String,
    discs: List<String> = emptyList(),
    changer: String? = null,
    cache: Size = Size(4L shl 30),
    patience: Duration = Duration.ofMinutes(5),
    allowOther: Boolean = false,
  ): Mount {
    val known = engine().discs().mapNotNull { it.image() }
    val asked =
      if (changer == null) DiscRequest(session, name, patience)
      else DiscChanger.command(changer, patience)
    val places = ArchiveDiscs(discs.map { Path.of(it) } + known, asked)
    val catalogues = session.workspace().catalogues()
    val tree = ArchiveTree.open(engine(), places, catalogues.cache(), cache.bytes)
    val mount =
      session
        .workspace()
        .mounts()
        .mount(MountSource.of(tree, name), Path.of(dir), MountOptions(false, allowOther, false))
    catalogues.use(name, places)
    return Mount(session, mount)
  }

  /**
   * Says where a disc is that a [mount] of this catalogue needs, in this process.
   *
   * @param where an image, or the drive it is in
   */
  fun insert(where: String): Disc {
    val disc = discs.at(where)
    if (session.workspace().catalogues().insert(name, Path.of(where).toAbsolutePath()) == 0)
      throw BlkshException("insert $where", "no mount of catalogue $name is in this process")
        .suggest("catalogue(\"$name\").mount(\"DIR\", discs = listOf(\"$where\"))")
    return disc
  }

  /** Removes it and all it knows; files and discs stay as they are. */
  fun delete() {
    if (!dryRun) session.workspace().catalogues().delete(name)
  }

  private fun refuseDry(action: String, why: String) {
    if (dryRun) throw BlkshException(action, why).suggest("leave the dry run out")
  }

  override fun title(): String = "catalogue $name"

  override fun fields(): List<Field> {
    if (!exists) return listOf(Field.of("name", name), Field.of("files", null))
    val figures = engine().figures()
    val discs = engine().discSet().discs()
    return listOf(
      Field.of("name", name),
      Field.of("files", figures.files()),
      Field.of("size", Size(figures.bytes())),
      Field.of("contents", figures.contents()),
      Field.of("without duplicates", Size(figures.contentBytes())),
      Field.of("discs", discs.size.takeIf { it > 0 }),
      Field.of("written", discs.count { it.written() != null }.takeIf { it > 0 }),
      Field.detail("directories", figures.directories()),
      Field.detail("links", figures.links()),
      Field.detail("other", figures.others().takeIf { it > 0 }),
      Field.detail("on discs", figures.onDiscs()),
      Field.detail("sources", engine().sources().map { it.text() }),
      Field.detail("job", engine().jobName()),
      Field.detail("job id", engine().jobId()),
      Field.detail("file", "$path"),
    )
  }

  override fun toString(): String = name

  internal companion object {

    /** Turns what a value is refused for into a message. */
    fun <T> reading(action: String, read: () -> T): T =
      try {
        read()
      } catch (refused: IllegalArgumentException) {
        throw BlkshException(action, refused.message ?: "a value makes no sense", refused)
      }
  }
}
