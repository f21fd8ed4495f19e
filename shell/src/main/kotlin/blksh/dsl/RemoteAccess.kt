package blksh.dsl

import blksh.BlkshException
import blksh.Place.Remote
import blksh.Place.Scheme
import blksh.block.BlockSource
import blksh.block.PageTarget
import blksh.block.TargetTerms
import blksh.drive.Drives as Machine
import blksh.drive.ssh.PasswordPrompt
import blksh.drive.ssh.RemoteHost
import blksh.drive.ssh.WireLimits
import blksh.mount.nbd.NbdSource
import blksh.session.Secret
import blksh.session.Session
import blksh.store.RestoreOptions
import blksh.view.Size
import java.time.Duration
import java.util.Optional
import java.util.function.BooleanSupplier

/** How what is beyond this machine is reached from here. */
internal sealed class RemoteAccess {

  /** The name of the machine without user, and `-PORT` where a port was said. */
  abstract val name: String

  /** Whether drives are read as root there. */
  abstract val sudo: Boolean

  /** @param path of it there, as it stands in the place */
  abstract fun open(path: String): BlockSource

  abstract fun drives(): Machine

  /** Says what it cannot do. */
  open fun tellLimits() {}

  /**
   * Makes the connection, for which a password may be asked for now: not by work behind the prompt.
   */
  open fun reach() {}

  /** Another machine, whose drives are reached over ssh, as root where it was asked for. */
  class Ssh(
    private val session: Session,
    private val place: Remote,
    override val sudo: Boolean,
    private val limits: WireLimits,
  ) : RemoteAccess() {

    private val host: RemoteHost by lazy {
      val prompt = Prompt(Secret(session.console()))
      session.waiting { it.hosts().host(place, sudo, prompt, limits) }
    }

    override val name: String
      get() = host.label()

    override fun open(path: String): BlockSource = host.open(path)

    override fun tellLimits() {
      host.limits().ifPresent { session.console().tell(it) }
    }

    override fun drives(): Machine = host.drives()

    override fun reach() {
      host.limits()
    }

    /**
     * Opens a drive or a file to be written by a restore, and says which it is before it is.
     *
     * @param size bytes of the image
     */
    fun target(size: Long, options: RestoreOptions): PageTarget {
      val terms = TargetTerms(size, options.overwrite(), options.onlyChanged(), options.dryRun())
      val target = host.target(place.path(), terms)
      if (target.isDevice && !options.dryRun())
        session.console().tell("writing to ${words(target)}")
      return target
    }

    /** Which drive it is: `sdb on server01 (model …, serial …)`. */
    private fun words(target: PageTarget): String {
      val found = target.describe()
      val details = found.details().filterKeys { it != "host" }.map { "${it.key} ${it.value}" }
      return "${found.name()} on $name" +
        if (details.isEmpty()) "" else details.joinToString(", ", " (", ")")
    }

    private class Prompt(private val secret: Secret) : PasswordPrompt {
      override fun ask(question: String, stop: BooleanSupplier): Optional<CharArray> =
        secret.ask(question, stop)
    }
  }

  /** One export of a network block device server. */
  private class Nbd(
    private val session: Session,
    private val place: Remote,
    private val bitmap: String?,
  ) : RemoteAccess() {

    override val sudo: Boolean
      get() = false

    override val name: String
      get() = NbdSource.host(place, thisHost())

    override fun open(path: String): BlockSource =
      session.workspace().hosts().export(place, Optional.ofNullable(bitmap))

    override fun drives(): Machine =
      throw BlkshException("list the drives of $place", "a server of block devices does not tell")
        .suggest("nbdinfo --list names its exports")
  }

  companion object {

    /**
     * What connections are held to.
     *
     * @param bandwidth a second, of all that are held to the same
     */
    fun limits(session: Session, timeout: Duration?, bandwidth: Size?): WireLimits =
      session
        .workspace()
        .hosts()
        .limits(Optional.ofNullable(bandwidth?.bytes), Optional.ofNullable(timeout))

    /** The machine of a place; null for this one. */
    fun of(
      session: Session,
      place: Place,
      sudo: Boolean,
      bitmap: String? = null,
      limits: WireLimits = WireLimits.NONE,
    ): RemoteAccess? {
      val nbd = place is Remote && place.scheme() in NBD
      mustBeFar(place, "read", limits)
      if (bitmap != null && !nbd)
        throw BlkshException("read $place by a bitmap", "it is no network block device")
          .suggest("bitmaps of QEMU's come with nbd://HOST/EXPORT")
      if (sudo && (nbd || place !is Remote))
        throw BlkshException(
            "read $place by sudo",
            "it is ${if (nbd) "served" else "on this machine"}",
          )
          .suggest(if (nbd) "leave sudo out" else "run blksh as root instead")
      return when {
        nbd -> Nbd(session, place, bitmap)
        place is Remote -> Ssh(session, place, sudo, limits)
        else -> null
      }
    }

    /** The machine of a place that is to be written; null for this one, and where none can be. */
    fun toWrite(session: Session, place: Place, sudo: Boolean, limits: WireLimits): Ssh? {
      mustBeFar(place, "write", limits)
      if (place is Remote && place.scheme() == Scheme.SSH) return Ssh(session, place, sudo, limits)
      if (place is Remote) place.path("write", "files and drives") // which says that there are none
      if (sudo)
        throw BlkshException("write $place by sudo", "it is not on another machine")
          .suggest("run blksh as root instead")
      return null
    }

    private fun mustBeFar(place: Place, verb: String, limits: WireLimits) {
      if (!limits.isEmpty && (place as? Remote)?.scheme() != Scheme.SSH)
        throw BlkshException(
            "$verb $place with limits of bandwidth or time",
            "it is not reached over ssh",
          )
          .suggest("leave bandwidth and timeout out; they fit ssh://HOST/PATH")
    }

    private val NBD = setOf(Scheme.NBD, Scheme.NBDS, Scheme.NBD_UNIX, Scheme.NBDS_UNIX)
  }
}
