package blksh.script

import java.net.URLClassLoader
import java.nio.file.Path

/**
 * Classes of the jars that a script depends on. What they hold counts before what blksh has of the
 * same name, whose libraries may be of other versions than the jars were made for; only Java with
 * all its modules, Kotlin and blksh itself are the same for all.
 */
internal class JarClassLoader(jars: List<Path>, parent: ClassLoader) :
  URLClassLoader(jars.map { it.toUri().toURL() }.toTypedArray(), parent) {

  override fun loadClass(name: String, resolve: Boolean): Class<*> {
    if (SHARED.any { name.startsWith(it) }) return super.loadClass(name, resolve)
    return synchronized(getClassLoadingLock(name)) {
      findLoadedClass(name) ?: ofJava(name) ?: ofJars(name) ?: super.loadClass(name, resolve)
    }
  }

  private fun ofJava(name: String): Class<*>? =
    try {
      ClassLoader.getPlatformClassLoader().loadClass(name)
    } catch (elsewhere: ClassNotFoundException) {
      null
    }

  private fun ofJars(name: String): Class<*>? =
    try {
      findClass(name)
    } catch (elsewhere: ClassNotFoundException) {
      null
    }

  private companion object {
    val SHARED = listOf("kotlin.", "blksh.")
  }
}
