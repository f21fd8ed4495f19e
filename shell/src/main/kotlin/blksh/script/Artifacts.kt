package blksh.script

import blksh.BlkshException
import blksh.io.OwnerOnly
import blksh.io.PartFile
import blksh.io.WholeFile
import blksh.session.ExitStatus
import blksh.session.Notice
import blksh.session.Session
import blksh.session.Trust
import blksh.task.CancelledException
import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.IOException
import java.net.URI
import java.nio.file.Files
import java.nio.file.Path
import java.security.DigestInputStream
import java.security.MessageDigest
import java.util.HexFormat

/**
 * Jars of Maven repositories, by their coordinates, kept in the home: what coordinates come to is
 * written down once, with the digest of each jar, and nothing is fetched again. Jars that are not
 * what they were are fetched anew. Fetching is done by a process of its own, which has the
 * libraries for it.
 */
internal class Artifacts(private val session: Session) {

  /** Something cannot be had; [index] is the place of its coordinate. */
  class Unavailable(val index: Int, val why: String) : Exception()

  private val directory = session.options().home(session.words()).resolve("artifacts")

  /**
   * The jars of coordinates, and those that they need, each once.
   *
   * @param repositories their URLs; none means Maven Central
   * @throws Unavailable when one cannot be had
   */
  fun find(coordinates: List<String>, repositories: List<String>): List<Path> {
    val key = ScriptSource.hex((repositories + "" + coordinates).joinToString("\n").toByteArray())
    val list = directory.resolve("lists").resolve(key)
    Trust.objection("use jars in $directory", list).ifPresent { throw it }
    known(list, kept(repositories))?.let {
      return it
    }
    for (place in repositories.filter { it.startsWith("file:") }) {
      val objection = Trust.objectionWithin("take jars from it", Path.of(URI.create(place)))
      objection.ifPresent { throw Unavailable(0, it.problem()) }
    }
    val repository = kept(repositories)
    val jars = fetch(coordinates, repositories, repository)
    try {
      OwnerOnly.makeDirectories(list.parent)
      val lines = jars.joinToString("") { "${digest(it)} ${repository.relativize(it)}\n" }
      WholeFile.replace(list, PartFile.Durability.WHOLE, lines.toByteArray())
    } catch (full: IOException) {
      throw BlkshException("keep jars in $directory", "${full.message}", full)
    }
    return jars
  }

  /** Where what some repositories have is kept: another may have other jars of the same names. */
  private fun kept(repositories: List<String>): Path =
    directory
      .resolve("repositories")
      .resolve(ScriptSource.hex(repositories.joinToString("\n").toByteArray()))

  /** What a list says; null when there is none, it is damaged, or a jar is not what it was. */
  private fun known(list: Path, repository: Path): List<Path>? =
    try {
      val lines = Files.readAllLines(list)
      if (lines.isEmpty()) return null
      lines.map { line ->
        val name = line.substringAfter(' ', "")
        val digest = line.substringBefore(' ')
        if (name.isEmpty()) return null
        val jar = repository.resolve(name)
        if (digest(jar) != digest) {
          // Else it would be taken for what was fetched.
          Files.delete(jar)
          return null
        }
        jar
      }
    } catch (absent: IOException) {
      null
    }

  private fun digest(jar: Path): String {
    val digest = MessageDigest.getInstance("SHA-256")
    DigestInputStream(Files.newInputStream(jar), digest).use {
      val buffer = ByteArray(1 shl 16)
      while (it.read(buffer) >= 0) continue
    }
    return HexFormat.of().formatHex(digest.digest())
  }

  private fun fetch(
    coordinates: List<String>,
    repositories: List<String>,
    repository: Path,
  ): List<Path> {
    val action = "fetch ${coordinates.joinToString()}"
    val launcher =
      System.getProperty("blksh.launcher") ?: throw BlkshException(action, "no launcher is known")
    try {
      OwnerOnly.makeDirectories(repository)
    } catch (refused: IOException) {
      throw BlkshException(action, "$repository cannot be made: ${refused.message}", refused)
    }
    return Notice.during(session.console(), "fetching ${coordinates.joinToString()}…") {
      fetchedBy(launcher, action, coordinates, repositories, repository)
    }
  }

  private fun fetchedBy(
    launcher: String,
    action: String,
    coordinates: List<String>,
    repositories: List<String>,
    repository: Path,
  ): List<Path> {
    val process =
      ProcessBuilder(launcher, "--resolve").redirectError(ProcessBuilder.Redirect.INHERIT).start()
    try {
      DataOutputStream(process.outputStream).use {
        it.writeUTF("$repository")
        for (texts in listOf(repositories, coordinates)) {
          it.writeInt(texts.size)
          texts.forEach(it::writeUTF)
        }
      }
      return DataInputStream(process.inputStream.buffered()).use { readAnswer(it) }
    } catch (broken: IOException) {
      // Ctrl-C reaches that process as well.
      if (session.evaluation().stopped() || process.waitFor() == ExitStatus.INTERRUPTED) {
        throw CancelledException(action)
      }
      throw BlkshException(action, "the process that fetches ended early", broken)
    } finally {
      process.destroy()
    }
  }

  private fun readAnswer(answer: DataInputStream): List<Path> {
    val count = answer.readInt()
    if (count < 0) throw Unavailable(answer.readInt(), answer.readUTF())
    return List(count) { Path.of(answer.readUTF()) }
  }
}
