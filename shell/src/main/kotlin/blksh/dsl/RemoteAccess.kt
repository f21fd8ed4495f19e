package blksh.dsl

import blksh.BlkshException
import blksh.Place.Remote
import blksh.block.BlockSource
import blksh.drive.Drives as Machine
import blksh.drive.ssh.PasswordPrompt
import blksh.drive.ssh.RemoteHost
import blksh.session.Secret
import blksh.session.Session
import java.util.Optional
import java.util.function.BooleanSupplier

/**
 * Another machine, as its drives are reached from here: over ssh, as root where it was asked for.
 */
internal class RemoteAccess(private val session: Session, place: Remote, val sudo: Boolean) {

  private val host: RemoteHost by lazy {
    val prompt = Prompt(Secret(session.console()))
    session.waiting { it.hosts().host(place, sudo, prompt) }
  }

  /** The name of the machine without user, and `-PORT` where a port was said. */
  val name: String
    get() = host.label()

  fun open(path: String): BlockSource = host.open(path)

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
  }
}
