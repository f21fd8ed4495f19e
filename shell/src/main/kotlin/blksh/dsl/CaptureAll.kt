package blksh.dsl

import blksh.BlkshException
import blksh.drive.ssh.WireLimits
import blksh.session.Failures
import blksh.session.Session
import blksh.task.CancelledException
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.Semaphore

/** Captures of many drives at once: one that fails does not stop the others. */
internal class CaptureAll(
  private val session: Session,
  private val store: Store,
  private val sudo: Boolean,
  private val skipFree: Boolean,
  private val bitmap: String?,
  private val limits: WireLimits,
  atOnce: Int,
) {

  private val all = Semaphore(atOnce)
  private val hosts = ConcurrentHashMap<String, Semaphore>()

  private class Target(val place: Place, val access: RemoteAccess?, val machine: String) {
    /** Why its name could not be told, which is why it is not captured. */
    var failure = ""
    var name = ""
    var drive: Drive? = null
  }

  /** @param names one for each source, or none: then HOST.DEV */
  fun run(sources: List<String>, names: List<String>): CapturedAll {
    val targets =
      sources.map {
        val place = Place.parse(it)
        val machine = (place as? blksh.Place.Remote)?.authority().orEmpty()
        val remote = (place as? blksh.Place.Remote)?.scheme()
        val ssh = remote == blksh.Place.Scheme.SSH
        val recorded = bitmap.takeIf { remote != null && !ssh }
        // Drives of this machine take none of a wire; what is served by NBD would.
        val held = limits.takeIf { remote != null } ?: WireLimits.NONE
        Target(place, RemoteAccess.of(session, place, sudo && ssh, recorded, held), machine)
      }
    if (!limits.isEmpty && targets.all { it.access == null })
      throw BlkshException(
          "capture with limits of bandwidth or time",
          "none of the drives is on another machine",
        )
        .suggest("leave bandwidth and timeout out; they fit ssh://HOST/PATH")
    if (sudo) reach(targets)
    if (names.isEmpty()) name(targets)
    else targets.zip(names).forEach { (target, name) -> target.name = name }
    refuseTheSameName(targets)
    val jobs = targets.map { session.background("capture ${it.place}") { one(it) } }
    try {
      val outcomes = jobs.map { it.await() as CapturedOne }
      outcomes.forEach { one ->
        if (one.failure.isNotEmpty()) session.finding("${one.source}: ${one.failure}")
      }
      if (outcomes.none { it.failure.isEmpty() }) {
        val all = outcomes.joinToString("; ") { "${it.source}: ${it.failure}" }
        throw BlkshException("capture any of ${outcomes.size} drives", all)
      }
      return CapturedAll(outcomes)
    } catch (stopped: Throwable) {
      jobs.forEach { it.cancel() }
      throw stopped
    }
  }

  /** Logs in where sudo may ask for a password: work in the background asks nobody. */
  private fun reach(targets: List<Target>) {
    for (one in targets.filter { it.access != null }.distinctBy { it.machine }) {
      try {
        one.access?.reach()
      } catch (stopped: CancelledException) {
        throw stopped
      } catch (_: BlkshException) {
        // told of each of its drives
      }
    }
  }

  /** What each is called, before anything is captured; many at a time, as each may be far away. */
  private fun name(targets: List<Target>) {
    val jobs = targets.map { session.background("look at ${it.place}") { nameOne(it) } }
    try {
      jobs.forEach { it.await() }
    } catch (stopped: Throwable) {
      jobs.forEach { it.cancel() }
      throw stopped
    }
  }

  private fun nameOne(target: Target) {
    try {
      val drive = open(target)
      target.drive = drive
      target.name = "${drive.host}.${drive.name}"
    } catch (stopped: CancelledException) {
      throw stopped
    } catch (failed: BlkshException) {
      target.failure = Failures.message(failed)
    } catch (failed: Exception) {
      target.failure = "$failed"
    }
  }

  /** Two drives as versions of one name would be taken for one, and forgotten together. */
  private fun refuseTheSameName(targets: List<Target>) {
    val alike = targets.filter { it.name.isNotEmpty() }.groupBy { it.name }.values
    val same = alike.firstOrNull { it.size > 1 } ?: return
    throw BlkshException(
        "capture ${targets.size} drives",
        "${same[0].place} and ${same[1].place} would both be called ${same[0].name}",
      )
      .suggest("name them: names = listOf(…), or --name once for each")
  }

  private fun open(target: Target): Drive = driveAt(session, target.place, target.access)

  private fun one(target: Target): CapturedOne {
    if (target.failure.isNotEmpty()) return CapturedOne("${target.place}", null, target.failure)
    val host = hosts.computeIfAbsent(target.machine) { Semaphore(PER_HOST) }
    try {
      return holding(host) {
        holding(all) {
          val drive = target.drive ?: open(target)
          CapturedOne("${target.place}", store.capture(drive, target.name, skipFree), "")
        }
      }
    } catch (stopped: CancelledException) {
      throw stopped
    } catch (failed: BlkshException) {
      return CapturedOne("${target.place}", null, Failures.message(failed))
    } catch (failed: Exception) {
      return CapturedOne("${target.place}", null, "$failed")
    }
  }

  private fun <T> holding(room: Semaphore, work: () -> T): T {
    try {
      room.acquire()
    } catch (_: InterruptedException) {
      Thread.currentThread().interrupt()
      throw CancelledException("capture many drives")
    }
    try {
      return work()
    } finally {
      room.release()
    }
  }

  private companion object {
    /** Captures of one host at a time: they share a connection. */
    const val PER_HOST = 2
  }
}

/** What captures of many drives came to. */
class CapturedAll internal constructor(private val all: List<CapturedOne>) :
  AbstractList<CapturedOne>() {

  override val size: Int
    get() = all.size

  override fun get(index: Int): CapturedOne = all[index]
}

/** What one of many captures came to. */
class CapturedOne
internal constructor(
  /** What was captured. */
  val source: String,
  /** What the capture did; null when it failed. */
  val captured: Captured?,
  /** Why it failed; empty when it did not. */
  val failure: String,
) : Described {

  override fun title(): String = captured?.title() ?: "$source failed"

  override fun fields(): List<Field> =
    listOf(
      Field.of("source", source),
      Field.of("manifest", captured?.manifest?.reference),
      Field.of("size", captured?.manifest?.size),
      Field.of("moved", captured?.moved),
      Field.of("new", captured?.new),
      Field.of("bad", captured?.bad?.sumOf { it.length() }?.takeIf { it > 0 }?.let { Size(it) }),
      Field.of("failed", failure.ifEmpty { null }),
    )

  override fun toString(): String = title()
}
