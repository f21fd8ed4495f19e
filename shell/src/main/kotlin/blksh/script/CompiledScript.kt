package blksh.script

import java.io.ByteArrayOutputStream
import java.io.InputStream
import java.io.OutputStream
import java.util.zip.ZipEntry
import java.util.zip.ZipInputStream
import java.util.zip.ZipOutputStream

/**
 * A compiled script: its classes, and what running it needs to know about them.
 *
 * @property className the class whose construction runs the script
 * @property resultField the field that holds the value of the last expression, or null
 * @property description the script's opening comment
 * @property classes class files by resource name
 */
class CompiledScript(
  val className: String,
  val resultField: String?,
  val description: String,
  val classes: Map<String, ByteArray>,
) {

  /** Writes it as a jar. */
  fun write(out: OutputStream) {
    ZipOutputStream(out).use { zip ->
      zip.setLevel(1)
      fun entry(name: String, bytes: ByteArray) {
        zip.putNextEntry(ZipEntry(name).apply { time = 0 })
        zip.write(bytes)
        zip.closeEntry()
      }
      entry(
        HEADER,
        listOf(className, resultField.orEmpty(), description).joinToString("\n").toByteArray(),
      )
      classes.forEach { (name, bytes) -> entry(name, bytes) }
    }
  }

  /** Loads the classes. */
  fun loader(parent: ClassLoader): ClassLoader = MemoryClassLoader(parent, classes)

  companion object {
    private const val HEADER = "META-INF/blksh-script"

    /** Reads what [write] wrote; null when it is damaged. */
    fun read(input: InputStream): CompiledScript? {
      var header: List<String>? = null
      val classes = mutableMapOf<String, ByteArray>()
      ZipInputStream(input).use { zip ->
        while (true) {
          val entry = zip.nextEntry ?: break
          val bytes = ByteArrayOutputStream().also { zip.transferTo(it) }.toByteArray()
          if (entry.name == HEADER) header = String(bytes).split("\n", limit = 3)
          else classes[entry.name] = bytes
        }
      }
      val (name, result, description) = header?.takeIf { it.size == 3 } ?: return null
      return CompiledScript(name, result.ifEmpty { null }, description, classes).takeIf {
        name.replace('.', '/') + ".class" in classes
      }
    }
  }
}

/** Defines classes from memory. */
internal class MemoryClassLoader(parent: ClassLoader, private val classes: Map<String, ByteArray>) :
  ClassLoader(parent) {

  override fun findClass(name: String): Class<*> {
    val bytes = classes[name.replace('.', '/') + ".class"] ?: throw ClassNotFoundException(name)
    return defineClass(name, bytes, 0, bytes.size)
  }

  override fun getResourceAsStream(name: String): InputStream? =
    classes[name]?.inputStream() ?: super.getResourceAsStream(name)
}
