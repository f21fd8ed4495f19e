package blksh.dsl

import blksh.block.Extent
import blksh.cache.RescueMap
import blksh.cache.RescueStatus
import blksh.store.StoreHealth
import blksh.store.StoreUse
import blksh.view.BlockTally
import blksh.view.Field
import blksh.view.Pictured
import blksh.view.Size
import blksh.view.View
import blksh.view.Words
import java.time.Instant

/** What lies where: rows of cells, one for so many blocks, over a legend. */
class BlockMap
internal constructor(
  private val of: String,
  private val tally: BlockTally,
  private val note: String = "",
) : Pictured {

  override fun title(): String = "map of $of, ${Words.size(tally.size())}$note"

  override fun fields(): List<Field> =
    tally.kinds().mapIndexed { kind, it -> Field.of(it.label(), Size(tally.total(kind))) }

  override fun picture(): View =
    if (tally.size() == 0L) View.Text("${title()}: nothing to see") else View.Blocks(title(), tally)

  override fun toString(): String = title()

  internal companion object {
    private const val PAGE = 4096L
    private const val SECTOR = 512L

    /**
     * An image by what its ranges hold.
     *
     * @param changed ranges that differ from the version before
     */
    fun of(name: String, size: Long, extents: Iterator<Extent>, changed: List<Extent>): BlockMap {
      val kinds =
        listOf(
          BlockTally.Kind("unreadable", 'X', 9, true),
          BlockTally.Kind("changed", '▓', 11, true),
          BlockTally.Kind("data", '█', 4, false),
          BlockTally.Kind("zero", '·', 8, false),
          BlockTally.Kind("free", '░', 8, false),
        )
      val tally = BlockTally(size, PAGE, kinds)
      val differing = ArrayDeque(changed)
      for (extent in extents) {
        when (extent.kind()) {
          Extent.Kind.DATA -> addData(tally, extent, differing)
          Extent.Kind.ZERO -> tally.add(extent.start(), extent.length(), 3)
          Extent.Kind.FREE -> tally.add(extent.start(), extent.length(), 4)
          else -> tally.add(extent.start(), extent.length(), 0)
        }
      }
      return BlockMap(name, tally)
    }

    /** Data, apart from the changed parts of it; both come in order. */
    private fun addData(tally: BlockTally, extent: Extent, changed: ArrayDeque<Extent>) {
      var at = extent.start()
      while (at < extent.end()) {
        while (changed.isNotEmpty() && changed.first().end() <= at) changed.removeFirst()
        val next = changed.firstOrNull()?.takeIf { it.start() < extent.end() }
        val plain = minOf(extent.end(), next?.start() ?: extent.end())
        if (plain > at) tally.add(at, plain - at, 2)
        at = maxOf(at, plain)
        if (next != null && at < extent.end()) {
          val end = minOf(extent.end(), next.end())
          tally.add(at, end - at, 1)
          at = end
        }
      }
    }

    /** A medium by what became of each part of it, in the words of ddrescue. */
    fun of(name: String, map: RescueMap): BlockMap {
      val kinds =
        listOf(
          BlockTally.Kind("bad sectors", 'X', 9, true),
          BlockTally.Kind("non-scraped", '/', 13, true),
          BlockTally.Kind("non-trimmed", '*', 11, true),
          BlockTally.Kind("non-tried", '?', 8, false),
          BlockTally.Kind("finished", '█', 10, false),
        )
      val tally = BlockTally(map.size(), SECTOR, kinds)
      for (range in map.ranges()) {
        val kind =
          when (range.status()) {
            RescueStatus.BAD_SECTOR -> 0
            RescueStatus.NON_SCRAPED -> 1
            RescueStatus.NON_TRIMMED -> 2
            RescueStatus.NON_TRIED -> 3
            RescueStatus.FINISHED -> 4
          }
        tally.add(range.start(), range.length(), kind)
      }
      return BlockMap(name, tally)
    }

    /** A store by when its packs were verified, in the order they came. */
    fun of(name: String, health: StoreHealth): BlockMap {
      val kinds =
        listOf(
          BlockTally.Kind("damaged", 'X', 9, true),
          BlockTally.Kind("overdue", '?', 11, true),
          BlockTally.Kind("not verified yet", '░', 8, false),
          BlockTally.Kind("verified in ${StoreHealth.OVERDUE_DAYS} days", '▓', 4, false),
          BlockTally.Kind("verified in ${StoreHealth.TURN_DAYS} days", '█', 10, false),
        )
      val tally = BlockTally(health.bytes(), PAGE, kinds)
      var at = 0L
      for (pack in health.packs()) {
        val kind =
          when (pack.state()) {
            StoreHealth.State.DAMAGED -> 0
            StoreHealth.State.OVERDUE -> 1
            StoreHealth.State.UNVERIFIED -> 2
            StoreHealth.State.VERIFIED_BEFORE -> 3
            StoreHealth.State.VERIFIED -> 4
          }
        tally.add(at, pack.bytes(), kind)
        at += pack.bytes()
      }
      return BlockMap(name, tally)
    }

    /** A store by how its pages are used, in the order they came. */
    fun of(name: String, use: StoreUse): BlockMap {
      val kinds =
        listOf(
          BlockTally.Kind("shared", '█', 10, false),
          BlockTally.Kind("used once", '▓', 4, false),
          BlockTally.Kind("unused", '░', 8, false),
        )
      val tally = BlockTally(use.pages() * PAGE, PAGE, kinds)
      var at = 0L
      for (share in use.shares()) {
        for ((kind, pages) in listOf(share.shared(), share.once(), share.unused()).withIndex()) {
          tally.add(at, pages * use.step() * PAGE, kind)
          at += pages * use.step() * PAGE
        }
      }
      return BlockMap(name, tally, if (use.step() > 1) ", estimated" else "")
    }
  }
}

