package blksh.script

import blksh.BlkshException
import java.nio.charset.StandardCharsets
import java.nio.file.Files
import java.nio.file.Path
import java.security.MessageDigest

/**
 * The text of a script and what to call it.
 *
 * @property name as messages show it: a path, a bundled name, or `<eval>`
 * @property text what is compiled
 * @property composition how the text was put together; null when it is the script's own
 */
class ScriptSource
@JvmOverloads
constructor(val name: String, val text: String, val composition: Composition? = null) {

  /** SHA-256 of the text, in hexadecimal. */
  val digest: String by lazy { hex(text.toByteArray()) }

  /** The file name the compiler sees; its class is named after it, clear of Kotlin's own names. */
  val unit: String
    get() {
      val base = name.substringAfterLast('/').removeSuffix(".kts").ifEmpty { "script" }
      return base.map { if (it.isLetterOrDigit() && it.code < 128) it else '_' }.joinToString("") +
        "_kts.kts"
    }

  /** The comment the script opens with, as its `--help` shows it. */
  val description: String
    get() = composition?.description ?: opening()

  private fun opening(): String =
    text
      .lineSequence()
      .dropWhile { it.isBlank() || it.startsWith("#!") }
      .takeWhile { it.startsWith("//") }
      .map { it.removePrefix("//").trim() }
      .joinToString("\n")

  /** The jars that it needs besides blksh. */
  val jars: List<Path>
    get() = composition?.jars.orEmpty()

  /** Where a line of the text is from; lines count from 1. */
  fun origin(line: Int): Composition.Origin {
    val lines = composition?.lines.orEmpty()
    return lines.getOrNull(line - 1) ?: lines.lastOrNull() ?: Composition.Origin(this, line, 0)
  }

  /** A refusal of what stands at a place. */
  internal fun refused(line: Int, column: Int, why: String): ScriptCompilationException =
    ScriptCompilationException(this, listOf(ScriptProblem(true, line, column, why)))

  /** A line of the text, from 1; null past the end. */
  fun line(number: Int): String? = text.lineSequence().elementAtOrNull(number - 1)

  companion object {

    /** Reads a script. */
    fun read(path: Path): ScriptSource {
      val action = "run script $path"
      if (Files.isDirectory(path)) throw BlkshException(action, "it is a directory")
      try {
        val text = Files.readString(path, StandardCharsets.UTF_8)
        return ScriptSource(path.toString(), ofKotlin(text))
      } catch (missing: java.nio.file.NoSuchFileException) {
        throw BlkshException(action, "there is no such file", missing)
      } catch (malformed: java.nio.charset.CharacterCodingException) {
        throw BlkshException(action, "it is no UTF-8 text", malformed)
      } catch (failure: java.io.IOException) {
        throw BlkshException(action, failure.message ?: failure.toString(), failure)
      }
    }

    /** A text as the compiler takes it, whatever editor wrote it: no byte order mark, no CR. */
    @JvmStatic
    fun ofKotlin(text: String): String =
      text.removePrefix("\uFEFF").replace("\r\n", "\n").replace('\r', '\n')

    internal fun hex(bytes: ByteArray): String {
      val digest = MessageDigest.getInstance("SHA-256").digest(bytes)
      return String(
        CharArray(64) { "0123456789abcdef"[digest[it / 2].toInt() shr (4 - it % 2 * 4) and 15] }
      )
    }
  }
}
