package blksh.dsl

import blksh.store.diskdump.CollectedBlocks
import blksh.store.diskdump.DiskdumpReport
import blksh.store.diskdump.ExportReport
import blksh.store.diskdump.ImportReport
import blksh.store.diskdump.RecordedDump
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size

/** What a verification of a store of diskdump found. */
class DiskdumpVerified internal constructor(private val report: DiskdumpReport) : Result() {

  /** Whether nothing is wrong. */
  val clean: Boolean
    get() = report.clean()

  /** What is not as it was written, the first 1000 places. */
  val damage: List<Damaged>
    get() = report.damage().map { Damaged(it) }

  override fun title(): String = if (clean) "verified: clean" else "verified: damaged"

  override fun fields(): List<Field> =
    listOf(
      Field.of("clean", clean),
      Field.of("manifests", report.dumps()),
      Field.of("blocks", report.blocks()),
      Field.of("read", Size(report.readBytes())),
      Field.of("damage", report.damaged()),
      Field.of("took", report.elapsed()),
    )

  override fun appendix(): Any? = damage.take(SHOWN).ifEmpty { null }

  private companion object {
    const val SHOWN = 50
  }
}

/** What recording a dump did. */
class Recorded
internal constructor(
  private val name: String,
  private val result: RecordedDump?,
  private val bytes: Long,
) : Result() {

  /** The path of its manifest; null of a dry run. */
  val manifest: String?
    get() = result?.dump()?.manifest()?.toString()

  override fun title(): String =
    result?.let { "dumped ${it.dump().reference()}" } ?: "would dump $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("dump", result?.dump()?.reference() ?: name),
      Field.of("size", Size(bytes)),
      Field.of("stored blocks", result?.stored()),
      Field.of("reused blocks", result?.reused()),
      Field.of("stored", result?.let { Size(it.storedBytes()) }),
      Field.of("took", result?.elapsed()),
      Field.detail("manifest", manifest),
      Field.detail("dry run", result == null),
    )
}

/** What was removed of a store of diskdump. */
class BlocksCollected
internal constructor(private val result: CollectedBlocks, private val dryRun: Boolean) : Result() {

  /** How many blocks no manifest names. */
  val blocks: Long
    get() = result.blocks()

  override fun title(): String = if (dryRun) "would collect" else "collected"

  override fun fields(): List<Field> =
    listOf(
      Field.of("blocks", blocks),
      Field.of("bytes", Size(result.bytes())),
      Field.of("kept", result.kept()),
      Field.detail("dry run", dryRun),
    )
}

/** What a reindex of a store of diskdump found. */
class BlocksIndexed internal constructor(val blocks: Long) : Result() {

  override fun title(): String = "reindexed"

  override fun fields(): List<Field> = listOf(Field.of("blocks", blocks))
}

/** What an import of dumps did. */
class Imported
internal constructor(
  private val into: Store,
  private val result: ImportReport,
  private val dryRun: Boolean,
) : Result() {

  /** The versions that were made, in order; none in a dry run. */
  val manifests: List<Manifest>
    get() = result.imported().map { Manifest(into, it) }

  /** Dumps that had been imported before. */
  val known: Int
    get() = result.known().size

  override fun title(): String = if (dryRun) "would import" else "imported"

  override fun fields(): List<Field> =
    listOf(
      Field.of("imported", if (dryRun) result.planned().size else manifests.size),
      Field.of("there before", known),
      Field.of("read", Size(result.readBytes())),
      Field.of("new", Size(result.imported().sumOf { it.figures().newBytes() })),
      Field.of("stored", Size(result.imported().sumOf { it.figures().storedBytes() })),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", dryRun),
    )

  override fun appendix(): Any? =
    if (dryRun) result.planned().map { Planned(it.reference()) }.ifEmpty { null }
    else manifests.ifEmpty { null }
}

/** What an export as dumps did. */
class Exported internal constructor(private val result: ExportReport, private val dryRun: Boolean) :
  Result() {

  /** The dumps that were made, in order; none in a dry run. */
  val dumps: List<Recorded>
    get() = result.exported().map { Recorded(it.dump().name(), it, it.dump().size()) }

  /** Versions that were there. */
  val known: List<String>
    get() = result.known()

  /** Versions a dump cannot hold. */
  val left: List<String>
    get() = result.left()

  override fun title(): String = if (dryRun) "would export" else "exported"

  override fun fields(): List<Field> =
    listOf(
      Field.of("exported", if (dryRun) result.planned().size else dumps.size),
      Field.of("there before", known.size),
      Field.of("left out", left.ifEmpty { null }),
      Field.of("stored", Size(result.exported().sumOf { it.storedBytes() })),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", dryRun),
    )

  override fun appendix(): Any? =
    if (dryRun) result.planned().map { Planned(it) }.ifEmpty { null } else dumps.ifEmpty { null }
}

/** What a dry run would bring. */
class Planned
internal constructor(
  /** `NAME@VERSION`. */
  val reference: String
) : Described {

  override fun title(): String = "would bring $reference"

  override fun fields(): List<Field> = listOf(Field.of("would bring", reference))
}
