package blksh.script

import blksh.dsl.Vocabulary
import blksh.session.CallSite
import blksh.session.Evaluation
import java.lang.reflect.InvocationTargetException
import java.nio.file.Path

/** Runs compiled scripts. Loads nothing of the compiler. */
object ScriptRun {

  /**
   * Runs a script to its end, as a part of [evaluation]; what it started and what it came to stay
   * so.
   *
   * @param jars what it needs besides blksh
   * @return the value of its last expression; null when that has none
   * @throws Throwable whatever the script threw
   */
  fun run(
    script: CompiledScript,
    vocabulary: Vocabulary,
    evaluation: Evaluation,
    jars: List<Path> = listOf(),
  ): Any? {
    val own = javaClass.classLoader
    if (jars.isEmpty()) {
      val type = script.loader(own).loadClass(script.className)
      return run(type, script.resultField, vocabulary, evaluation)
    }
    val loader = JarClassLoader(jars, own)
    val type = script.loader(loader).loadClass(script.className)
    val thread = Thread.currentThread()
    val before = thread.contextClassLoader
    thread.contextClassLoader = loader
    try {
      return run(type, script.resultField, vocabulary, evaluation)
    } finally {
      thread.contextClassLoader = before
    }
  }

  /** Runs a script whose class is loaded. */
  fun run(
    type: Class<*>,
    resultField: String?,
    vocabulary: Vocabulary,
    evaluation: Evaluation,
  ): Any? {
    evaluation.enter()
    val instance =
      try {
        type.getConstructor(Vocabulary::class.java).newInstance(vocabulary)
      } catch (thrown: InvocationTargetException) {
        throw thrown.targetException
      }
    val result = resultField?.let { type.getField(it).get(instance) }
    return if (result == Unit) null else result
  }

  /** The line of the script at which a failure passed, innermost first; 0 when it never did. */
  fun line(failure: Throwable, className: String): Int =
    generateSequence(failure) { it.cause }
      .flatMap { sequenceOf(it) + it.suppressed.filterIsInstance<CallSite>() }
      .flatMap { it.stackTrace.asSequence() }
      .firstOrNull { it.className == className || it.className.startsWith("$className$") }
      ?.lineNumber
      ?.coerceAtLeast(0) ?: 0
}
