package blksh.dsl

import blksh.catalogue.Disc
import blksh.catalogue.DiscChanger
import blksh.session.Session
import java.nio.file.Path
import java.time.Duration
import java.util.Optional
import java.util.concurrent.TimeUnit
import java.util.function.BooleanSupplier

private const val LOOK_MILLIS = 500L

/**
 * Asks the person at the terminal for a disc, and looks until it is in a drive that is known: what
 * is typed at the prompt meanwhile stays what it is.
 */
internal class DiscRequest(
  private val session: Session,
  private val catalogue: String,
  private val patience: Duration,
) : DiscChanger {

  override fun bring(disc: Disc, isThere: BooleanSupplier): Optional<Path> {
    val console = session.console()
    if (!console.inTerminal()) return DiscChanger.none().bring(disc, isThere)
    console.tell(
      "put in the disc ${disc.name()} (disc ${disc.number()}), or say where it is: " +
        "catalogue(\"$catalogue\").insert(\"IMAGE or DRIVE\")"
    )
    val end = System.nanoTime() + patience.toNanos()
    while (!isThere.asBoolean) {
      if (System.nanoTime() > end)
        throw DiscChanger.wanted(disc, "it was asked for, and not there ${words()} later")
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS)
    }
    console.tell("the disc ${disc.name()} is there")
    return Optional.empty()
  }

  private fun words(): String =
    if (patience.toMinutes() > 0) "${patience.toMinutes()} minutes"
    else "${patience.seconds} seconds"
}
