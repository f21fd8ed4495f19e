package blksh.dsl

import blksh.cache.RescueRange
import blksh.cache.RescueReport
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.time.Duration

/** How a medium stands after it was filled, rescued or exported. */
class Rescued
internal constructor(private val what: String, private val report: RescueReport, task: Task) :
  Result() {

  private val took: Duration = task.elapsed()

  /** Bytes read from the medium this time; of an export, bytes written. */
  val moved: Size
    get() = Size(report.readBytes())

  /** Bytes of the medium that were read, now and before. */
  val read: Size
    get() = Size(report.finishedBytes())

  /** Bytes that could not be read. */
  val bad: Size
    get() = Size(report.badBytes())

  /** Bytes that failed and wait for a rescue. */
  val waiting: Size
    get() = Size(report.pendingBytes())

  /** Bytes never tried. */
  val untried: Size
    get() = Size(report.untriedBytes())

  /** Whether every byte was read. */
  val whole: Boolean
    get() = report.finishedBytes() == report.size()

  override fun title(): String = what

  override fun fields(): List<Field> =
    listOf(
      Field.of("whole", whole),
      Field.of("size", Size(report.size())),
      Field.of("read", read),
      Field.of("this time", moved),
      Field.of("bad", bad),
      Field.of("waiting", waiting),
      Field.of("untried", untried),
      Field.of("gave up", report.timedOut().takeIf { it }),
      Field.of("took", took),
    )

  override fun appendix(): Any? = report.largestBad().ifEmpty { null }?.map { Unread(it) }

  private class Unread(private val range: RescueRange) : Described {

    override fun title(): String = "unreadable"

    override fun fields(): List<Field> =
      listOf(Field.of("unreadable at byte", range.start()), Field.of("bytes", range.length()))
  }
}
