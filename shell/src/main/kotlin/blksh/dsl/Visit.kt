package blksh.dsl

import blksh.cache.MediaWatch
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.nio.file.Path
import java.util.concurrent.CountDownLatch

/** A medium that is or was in a drive under [Caches.watch]. */
class Visit
internal constructor(
  /** The medium, read through its cache; while it is in. */
  val cache: Cache,
  private val task: Task,
) : Described {

  internal var past: MediaWatch.Visited? = null

  /** What the medium is known by. */
  val medium: String = cache.medium

  /** The file that keeps its bytes. */
  val file: Path = cache.file

  /** Whether it was taken out before all was done with it. */
  val removed: Boolean
    get() = past?.removed() ?: task.isCancelled

  /** Waits until the medium is taken out, or Ctrl-C. */
  fun awaitRemoval() {
    val gone = CountDownLatch(1)
    task.whenCancelled { gone.countDown() }
    task.phase("until it is taken out")
    gone.await()
  }

  override fun title(): String = "medium $medium"

  override fun fields(): List<Field> =
    listOf(
      Field.of("medium", medium),
      Field.of("size", past?.let { Size(it.report().size()) } ?: cache.size),
      Field.of("read", past?.let { Size(it.report().finishedBytes()) } ?: cache.read),
      Field.of("bad", past?.let { Size(it.report().badBytes()) } ?: cache.bad),
      Field.of("taken out early", removed),
      Field.of("file", file),
    )

  override fun toString(): String = title()
}
