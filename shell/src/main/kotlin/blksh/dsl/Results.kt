package blksh.dsl

import blksh.block.Comparison
import blksh.block.Extent
import blksh.store.CaptureResult
import blksh.store.CompactResult
import blksh.store.Damage
import blksh.store.DeletedVersion
import blksh.store.ManifestDiff
import blksh.store.ReindexReport
import blksh.store.RestoreResult
import blksh.store.VerifyReport
import blksh.task.Figures
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.time.Duration
import java.time.Instant

/** What an operation came to; its figures go into [Vocabulary.runs] as well. */
abstract class Result internal constructor() : Described, Figures {

  override fun figures(): Map<String, Any> = buildMap {
    for (field in fields()) {
      when (val value = field.value()) {
        is Size -> put(field.key(), value.bytes)
        is Number,
        is Boolean,
        is String -> put(field.key(), value)
      }
    }
  }

  override fun toString(): String = title()
}

/** What a capture did. */
class Captured
internal constructor(
  val manifest: Manifest,
  private val result: CaptureResult,
  /** What was found of the file systems on it; null where nothing was to be left out. */
  val usedBlocks: UsedBlocks? = null,
) : Result() {

  /** Bytes read from the source. */
  val read: Size
    get() = Size(result.readBytes())

  /** Bytes that came from another machine, as they were moved; null when it is at hand. */
  val moved: Size?
    get() = result.movedBytes().takeIf { it > 0 }?.let { Size(it) }

  /** Bytes the store did not have. */
  val new: Size
    get() = manifest.new

  /** What those took in the store, compressed. */
  val stored: Size
    get() = manifest.storedSize

  /** Ranges that could not be read, the first 1000. */
  val bad: List<Extent>
    get() = result.bad()

  override fun title(): String =
    if (result.dryRun()) "would capture ${manifest.name}" else "captured ${manifest.reference}"

  override fun fields(): List<Field> {
    val figures = manifest.stored.figures()
    return listOf(
      Field.of("manifest", if (result.dryRun()) manifest.name else manifest.reference),
      Field.of("size", manifest.size),
      Field.of("read", read),
      Field.of("moved", moved),
      Field.of("new", new),
      Field.of("stored", stored),
      Field.of("bad", manifest.bad),
      Field.of("free, left out", usedBlocks?.let { Size(figures.freeBytes()) }),
      Field.of("captured whole", usedBlocks?.doubts?.ifEmpty { null }),
      Field.of("took", result.elapsed()),
      Field.detail("new pages", figures.newPages()),
      Field.detail("source", manifest.source),
      Field.detail("root", manifest.stored.root()),
      Field.detail("dry run", result.dryRun()),
    )
  }

  override fun appendix(): Any? =
    bad.ifEmpty { null }?.map { BadRange(it) } ?: usedBlocks?.areas?.takeIf { it.size > 1 }
}

/** A range that could not be read. */
class BadRange internal constructor(private val extent: Extent) : Described {

  override fun title(): String = "unreadable"

  override fun fields(): List<Field> =
    listOf(Field.of("unreadable at byte", extent.start()), Field.of("bytes", extent.length()))
}

/** What a restore did. */
class Restored
internal constructor(
  val manifest: Manifest,
  private val result: RestoreResult,
  private val dryRun: Boolean,
) : Result() {

  /** Bytes written to the target; in a dry run, bytes that would be. */
  val written: Size
    get() = Size(result.writtenBytes())

  /**
   * Bytes that went to another machine and came from it, as they were moved; null when it is here.
   */
  val moved: Size?
    get() = result.movedBytes().takeIf { it > 0 }?.let { Size(it) }

  override fun title(): String =
    if (dryRun) "would restore ${manifest.reference}" else "restored ${manifest.reference}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("manifest", manifest.reference),
      Field.of("target", result.target()),
      Field.of("size", manifest.size),
      Field.of("written", written),
      Field.of("left alone", Size(result.skippedBytes())),
      Field.of("moved", moved),
      Field.of("read back, and the same", true.takeIf { result.verified() }),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", dryRun),
    )

  override fun appendix(): Any? = result.bad().ifEmpty { null }?.map { BadRange(it) }
}

