package blksh.dsl

import blksh.catalogue.CatalogueEntry
import blksh.catalogue.DuplicateContent
import blksh.catalogue.FigureBar
import blksh.catalogue.MergeReport
import blksh.catalogue.PastScan
import blksh.catalogue.RepairedDisc
import blksh.catalogue.RestoreReport
import blksh.catalogue.ScanReport
import blksh.catalogue.WrittenDisc
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.nio.file.Path
import java.time.Instant

private const val SHOWN = 50

/** What a scan found. */
class Scanned
internal constructor(
  private val catalogue: Catalogue,
  private val report: ScanReport,
  private val task: Task,
) : Result() {

  /** Files that were read. */
  val read: Long
    get() = report.read()

  /** Files that had not changed, and were not read. */
  val unchanged: Long
    get() = report.unchanged()

  /** Entries that are no more, or are another now. */
  val gone: Long
    get() = report.gone()

  /** What could not be read, or changed meanwhile: the first, a sentence each. */
  val problems: List<String>
    get() = report.problems()

  override fun title(): String = "scanned for ${catalogue.name}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("files", report.files()),
      Field.of("size", Size(report.bytes())),
      Field.of("unchanged", unchanged),
      Field.of("read", read),
      Field.of("read bytes", Size(report.readBytes())),
      Field.of("gone", gone),
      Field.of("problems", report.problemCount()),
      Field.of("took", task.elapsed()),
      Field.detail("entries", report.entries()),
    )
}

/** What another catalogue added. */
class Merged
internal constructor(
  private val file: Path,
  private val report: MergeReport,
  private val task: Task,
) : Result() {

  override fun title(): String = "merged $file"

  override fun fields(): List<Field> =
    listOf(
      Field.of("job", report.job()),
      Field.of("names", report.names()),
      Field.of("contents", report.contents()),
      Field.of("new", report.fresh()),
      Field.of("size", Size(report.bytes())),
      Field.of("discs", report.discs()),
      Field.of("gone", report.gone()),
      Field.of("took", task.elapsed()),
      Field.detail("version", report.version()),
    )
}

/** A file, a directory or a link in a catalogue. */
class CataloguedFile internal constructor(private val entry: CatalogueEntry) : Described {

  /** Its path, relative to what was scanned. */
  val path: String
    get() = entry.text()

  /** The names of the discs that have its contents, or parts of them. */
  val discs: List<String>
    get() = entry.discs()

  val size: Size
    get() = Size(entry.size())

  /** What its contents are known by; null when it has none. */
  val sha512: String?
    get() = entry.sha512()

  override fun title(): String = path

  override fun fields(): List<Field> =
    listOf(
      Field.of("path", path),
      Field.of("type", entry.type().name.lowercase().replace('_', ' ')),
      Field.of("size", size.takeIf { sha512 != null }),
      Field.of("changed", entry.told()?.ifEmpty { null } ?: changed()),
      Field.of("discs", discs.ifEmpty { null }),
      Field.detail("source", entry.source().text()),
      Field.detail("sha512", sha512),
    )

  private fun changed(): Instant? =
    if (entry.told() != null) null
    else Instant.ofEpochSecond(entry.mtimeSeconds(), entry.mtimeNanos().toLong())

  override fun toString(): String = path
}

/** What was put onto a disc by hand. */
class AssignedPath
internal constructor(
  /** Of a file, or of a directory with all below it. */
  val path: String,
  /** The number of the disc in its set: 1 is the first. */
  val disc: Int,
) : Described {

  override fun title(): String = path

  override fun fields(): List<Field> = listOf(Field.of("path", path), Field.of("disc", disc))

  override fun toString(): String = path
}

/** A content that several files have. */
class Duplicate internal constructor(private val content: DuplicateContent) : Described {

  /** The first of the files that have it. */
  val paths: List<String>
    get() = content.paths()

  /** What one of them alone would save. */
  val wasted: Size
    get() = Size(content.wasted())

  override fun title(): String = "duplicates of ${paths.firstOrNull()}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("files", content.files()),
      Field.of("size", Size(content.size())),
      Field.of("wasted", wasted),
      Field.of("first", paths.firstOrNull()),
      Field.detail("paths", paths),
      Field.detail("sha512", content.sha512()),
    )
}

