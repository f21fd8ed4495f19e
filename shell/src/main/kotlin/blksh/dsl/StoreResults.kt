package blksh.dsl

import blksh.store.CopyResult
import blksh.store.StoreFigures
import blksh.store.parity.ParityCoverage
import blksh.view.Described
import blksh.view.Field
import blksh.view.Percent
import blksh.view.Size

/** That a store compresses in another way now. */
class Recoded
internal constructor(
  private val store: Place,
  private val before: Codec,
  private val codec: Codec,
  private val dryRun: Boolean,
) : Result() {

  override fun title(): String = if (dryRun) "would compress" else "compresses"

  override fun fields(): List<Field> =
    listOf(
      Field.of("store", "$store"),
      Field.of("codec", "$codec"),
      Field.of("before", "$before"),
      Field.of("dry run", dryRun),
    )
}

/** That packs and manifests of a store have parity, or none. */
class Protected
internal constructor(
  private val store: String,
  private val coverage: ParityCoverage,
  private val dryRun: Boolean,
) : Result() {

  /** How much of each may be lost; 0 % for none. */
  val parity: Percent
    get() = Percent(coverage.percent().toDouble())

  /** How many packs, manifests and descriptors got some. */
  val made: Int
    get() = coverage.made()

  /** How many should have some, and have none. */
  val missing: Int
    get() = coverage.missing()

  override fun title(): String = if (dryRun) "would protect" else "protected"

  override fun fields(): List<Field> =
    listOf(
      Field.of("store", store),
      Field.of("parity", parity),
      Field.of("made", made),
      Field.of("missing", missing),
      Field.detail("dry run", dryRun),
    )
}

/**
 * A whole number of percent.
 *
 * @throws IllegalArgumentException when it is none
 */
internal fun wholePercent(share: Percent): Int {
  require(share.value % 1.0 == 0.0) { "parity is a whole number of percent, and not $share" }
  return share.value.toInt()
}

/** What a copy to another store did. */
class Copied internal constructor(private val result: CopyResult) : Result() {

  /** What became of each version that was wanted. */
  val versions: List<CopiedVersion>
    get() = result.versions().map { CopiedVersion(it) }

  /** Versions that were copied, or would be. */
  val copied: Int
    get() = result.count(CopyResult.Outcome.COPIED).toInt()

  /** Versions that were there before. */
  val there: Int
    get() = result.count(CopyResult.Outcome.THERE).toInt()

  /** Versions that are not there: damaged, or without a place. */
  val left: Int
    get() = result.count(CopyResult.Outcome.LEFT).toInt()

  /** Bytes of pages that were moved, before compression. */
  val moved: Size
    get() = Size(result.movedBytes())

  override fun title(): String = if (result.dryRun()) "would copy" else "copied"

  override fun fields(): List<Field> =
    listOf(
      Field.of("copied", copied),
      Field.of("there before", there),
      Field.of("left", left),
      Field.of("moved", moved),
      Field.of("stored", Size(result.storedBytes()).takeIf { !result.dryRun() }),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", result.dryRun()),
    )

  override fun appendix(): Any? =
    versions.filter { it.outcome != CopyResult.Outcome.THERE }.ifEmpty { null }
}

/** What became of one version in a copy. */
class CopiedVersion internal constructor(private val version: CopyResult.Version) : Described {

  /** Its reference in the store it is copied from. */
  val reference: String
    get() = version.reference()

  /** `COPIED`, `THERE` before, or `LEFT`. */
  val outcome: CopyResult.Outcome
    get() = version.outcome()

  /** Its reference in the other store; null when it is not there. */
  val copy: String?
    get() = version.`as`()

  override fun title(): String = reference

  override fun fields(): List<Field> =
    listOf(
      Field.of("reference", reference),
      Field.of("outcome", outcome),
      Field.of("copy", copy),
      Field.of("size", Size(version.bytes())),
      Field.of("new", Size(version.newBytes())),
      Field.of("problem", version.problem()),
    )

  override fun toString(): String = reference
}

/** What a store and its versions take. */
class Measured internal constructor(private val figures: StoreFigures) : Result() {

  /** Each version that was asked for, by name, oldest first. */
  val versions: List<MeasuredVersion>
    get() = figures.versions().map { MeasuredVersion(it) }

  /** How often a page is held on the average; null of a store that holds nothing. */
  val deduplication: Double?
    get() = figures.deduplication().takeIf { it.isFinite() }

  /** How many times smaller packs are than what is in them; null of a store that holds nothing. */
  val compression: Double?
    get() = figures.compression().takeIf { it.isFinite() }

  /** The version that differs most from the one before it; null when none has one before it. */
  val changedMost: MeasuredVersion?
    get() = versions.filter { it.changed != null }.maxByOrNull { it.changed!!.bytes }

  override fun title(): String = "figures"

  override fun fields(): List<Field> =
    listOf(
      Field.of("images", Size(figures.imageBytes())),
      Field.of("data", Size(figures.dataBytes())),
      Field.of("unique", Size(figures.uniqueBytes())),
      Field.of("packs", Size(figures.packBytes())),
      Field.of("deduplication", deduplication),
      Field.of("compression", compression),
      Field.of("changed most", changedMost?.reference),
      Field.of("counted pages", "one of ${figures.step()}".takeIf { figures.step() > 1 }),
    )

  override fun appendix(): Any? = versions.ifEmpty { null }
}

/** What one version takes in its store. */
class MeasuredVersion internal constructor(private val version: StoreFigures.Version) : Described {

  /** `NAME@VERSION`. */
  val reference: String
    get() = version.manifest().reference()

  /** Bytes of pages, before compression, that no other version needs. */
  val own: Size
    get() = Size(version.own())

  /** Bytes of pages others need too. */
  val shared: Size
    get() = Size(version.shared())

  /** Bytes of the image that differ from the version before; null where there is none. */
  val changed: Size?
    get() = version.changed()?.let { Size(it) }

  override fun title(): String = reference

  override fun fields(): List<Field> =
    listOf(
      Field.of("reference", reference),
      Field.of("captured", version.manifest().started()),
      Field.of("size", Size(version.manifest().size())),
      Field.of("data", Size(version.manifest().figures().dataBytes())),
      Field.of("own", own),
      Field.of("shared", shared),
      Field.of("new", Size(version.manifest().figures().newBytes())),
      Field.of("stored", Size(version.manifest().figures().storedBytes())),
      Field.of("changed", changed),
    )

  override fun toString(): String = reference
}
