package blksh.script.kotlin

import java.util.concurrent.ConcurrentHashMap

/** The classes of all entries, each with its checkpoints. */
internal class SnippetClassLoader(parent: ClassLoader) : ClassLoader(parent) {
  private val classes = ConcurrentHashMap<String, ByteArray>()

  fun add(files: Map<String, ByteArray>, stays: Boolean) {
    files.forEach { (path, bytes) ->
      if (path.endsWith(".class")) {
        classes[path.removeSuffix(".class").replace('/', '.')] = Checkpoints.insert(bytes, stays)
      }
    }
  }

  override fun findClass(name: String): Class<*> {
    val bytes = classes.remove(name) ?: throw ClassNotFoundException(name)
    return defineClass(name, bytes, 0, bytes.size)
  }
}
