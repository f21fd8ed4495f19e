package blksh.dsl

import blksh.store.Damage
import blksh.store.RepairResult
import blksh.store.StoreHealth
import blksh.view.Described
import blksh.view.Field
import blksh.view.Percent
import blksh.view.Size
import java.time.Duration
import java.time.Instant
import kotlin.math.floor

/** How well a store is, as far as that is known without reading what is stored. */
class Health internal constructor(private val of: String, private val health: StoreHealth) :
  Result() {

  /** What was read whole and found sound within 20 days. */
  val verifiedInTurn: Percent
    get() = share(health.verifiedInTurn())

  /** What was read whole and found sound within 90 days. */
  val verified: Percent
    get() = share(health.verified())

  /** Damage by which a part of a version cannot be restored. */
  val open: List<Damaged>
    get() = health.open().map { Damaged(Damage(it.file(), 0, 0, it.problem(), it.affected())) }

  /** How much of each pack and manifest may be lost and comes back; 0 % for none. */
  val parity: Percent
    get() = Percent(health.parity().toDouble())

  /** About how much of the packs no version needs. */
  val unused: Size
    get() = Size(health.unusedBytes())

  /** What should have been done by now; empty when all is well. */
  val overdue: List<String>
    get() = health.overdue()

  /** The newest version of each name, that captured longest ago first. */
  val lastCaptures: List<LastCapture>
    get() = health.names().map { LastCapture(it) }.sortedBy { it.captured }

  /** The packs by when they were verified, as a picture. */
  val map: BlockMap
    get() = BlockMap.of(of, health)

  /** Rounded down: all of it is 100 % and nothing else is. */
  private fun share(bytes: Long): Percent {
    val all = health.bytes()
    return Percent(if (all == 0L) 100.0 else floor(1000.0 * bytes / all) / 10)
  }

  override fun title(): String =
    if (overdue.isEmpty()) "$of is well" else "$of: something is overdue"

  override fun fields(): List<Field> =
    listOf(
      Field.of("verified in ${StoreHealth.TURN_DAYS} days", verifiedInTurn),
      Field.of("verified in ${StoreHealth.OVERDUE_DAYS} days", verified),
      Field.of("packs", Size(health.bytes())),
      Field.of("damage open", health.open().size),
      Field.of("damaged, nothing lost", health.harmless().takeIf { it > 0 }),
      Field.of("open since", health.open().mapNotNull { it.since() }.minOrNull()),
      Field.of("parity", parity.takeIf { it.value > 0 }),
      Field.of("without parity", health.unprotected().takeIf { parity.value > 0 }),
      Field.of("unused", unused),
      Field.of("in the trash", health.deleted()),
      Field.of("names", health.names().size),
      Field.of("overdue", overdue.ifEmpty { null }),
    )

  override fun appendix(): Any? = lastCaptures.take(SHOWN).ifEmpty { null }

  private companion object {
    /** Names that are shown. */
    const val SHOWN = 50
  }
}

/** The newest version of a name. */
class LastCapture internal constructor(private val last: StoreHealth.LastCapture) : Described {

  val reference: String
    get() = last.reference()

  /** When it was captured. */
  val captured: Instant
    get() = last.started()

  override fun title(): String = reference

  override fun fields(): List<Field> =
    listOf(
      Field.of("newest", reference),
      Field.of("captured", captured),
      Field.of("whole", last.whole()),
    )

  override fun toString(): String = reference
}

/** What a repair made again. */
class Repaired internal constructor(private val result: RepairResult) : Result() {

  /** Pages that were lost, and were found elsewhere. */
  val pages: Long
    get() = result.pages()

  /** Files that were made again by their parity, whole or more of them than was left. */
  val byParity: List<String>
    get() = result.byParity()

  /** What is still lost. */
  val left: List<Damaged>
    get() = result.left().map { Damaged(it) }

  override fun title(): String = if (result.dryRun()) "would repair" else "repaired"

  override fun fields(): List<Field> =
    listOf(
      Field.of("by parity", byParity.size.takeIf { it > 0 }),
      Field.of("stored again", Size(result.bytes())),
      Field.of("pages", pages),
      Field.of("packs that had lost some", result.packs()),
      Field.of("still damaged", result.left().size),
      Field.of("took", result.elapsed() as Duration),
      Field.detail("dry run", result.dryRun()),
    )

  override fun appendix(): Any? = left.ifEmpty { null }
}