/** How much was stored by when. */
class Growth internal constructor(private val of: String, steps: List<Pair<Instant, Long>>) :
  Pictured {

  private val steps = steps.sortedBy { it.first }
  private val sums = this.steps.runningFold(0L) { sum, step -> sum + step.second }.drop(1)

  /** Bytes stored in all. */
  val stored: Size
    get() = Size(sums.lastOrNull() ?: 0)

  override fun title(): String = "growth of $of"

  override fun fields(): List<Field> =
    listOf(
      Field.of("captures", steps.size),
      Field.of("first", steps.firstOrNull()?.first),
      Field.of("last", steps.lastOrNull()?.first),
      Field.of("stored", stored),
    )

  override fun picture(): View {
    if (steps.isEmpty()) return View.Text("${title()}: nothing was captured")
    return View.Course(
      "${title()}, ${Words.moment(steps.first().first)} to ${Words.moment(steps.last().first)}",
      sums.map { it.toDouble() },
      Words.size(sums.first()),
      Words.size(sums.last()),
    )
  }

  override fun toString(): String = title()
}

/** What takes how much space in a store. */
class Space internal constructor(private val of: String, shares: List<Share>) : Pictured {

  /** The shares, the largest first. */
  val shares: List<Share> = shares.sortedByDescending { it.stored }

  /** What all of them take. */
  val stored: Size
    get() = Size(shares.sumOf { it.stored.bytes })

  /**
   * What one of them takes.
   *
   * @property stored compressed
   */
  data class Share(val name: String, val stored: Size)

  override fun title(): String = "space of $of"

  override fun fields(): List<Field> =
    listOf(Field.of("name", of), Field.of("stored", stored), Field.detail("shares", shares))

  override fun picture(): View {
    if (shares.isEmpty()) return View.Text("${title()}: nothing is stored")
    val bars = shares.map { (name, size) -> View.Bars.Bar(name, size.bytes.toDouble(), "$size") }
    return View.Bars("${title()}, $stored stored", bars)
  }

  override fun toString(): String = title()
}
