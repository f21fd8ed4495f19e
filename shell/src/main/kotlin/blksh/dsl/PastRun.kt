package blksh.dsl

import blksh.session.Progress
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import blksh.view.Words
import blksh.workspace.Outcome
import blksh.workspace.Run
import blksh.workspace.RunProgress
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

  /** How long it took, or has taken so far. */
  val took: Duration
    get() = run.elapsed()

  /** Bytes of progress: all of it, or as far as it has told when it runs and when it was lost. */
  val bytes: Size
    get() = Size(run.bytes())

  /** The part of its work that it is at, in a word or two; null for none and when it has ended. */
  val phase: String?
    get() = progress?.pace()?.phase()?.ifEmpty { null }

  /** Bytes it will come to; null when that is unknown and when it has ended. */
  val total: Size?
    get() = progress?.pace()?.total()?.takeIf { it >= 0 }?.let { Size(it) }

  /**
   * What it does in a second; null before there is progress, and when it has ended or is silent.
   */
  val rate: Size?
    get() =
      progress?.pace()?.rate()?.takeIf { it.isPresent && silence == null }?.let { Size(it.asLong) }

  /** How long it will take to its end at that rate; null when that is unknown. */
  val left: Duration?
    get() = progress?.pace()?.left()?.orElse(null)?.takeIf { silence == null }

  /** How far it has come, as its process told, which may be another than this. */
  private val progress: RunProgress?
    get() = run.progress().orElse(null)

  /** For how long a process that runs it has told nothing. */
  private val silence: Duration?
    get() = progress?.silent(Instant.now())?.orElse(null)

  /** How it ended. */
  val outcome: Outcome
    get() = run.outcome()

  /** What its result came to, by name. */
  val figures: Map<String, Any>
    get() = run.figures()

  /** How far it has come while it runs; then why it failed or what it found. */
  val message: String
    get() = progress?.let { told(it) } ?: run.message()

  private fun told(progress: RunProgress): String {
    val quiet = silence ?: return Progress.figures(progress.pace())
    val far = Words.size(progress.pace().done())
    return "$far done when it was last heard of, ${Words.duration(quiet)} ago"
  }

  override fun title(): String = "run $id"

  override fun fields(): List<Field> =
    listOf(
      Field.of("id", id),
      Field.of("started", started),
      Field.of("verb", verb),
      Field.of("subject", subject),
      Field.of("took", took),
      Field.of("bytes", bytes),
      Field.of("outcome", outcome),
      Field.of("message", message.ifEmpty { null }),
      Field.detail("phase", phase),
      Field.detail("total", total),
      Field.detail("rate per second", rate),
      Field.detail("left", left),
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
   * Those that run now, in this process and in others that have the same home.
   *
   * Example: `runs.running`
   */
  val running: Runs
    get() = Runs(all.filter { it.outcome == Outcome.RUNNING })

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