/** What a verification found. */
class Verified internal constructor(private val result: VerifyReport) : Result() {

  /** Whether nothing is wrong. */
  val clean: Boolean
    get() = result.clean()

  /** Whether all versions can be restored whole, whatever else is damaged. */
  val lossless: Boolean
    get() = result.lossless()

  /** What is not as it was written, the first 1000 places. */
  val damage: List<Damaged>
    get() = result.damage().map { Damaged(it) }

  /** How many places are not as they were written. */
  val damaged: Long
    get() = result.damaged()

  /**
   * How many places of packs are damaged still, were told of before, and hold nothing any more that
   * a version needs and has not elsewhere; `reindex` drops them. They count as no damage.
   */
  val healed: Long
    get() = result.healed()

  override fun title(): String = if (clean) "verified: clean" else "verified: damaged"

  override fun fields(): List<Field> =
    listOf(
      Field.of("clean", clean),
      Field.of("mode", result.mode()),
      Field.of("manifests", result.manifests()),
      Field.of("packs", result.packs()),
      Field.of("pages", result.pages()),
      Field.of("with parity", result.parity().takeIf { it > 0 }),
      Field.of("read", Size(result.readBytes())),
      Field.of("damage", damaged),
      Field.of("healed", healed.takeIf { it > 0 }),
      Field.of("took", result.elapsed()),
    )

  override fun appendix(): Any? = damage.take(SHOWN).ifEmpty { null }

  private companion object {
    /** Places of damage that are shown. */
    const val SHOWN = 50
  }
}

/** Something in a store that is not as it was written. */
class Damaged internal constructor(private val damage: Damage) : Described {

  /** The damaged file, relative to the store. */
  val file: String
    get() = damage.file()

  /** What is wrong. */
  val problem: String
    get() = damage.problem()

  /** The parts of captured images that cannot be restored: `NAME@VERSION bytes FROM-TO`. */
  val affected: List<String>
    get() =
      damage.affected().map {
        if (it.length() == 0L) it.manifest()
        else "${it.manifest()} bytes ${it.start()}-${it.start() + it.length() - 1}"
      }

  override fun title(): String = "damage in $file"

  override fun fields(): List<Field> =
    listOf(
      Field.of("file", file),
      Field.of("byte", damage.start()),
      Field.of("bytes", damage.length()),
      Field.of("problem", problem),
      Field.of("affected", affected.ifEmpty { listOf("nothing captured") }),
    )
}

/** How two captured versions differ. */
class Compared internal constructor(private val diff: ManifestDiff) : Result() {

  /** Bytes that differ, or exist in one only. */
  val changed: Size
    get() = Size(diff.changedBytes())

  /** Bytes at the same place that are known to be the same. */
  val same: Size
    get() = Size(diff.sameBytes())

  /** The ranges that differ, the first 10,000. */
  val ranges: List<Extent>
    get() = diff.changed()

  override fun title(): String = "${diff.from().reference()} to ${diff.to().reference()}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("from", diff.from().reference()),
      Field.of("to", diff.to().reference()),
      Field.of("same", same),
      Field.of("changed", changed),
      Field.of("ranges", diff.ranges()),
    )

  override fun appendix(): Any? = ranges.take(SHOWN).ifEmpty { null }?.map { ChangedRange(it) }

  private companion object {
    const val SHOWN = 20
  }
}

/** Where two sources differ. */
class Difference internal constructor(one: Source, other: Source, private val found: Comparison) :
  Result() {

  private val of = "$one and $other"

  /** Whether both hold the same bytes. */
  val same: Boolean
    get() = found.same()

  /** Bytes of the blocks that differ, and of what only one of them has. */
  val differing: Size
    get() = Size(found.differing())

  /** Where, in blocks of 4 KiB; the first 1000 ranges. */
  val ranges: List<Extent>
    get() = found.ranges()

  override fun title(): String = if (same) "$of are the same" else "$of differ in $differing"

  override fun fields(): List<Field> =
    listOf(
      Field.of("same", same),
      Field.of("compared", Size(found.size())),
      Field.of("differing", differing),
      Field.of("ranges", if (found.complete()) "${ranges.size}" else "more than ${ranges.size}"),
    )

  override fun appendix(): Any? = ranges.take(SHOWN).ifEmpty { null }?.map { DifferingRange(it) }

  private companion object {
    const val SHOWN = 20
  }
}