/** Figures about files that have something in common. */
class FileFigures internal constructor(private val bar: FigureBar, private val most: Long) :
  Described {

  /** What they have in common. */
  val label: String
    get() = bar.label()

  val files: Long
    get() = bar.files()

  val size: Size
    get() = Size(bar.bytes())

  override fun title(): String = label

  override fun fields(): List<Field> =
    listOf(
      Field.of("files of", label),
      Field.of("files", files),
      Field.of("size", size),
      Field.of("share", "#".repeat(if (most == 0L) 0 else (bar.bytes() * WIDTH / most).toInt())),
    )

  private companion object {
    const val WIDTH = 30
  }
}

/** A scan of the past. */
class CatalogueScan internal constructor(private val scan: PastScan) : Described {

  override fun title(): String = "scan ${scan.id()}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("scan", scan.id()),
      Field.of("of", scan.source().text()),
      Field.of("began", scan.began()),
      Field.of("files", scan.files()),
      Field.of("size", Size(scan.bytes())),
      Field.of("read", scan.read()),
      Field.of("gone", scan.gone()),
      Field.of("ended", scan.ended() ?: "broken off"),
    )
}

/** The image of a disc that was written, or read. */
class DiscImage
internal constructor(
  private val what: String,
  private val bytes: Long,
  /** Where it is. */
  val image: Path,
  private val done: WrittenDisc?,
  private val task: Task? = null,
) : Result() {

  /** What is not as it was catalogued: the first, a sentence each. */
  val faults: List<String>
    get() = done?.faults() ?: emptyList()

  /** What other computers show otherwise, though it is there: the first, a sentence each. */
  val notes: List<String>
    get() = done?.notes() ?: emptyList()

  /** Whether all of it is as it must be. */
  val good: Boolean
    get() = done != null && done.faultCount() == 0L

  override fun title(): String = what

  override fun fields(): List<Field> =
    listOf(
      Field.of("disc", done?.disc()?.name()),
      Field.of("image", "$image"),
      Field.of("size", Size(bytes)),
      Field.of("contents", done?.contents()),
      Field.of("faults", done?.faultCount()),
      Field.of("took", task?.elapsed()),
      Field.detail("bytes", bytes),
      Field.detail("first faults", faults.take(SHOWN).ifEmpty { null }),
      Field.detail("first notes", notes.take(SHOWN).ifEmpty { null }),
    )
}

/** The image of a disc that was put right. */
class DiscRepaired internal constructor(private val report: RepairedDisc, private val task: Task) :
  Result() {

  /** Where it is. */
  val image: Path
    get() = report.image()

  /** Sectors that were not as they were, and are now. */
  val repaired: Long
    get() = report.repaired()

  /** Sectors that are not as they were. */
  val lost: Long
    get() = report.lost()

  /** What is not as it was catalogued: the first, a sentence each. */
  val faults: List<String>
    get() = report.faults()

  /** Whether all of it is as it must be. */
  val good: Boolean
    get() = lost == 0L && report.faultCount() == 0L

  override fun title(): String = "repaired ${report.disc().name()}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("image", "$image"),
      Field.of("sectors", report.sectors()),
      Field.of("repaired", repaired),
      Field.of("lost", lost),
      Field.of("faults", report.faultCount()),
      Field.of("took", task.elapsed()),
      Field.detail("first faults", faults.take(SHOWN).ifEmpty { null }),
    )
}

/** What a restore from discs made. */
class DiscsRestored
internal constructor(
  private val to: String,
  private val report: RestoreReport,
  private val task: Task,
) : Result() {

  /** Files that no disc has which was given, or has as they were. */
  val lost: Long
    get() = report.lost()

  /** The discs that would have had some of them. */
  val missingDiscs: List<String>
    get() = report.missingDiscs()

  /** What could not be made as it was: the first, a sentence each. */
  val problems: List<String>
    get() = report.problems()

  override fun title(): String = "restored to $to"

  override fun fields(): List<Field> =
    listOf(
      Field.of("entries", report.entries()),
      Field.of("size", Size(report.bytes())),
      Field.of("there already", report.there()),
      Field.of("lost", lost),
      Field.of("lost bytes", Size(report.lostBytes())),
      Field.of("missing discs", missingDiscs.ifEmpty { null }),
      Field.of("problems", report.problemCount()),
      Field.of("took", task.elapsed()),
    )
}
