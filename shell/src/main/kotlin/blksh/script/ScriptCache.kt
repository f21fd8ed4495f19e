package blksh.script

import blksh.io.OwnerOnly
import blksh.io.PartFile
import blksh.io.WholeFile
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.FileTime
import java.time.Instant
import kotlin.io.path.fileSize
import kotlin.io.path.getLastModifiedTime
import kotlin.io.path.listDirectoryEntries

/**
 * Compiled scripts kept on disk, one file each, named by everything that made them. Files appear
 * whole or not at all, so any number of processes may share the directory; the least recently used
 * go when it outgrows [capacity] bytes. A cache that cannot be read or written is no failure, only
 * slower.
 *
 * @param buildId names this build of blksh and its Kotlin; scripts compiled by another do not count
 */
class ScriptCache(
  private val directory: Path,
  private val buildId: String,
  private val capacity: Long = 32L shl 20,
) {

  /** The file that holds the compilation of a script with all that it imports. */
  fun file(source: ScriptSource): Path {
    val jars =
      source.jars.joinToString("") {
        // The change of a file cannot be dated back, as its times can.
        val file = Files.readAttributes(it, "unix:size,lastModifiedTime,ctime,ino")
        "\u0000$it $file"
      }
    val key = "$buildId\n${source.unit}\n${source.text}$jars"
    return directory.resolve(ScriptSource.hex(key.toByteArray()) + ".jar")
  }

  /** The compilation kept for a script, or null. */
  fun find(source: ScriptSource): CompiledScript? {
    val file = file(source)
    return try {
      val bytes = Files.readAllBytes(file)
      CompiledScript.read(ByteArrayInputStream(bytes))?.also {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()))
      }
    } catch (absent: IOException) {
      null
    }
  }

  /** Keeps a compilation. */
  fun put(source: ScriptSource, script: CompiledScript) {
    try {
      OwnerOnly.makeDirectories(directory)
      val bytes = ByteArrayOutputStream().also { script.write(it) }.toByteArray()
      // What a power cut takes is compiled again.
      WholeFile.replace(file(source), PartFile.Durability.WHOLE, bytes)
      trim()
    } catch (unwritable: IOException) {
      return
    }
  }

  private fun trim() {
    val abandoned = FileTime.from(Instant.now().minusSeconds(3600))
    val entries =
      directory.listDirectoryEntries().mapNotNull { file ->
        // Another process may delete files meanwhile.
        runCatching { Triple(file, file.getLastModifiedTime(), file.fileSize()) }.getOrNull()
      }
    entries
      .filter { (file, used) -> file.toString().endsWith(".part") && used < abandoned }
      .forEach { Files.deleteIfExists(it.first) }
    var total = 0L
    entries
      .filter { it.first.toString().endsWith(".jar") }
      .sortedByDescending { it.second }
      .forEach { (file, _, size) ->
        total += size
        if (total > capacity) Files.deleteIfExists(file)
      }
  }
}
