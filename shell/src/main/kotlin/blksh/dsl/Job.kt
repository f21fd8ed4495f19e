package blksh.dsl

import blksh.BlkshException
import blksh.session.Background
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import java.time.Duration
import java.time.Instant

/** Work that goes on in the background; made with `bg { … }`. */
class Job internal constructor(private val work: Background) : Described {

  /** 1 for the first, counting up. */
  val id: Int
    get() = work.id()

  /** What it does: the name it was given, or its operations so far. */
  val name: String
    get() = work.name()

  /** How far it has come. */
  val state: Background.State
    get() = work.state()

  /** When it began. */
  val started: Instant
    get() = work.started()

  /** How long it took, or has taken so far. */
  val took: Duration
    get() = work.took()

  /** What its block came to; null while it runs and when it failed. */
  val result: Any?
    get() = work.result().takeIf { it != Unit }

  /**
   * Waits for its end and gives what its block came to. Ctrl-C ends the waiting, not the job.
   *
   * Example: `bg { sampleStore().verify() }.await()`
   *
   * @throws Throwable what the block threw
   */
  fun await(): Any? = work.await().takeIf { it != Unit }

  /** Asks it to stop; what it leaves behind is whole. */
  fun cancel() {
    work.cancel()
  }

  override fun title(): String = "job $id"

  override fun fields(): List<Field> =
    listOf(
      Field.of("id", id),
      Field.of("name", name),
      Field.of("state", state),
      Field.of("started", started),
      Field.of("took", took),
      Field.of("message", work.message().ifEmpty { null }),
    )

  override fun toString(): String = "job $id"
}

/** The background jobs of this session, oldest first. */
class Jobs internal constructor(private val all: List<Job>) : AbstractList<Job>(), Keyed {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Job = all[index]

  override val keys: List<String>
    get() = all.map { "${it.id}" }

  override fun member(key: String): Any? = all.find { "${it.id}" == key }

  /** The job of that number. */
  operator fun get(id: String): Job =
    all.find { "${it.id}" == id } ?: throw BlkshException("find job $id", "there is none")

  /** Waits for all of them to end, however they end. */
  fun await() {
    all.forEach { job -> runCatching { job.await() }.onFailure { Background.rethrowInterrupt(it) } }
  }

  /** Asks all of them to stop. */
  fun cancel() {
    all.forEach { it.cancel() }
  }
}
