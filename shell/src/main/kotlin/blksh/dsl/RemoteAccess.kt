package blksh.dsl

import blksh.BlkshException
import blksh.Place.Remote
import blksh.block.BlockSource
import blksh.block.PageTarget
import blksh.block.TargetTerms
import blksh.drive.Drives as Machine
import blksh.drive.ssh.PasswordPrompt
import blksh.drive.ssh.RemoteHost
import blksh.session.Secret
import blksh.session.Session
import blksh.store.RestoreOptions
import java.util.Optional
import java.util.function.BooleanSupplier

/**
 * Another machine, as its drives are reached from here: over ssh, as root where it was asked for.
 */
internal class RemoteAccess(
  private val session: Session,
  private val place: Remote,
  val sudo: Boolean,
) {

  private val host: RemoteHost by lazy {
    val prompt = Prompt(Secret(session.console()))
    session.waiting { it.hosts().host(place, sudo, prompt) }
  }

  /** The name of the machine without user, and `-PORT` where a port was said. */
  val name: String
    get() = host.label()

  fun open(path: String): BlockSource = host.open(path)

  /**
   * Opens a drive or a file to be written by a restore, and says which it is before it is.
   *
   * @param size bytes of the image
   */
  fun target(size: Long, options: RestoreOptions): PageTarget {
    val terms = TargetTerms(size, options.overwrite(), options.onlyChanged(), options.dryRun())
    val target = host.target(place.path(), terms)
    if (target.isDevice && !options.dryRun()) session.console().tell("writing to ${words(target)}")
    return target
  }

  /** Which drive it is: `sdb on server01 (model …, serial …)`. */
  private fun words(target: PageTarget): String {
    val found = target.describe()
    val details = found.details().filterKeys { it != "host" }.map { "${it.key} ${it.value}" }
    return "${found.name()} on $name" +
      if (details.isEmpty()) "" else details.joinToString(", ", " (", ")")
  }

  /** Says what it cannot do. */
  fun tellLimits() {
    host.limits().ifPresent { session.console().tell(it) }
  }

  fun drives(): Machine = host.drives()

  /**
   * Makes the connection, for which a password may be asked for now: not by work behind the prompt.
   */
  fun reach() {
    host.limits()
  }

  private class Prompt(private val secret: Secret) : PasswordPrompt {
    override fun ask(question: String, stop: BooleanSupplier): Optional<CharArray> =
      secret.ask(question, stop)
  }

  companion object {

    /** The machine of a place; null for this one. */
    fun of(session: Session, place: Place, sudo: Boolean): RemoteAccess? {
      if (place is Remote) return RemoteAccess(session, place, sudo)
      if (sudo)
        throw BlkshException("read $place by sudo", "it is on this machine")
          .suggest("run blksh as root instead")
      return null
    }

    /** The machine of a place that is to be written; null for this one, and where none can be. */
    fun toWrite(session: Session, place: Place, sudo: Boolean): RemoteAccess? {
      if (place is Remote && place.scheme() == blksh.Place.Scheme.SSH)
        return RemoteAccess(session, place, sudo)
      if (place is Remote) place.path("write", "files and drives") // which says that there are none
      if (sudo)
        throw BlkshException("write $place by sudo", "it is not on another machine")
          .suggest("run blksh as root instead")
      return null
    }
  }
}
