package blksh.dsl

import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
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

/** Every operation so far, newest first. */
class Runs internal constructor(private val all: List<PastRun>) : AbstractList<PastRun>() {

  override val size: Int
    get() = all.size

  override fun get(index: Int): PastRun = all[index]

  /**
   * How much the captures among them stored by when, in all stores.
   *
   * Example: `runs.growth`
   */
  val growth: Growth
    get() =
      Growth(
        "all stores over runs",
        all
          .filter { it.verb == "capture" && it.figures["dryRun"] != true }
          .mapNotNull { run ->
            (run.figures["stored"] as? Number)?.let { run.started to it.toLong() }
          },
      )
}
