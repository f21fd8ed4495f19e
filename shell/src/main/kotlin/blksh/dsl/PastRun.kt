package blksh.dsl

import blksh.shell.view.Described
import blksh.shell.view.Field
import blksh.workspace.Outcome
import blksh.workspace.Run
import java.time.Duration
import java.time.Instant

/** One operation of the past, or of now in this or another process. */
class PastRun internal constructor(private val run: Run) : Described {

  /** Grows from run to run. */
  val id: Long
    get() = run.id()

  /** What it did: `capture`. */
  val verb: String
    get() = run.verb()

  /** To what: `server01.sda`. */
  val subject: String
    get() = run.subject()

  /** When it began. */
  val started: Instant
    get() = run.started()

  /** How long it took. */
  val took: Duration
    get() = run.elapsed()

  /** How it ended. */
  val outcome: Outcome
    get() = run.outcome()

  /** What its result came to, by name. */
  val figures: Map<String, Any>
    get() = run.figures()

  /** Why it failed or what it found. */
  val message: String
    get() = run.message()

  override fun title(): String = "run $id"

  override fun fields(): List<Field> =
    listOf(
      Field.of("id", id),
      Field.of("started", started),
      Field.of("verb", verb),
      Field.of("subject", subject),
      Field.of("took", took),
      Field.of("bytes", Size(run.bytes())),
      Field.of("outcome", outcome),
      Field.of("message", message.ifEmpty { null }),
      Field.detail("figures", figures.ifEmpty { null }),
    )

  override fun toString(): String = "$verb $subject"
}
