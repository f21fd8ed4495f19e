package blksh.dsl

import blksh.BlkshException
import blksh.catalogue.DiscHealth as Engine
import blksh.catalogue.PastVerify
import blksh.drive.Drives as Machine
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant

private const val SHOWN = 5

/**
 * How the written discs of a catalogue are, going by every verify of them: the worst first, so the
 * first is what to copy first.
 */
class CatalogueHealth
internal constructor(private val name: String, private val all: List<Engine>) :
  AbstractList<DiscHealth>(), Described {

  override val size: Int
    get() = all.size

  override fun get(index: Int): DiscHealth = DiscHealth(all[index])

  /** What to copy, or to make anew, before more of it is lost: what is worst first. */
  val toCopy: List<DiscHealth>
    get() = filter { it.isToBeCopied }

  /** The discs nobody has looked at for longest, first of all those that were never verified. */
  val longestUnverified: List<DiscHealth>
    get() = sortedWith(compareBy({ it.verified != null }, { it.seen }))

  override fun title(): String = "health of the discs of $name"

  override fun fields(): List<Field> {
    fun count(state: Engine.State) = all.count { it.state() == state }
    return listOf(
      Field.of("discs", size),
      Field.of("good", count(Engine.State.GOOD)),
      Field.of("damaged", count(Engine.State.DAMAGED)),
      Field.of("wearing", count(Engine.State.WEARING)),
      Field.of("never verified", count(Engine.State.UNVERIFIED)),
      Field.of("copy first", toCopy.take(SHOWN).map { it.name }.ifEmpty { null }),
      Field.of("longest unverified", longestUnverified.firstOrNull()?.let { "$it, ${it.sight}" }),
    )
  }

  override fun appendix(): Any? = all.map { DiscHealth(it) }.ifEmpty { null }

  override fun toString(): String = title()
}

/** How one disc is. */
class DiscHealth internal constructor(private val engine: Engine) : Described {

  /** What the disc is called. */
  val name: String
    get() = engine.disc().name()

  /** `damaged`, `wearing`, `unverified` or `good`. */
  val state: String
    get() = engine.state().name.lowercase()

  /** Whether it should be copied, or made anew: what it has may be read today, and not tomorrow. */
  val isToBeCopied: Boolean
    get() = engine.isToBeCopied

  /** When it was verified last; null when it was not since it was written. */
  val verified: Instant?
    get() = engine.last()?.began()

  /** Since when nobody has looked: when it was verified last, or written. */
  val seen: Instant
    get() = engine.seen()

  /** Every verify since it was written, the first first. */
  val verifies: List<DiscVerified>
    get() = engine.verifies().map { DiscVerified(it) }

  /** Contents that it has no more as it had them. */
  val lost: Long
    get() = engine.lost()

  /** What would be lost with it: what it has as it should, and no other written disc. */
  val onlyHere: Size
    get() = Size(engine.onlyHere())

  internal val sight: String
    get() = if (verified == null) "written $seen" else "verified $seen"

  /** Sectors that could not be read at once, verify by verify. */
  private fun trend(): String? =
    engine.verifies().takeLast(SHOWN).ifEmpty { null }?.joinToString(" → ") { "${it.worn()}" }

  override fun title(): String = "health of $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("disc", name),
      Field.of("state", state),
      Field.of("verified", verified),
      Field.of("trend", trend()),
      Field.of("unreadable", engine.last()?.unreadable()),
      Field.of("corrected", engine.last()?.corrected()),
      Field.of("faults", engine.last()?.faults()),
      Field.of("only here", onlyHere.takeIf { isToBeCopied }),
      Field.detail("drive", engine.last()?.let { it.drive() ?: it.place() }),
      Field.detail("lost contents", lost.takeIf { it > 0 }),
      Field.detail("lost everywhere", engine.lostAlone().takeIf { it > 0 }),
      Field.detail("written", engine.disc().written()),
      Field.detail("growth", engine.growth().takeIf { engine.verifies().size > 1 }),
    )

  override fun appendix(): Any? = verifies.ifEmpty { null }

  override fun toString(): String = name
}

/** A verify of a disc that came to its end. */
class DiscVerified internal constructor(private val engine: PastVerify) : Described {

  /** When it began. */
  val began: Instant
    get() = engine.began()

  /** The drive it was read in, as that says what it is; null of an image. */
  val drive: String?
    get() = engine.drive()

  /** Sectors that could not be read, however often they were tried. */
  val unreadable: Long
    get() = engine.unreadable()

  /** Sectors that were read, and not at the first time. */
  val corrected: Long
    get() = engine.corrected()

  /** Things that were not as they must be. */
  val faults: Long
    get() = engine.faults()

  override fun title(): String = "verify of $began"

  override fun fields(): List<Field> =
    listOf(
      Field.of("began", began),
      Field.of("took", engine.took()),
      Field.of("drive", drive),
      Field.of("sectors", engine.sectors()),
      Field.of("unreadable", unreadable),
      Field.of("corrected", corrected),
      Field.of("faults", faults),
      Field.detail("place", engine.place()),
    )

  override fun toString(): String = title()
}

/**
 * What a drive says that it is: model and serial number; null of a file, of a drive that is mute,
 * and where nobody can tell.
 */
internal fun driveName(path: Path): String? {
  if (Files.isRegularFile(path)) return null
  return try {
    val name = Machine.look().find("$path").map { "${it.model()} ${it.serial()}".trim() }
    name.orElse("").ifEmpty { null }
  } catch (unknown: BlkshException) {
    null
  }
}
