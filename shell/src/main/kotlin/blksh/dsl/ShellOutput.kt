package blksh.dsl

import blksh.BlkshException
import blksh.io.IoFailure
import blksh.io.Offspring
import blksh.io.Program
import blksh.session.Session
import blksh.task.CancelledException
import java.io.IOException
import java.io.InputStream
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import kotlin.concurrent.thread

/** What a line for the shell of the system wrote to its standard output: a list of its lines. */
class ShellOutput
internal constructor(
  /** The line. */
  val command: String,
  /** How it ended: 0 when well. */
  val status: Int,
  private val lines: List<String>,
) : AbstractList<String>() {

  override val size: Int
    get() = lines.size

  override fun get(index: Int): String = lines[index]

  /** All of it, without the end of its last line. */
  val text: String
    get() = lines.joinToString("\n")

  internal companion object {

    /** Bytes of output that are kept: what is more belongs into a file. */
    private const val MOST = 64L shl 20

    /** How long what it said last is waited for. */
    private const val LAST_WORDS_MILLIS = 2000L

    /** How long what is to end may take to clean up: less than a script waits for jobs. */
    private const val GRACE_MILLIS = 6_000L

    /**
     * Runs a line to its end. What it says on standard error is shown as it comes.
     *
     * @throws BlkshException when it writes more than [MOST] bytes
     * @throws CancelledException when interrupted: it is ended, and all that it started but
     *   daemons, which have a session of their own
     */
    fun of(session: Session, command: String): ShellOutput {
      val action = "run $command"
      val offspring = Offspring()
      val process =
        try {
          offspring.of(Program.shell(command, session.lendsKeyboard())).start()
        } catch (failure: IOException) {
          throw IoFailure.told(action, failure)
        }
      var ended = false
      try {
        val errors =
          thread(isDaemon = true, name = "blksh shell errors") {
            try {
              process.errorStream.bufferedReader().forEachLine {
                session.console().err().println(it)
              }
            } catch (over: IOException) {
              // by whoever waited for it
            }
          }
        val output = FutureTask { read(process.inputStream) }
        thread(isDaemon = true, name = "blksh shell output") { output.run() }
        val text =
          output.get()
            ?: throw BlkshException(action, "it writes more than ${Size(MOST)}")
              .suggest("send it to a file")
        val status = process.waitFor()
        errors.join(LAST_WORDS_MILLIS)
        ended = true
        return ShellOutput(command, status, text.lines().dropLastWhile { it.isEmpty() })
      } catch (stop: InterruptedException) {
        throw CancelledException(action)
      } catch (unread: ExecutionException) {
        throw BlkshException(action, "its output cannot be read", unread.cause)
      } finally {
        // Of a line that came to its end, what it left running on purpose goes on.
        if (!ended) offspring.end(process, GRACE_MILLIS)
      }
    }

    /** What comes, in UTF-8; null when it is too much. */
    private fun read(from: InputStream): String? {
      val bytes = from.readNBytes(MOST.toInt() + 1)
      return if (bytes.size > MOST) null else String(bytes)
    }
  }
}