/** A range in which two sources differ. */
class DifferingRange internal constructor(private val extent: Extent) : Described {

  override fun title(): String = "different"

  override fun fields(): List<Field> =
    listOf(Field.of("different at byte", extent.start()), Field.of("bytes", extent.length()))
}

/** A range that differs. */
class ChangedRange internal constructor(private val extent: Extent) : Described {

  override fun title(): String = "changed"

  override fun fields(): List<Field> =
    listOf(
      Field.of("changed at byte", extent.start()),
      Field.of("bytes", extent.length()),
      Field.of("now", extent.kind()),
    )
}

/** What a deletion removed. */
class Deleted internal constructor(val references: List<String>, private val dryRun: Boolean) :
  Result() {

  override fun title(): String = if (dryRun) "would delete" else "deleted"

  override fun fields(): List<Field> =
    listOf(
      Field.of("deleted", references.size),
      Field.of("manifests", references),
      Field.of("dry run", dryRun),
    )
}

/** A version that was deleted and can be taken back; see [Store.undelete]. */
class Trashed internal constructor(private val deleted: DeletedVersion) : Described {

  /** `NAME@VERSION`. */
  val reference: String
    get() = deleted.reference()

  /** When it was deleted. */
  val time: Instant
    get() = deleted.deleted()

  override fun title(): String = "deleted $reference"

  override fun fields(): List<Field> =
    listOf(
      Field.of("reference", reference),
      Field.of("size", deleted.manifest()?.let { Size(it.size()) }),
      Field.of("captured", deleted.manifest()?.started()),
      Field.of("deleted", time),
      Field.of("problem", deleted.problem()),
    )

  override fun toString(): String = reference
}

/** That a version was taken back. */
class Undeleted internal constructor(val reference: String, private val dryRun: Boolean) :
  Result() {

  override fun title(): String = if (dryRun) "would bring back" else "brought back"

  override fun fields(): List<Field> =
    listOf(Field.of("reference", reference), Field.of("dry run", dryRun))
}

/** What a compaction gave back. */
class Compacted internal constructor(private val result: CompactResult) : Result() {

  /** Bytes that are free now. */
  val freed: Size
    get() = Size(result.freedBytes())

  /** Versions that left the trash for good. */
  val emptied: List<String>
    get() = result.emptied()

  /** Versions the trash keeps: for the grace, or because somebody reads them. */
  val held: List<String>
    get() = result.held().map { "${it.reference()} (${it.why()})" }

  override fun title(): String = if (result.dryRun()) "would compact" else "compacted"

  override fun fields(): List<Field> =
    listOf(
      Field.of("freed", freed),
      Field.of("packs", result.packs()),
      Field.of("removed", result.removed()),
      Field.of("rewritten", result.rewritten()),
      Field.of("written", Size(result.writtenBytes())),
      Field.of("unused pages left", result.deadPages()),
      Field.of("in use by captures", result.reliedOn().takeIf { it > 0 }),
      Field.of("emptied", emptied.size),
      Field.of("held in the trash", held.takeIf { it.isNotEmpty() }),
      Field.of("damaged, left", result.left().takeIf { it.isNotEmpty() }),
      Field.of("took", result.elapsed() as Duration),
      Field.detail("dry run", result.dryRun()),
    )
}

/** What a reindex found. */
class Reindexed
internal constructor(private val report: ReindexReport, private val dryRun: Boolean) : Result() {

  /** Files that were made whole again, relative to the store; in a dry run, that would be. */
  val repaired: List<String>
    get() = report.repaired()

  override fun title(): String = if (dryRun) "would reindex" else "reindexed"

  override fun fields(): List<Field> =
    listOf(
      Field.of("manifests", report.manifests()),
      Field.of("packs", report.packs()),
      Field.of("pages", report.pages()),
      Field.of("repaired", report.repaired().size),
      Field.of("damage", report.damage().size),
      Field.of("took", report.elapsed() as Duration),
      Field.detail("dry run", dryRun),
    )

  override fun appendix(): Any? = report.damage().ifEmpty { null }?.map { Damaged(it) }
}
