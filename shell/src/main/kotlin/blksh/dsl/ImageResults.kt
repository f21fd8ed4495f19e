package blksh.dsl

import blksh.image.BadGroup
import blksh.image.ConvertResult
import blksh.image.ImageRestoreResult
import blksh.image.ImageVerification
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.time.Duration

/** What the verification of an image found, or of all images of a set. */
class ImageVerified internal constructor(private val found: List<Pair<Image, ImageVerification>>) :
  Result() {

  /** Whether nothing is wrong. */
  val clean: Boolean
    get() = found.all { it.second.clean() }

  /** Every part that is not proven, with the bytes of the partition it hits. */
  val damage: List<DamagedGroup>
    get() =
      found.flatMap { (image, report) ->
        report.bad().map { DamagedGroup(image.key.takeIf { found.size > 1 }, it) }
      }

  private fun sum(of: (ImageVerification) -> Long) = found.sumOf { of(it.second) }

  override fun title(): String = if (clean) "verified: clean" else "verified: damaged"

  override fun fields(): List<Field> =
    listOf(
      Field.of("clean", clean),
      Field.of("image", found.map { it.first.path }.let { if (it.size == 1) it[0] else it }),
      Field.of(
        "checksum",
        found.map { it.second.checksum() }.filter { it.isNotEmpty() }.distinct().joinToString(),
      ),
      Field.of("groups", sum { it.groups() }),
      Field.of("bad groups", sum { it.badGroups() }),
      Field.of("read", Size(sum { it.readBytes() })),
      Field.of("took", found.fold(Duration.ZERO) { all, it -> all + it.second.elapsed() }),
    ) + Field.of("warnings", found.flatMap { it.second.warnings() }.ifEmpty { null })

  override fun appendix(): Any? = damage.ifEmpty { null }
}

/** A part of an image that is not proven. */
class DamagedGroup internal constructor(private val image: String?, private val bad: BadGroup) :
  Described {

  /** The number of its checksum group; -1 when it belongs to none. */
  val group: Long
    get() = bad.group()

  /** The first byte of the partition that is affected. */
  val start: Long
    get() = bad.start()

  /** Bytes of the partition from there to the last that is affected. */
  val length: Size
    get() = Size(bad.length())

  /** The kind of damage, as failures are named under `--json`. */
  val kind: String
    get() = bad.kind()

  /** What is wrong. */
  val problem: String
    get() = bad.problem()

  override fun title(): String = "damage at byte $start"

  override fun fields(): List<Field> =
    listOf(
      Field.of("image", image),
      Field.of("group", group.takeIf { it >= 0 }),
      Field.of("first byte", start),
      Field.of("last byte", start + length.bytes - 1),
      Field.of("kind", kind),
      Field.detail("problem", problem),
    )
}

/** What writing a source to a file or a drive did. */
class SourceRestored
internal constructor(
  private val source: Source,
  private val result: ImageRestoreResult,
  private val dryRun: Boolean,
) : Result() {

  /** Bytes written; in a dry run, bytes that would be. */
  val written: Size
    get() = Size(result.writtenBytes())

  override fun title(): String =
    if (dryRun) "would restore ${source.name}" else "restored ${source.name}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("source", source.name),
      Field.of("target", result.target()),
      Field.of("size", Size(result.size())),
      Field.of("written", written),
      Field.of("left alone", Size(result.skippedBytes())),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", dryRun),
    )
}

/** What a conversion did. */
class Converted
internal constructor(
  private val source: Source,
  private val result: ConvertResult,
  private val dryRun: Boolean,
) : Result() {

  /** Bytes of the new image; 0 of a dry run. */
  val written: Size
    get() = Size(result.writtenBytes())

  override fun title(): String =
    if (dryRun) "would convert ${source.name}" else "converted ${source.name}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("source", source.name),
      Field.of("target", result.target()),
      Field.of("size", Size(result.size())),
      Field.of("used", Size(result.usedBlocks() * result.blockSize())),
      Field.of("written", written),
      Field.of("block size", Size(result.blockSize().toLong())),
      Field.of("took", result.elapsed()),
      Field.detail("dry run", dryRun),
    )
}
