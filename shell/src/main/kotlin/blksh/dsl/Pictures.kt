package blksh.dsl

import blksh.block.Extent
import blksh.cache.RescueMap
import blksh.cache.RescueStatus
import blksh.store.StoreHealth
import blksh.store.StoreUse
import blksh.view.BlockTally
import blksh.view.Field
import blksh.view.Palette
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
) : Picture() {

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
          BlockTally.Kind("unreadable", 'X', Palette.RED, true),
          BlockTally.Kind("changed", '▓', Palette.ORANGE, true),
          BlockTally.Kind("data", '█', Palette.BLUE, false),
          BlockTally.Kind("zero", '·', Palette.GREY, false),
          BlockTally.Kind("free", '░', Palette.GREY, false),
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
          BlockTally.Kind("bad sectors", 'X', Palette.RED, true),
          BlockTally.Kind("non-scraped", '/', Palette.MAGENTA, true),
          BlockTally.Kind("non-trimmed", '*', Palette.ORANGE, true),
          BlockTally.Kind("non-tried", '?', Palette.GREY, false),
          BlockTally.Kind("finished", '█', Palette.GREEN, false),
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
          BlockTally.Kind("damaged", 'X', Palette.RED, true),
          BlockTally.Kind("overdue", '?', Palette.ORANGE, true),
          BlockTally.Kind("not verified yet", '░', Palette.GREY, false),
          BlockTally.Kind("verified in ${StoreHealth.OVERDUE_DAYS} days", '▓', Palette.BLUE, false),
          BlockTally.Kind("verified in ${StoreHealth.TURN_DAYS} days", '█', Palette.GREEN, false),
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
          BlockTally.Kind("shared", '█', Palette.GREEN, false),
          BlockTally.Kind("used once", '▓', Palette.BLUE, false),
          BlockTally.Kind("unused", '░', Palette.GREY, false),
        )
      val page = use.pageSize().toLong()
      val tally = BlockTally(use.pages() * page, page, kinds)
      var at = 0L
      for (share in use.shares()) {
        for ((kind, pages) in listOf(share.shared(), share.once(), share.unused()).withIndex()) {
          tally.add(at, pages * use.step() * page, kind)
          at += pages * use.step() * page
        }
      }
      return BlockMap(name, tally, if (use.step() > 1) ", estimated" else "")
    }
  }
}

/** How much was stored by when. */
class Growth internal constructor(private val of: String, steps: List<Pair<Instant, Long>>) :
  Picture() {

  private val steps = steps.sortedBy { it.first }
  private val sums = this.steps.runningFold(0L) { sum, step -> sum + step.second }.drop(1)

  /** Bytes that captures have brought in all, compressed; some of it may be gone again. */
  val stored: Size
    get() = Size(sums.lastOrNull() ?: 0)

  override fun title(): String = "growth of $of"

  override fun fields(): List<Field> =
    listOf(
      Field.of("captures", steps.size),
      Field.of("first", steps.firstOrNull()?.first),
      Field.of("last", steps.lastOrNull()?.first),
      Field.of("brought", stored),
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

/** What has brought how much into a store, compressed; its card tells what its files take now. */
class Space internal constructor(private val of: String, shares: List<Share>) : Picture() {

  /** The shares, the largest first. */
  val shares: List<Share> = shares.sortedByDescending { it.stored }

  /** What all of them have brought. */
  val stored: Size
    get() = Size(shares.sumOf { it.stored.bytes })

  /**
   * What one of them has brought.
   *
   * @property stored compressed
   */
  data class Share(val name: String, val stored: Size)

  override fun title(): String = "space of $of"

  override fun fields(): List<Field> =
    listOf(Field.of("name", of), Field.of("brought", stored), Field.detail("shares", shares))

  override fun picture(): View {
    if (shares.isEmpty()) return View.Text("${title()}: nothing is stored")
    val bars = shares.map { (name, size) -> View.Bars.Bar(name, size.bytes.toDouble(), "$size") }
    return View.Bars("${title()}, $stored brought", bars)
  }

  override fun toString(): String = title()
}
