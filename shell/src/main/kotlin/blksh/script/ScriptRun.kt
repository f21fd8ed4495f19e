package blksh.script

import blksh.dsl.Vocabulary
import blksh.session.CallSite
import blksh.session.Evaluation
import java.lang.reflect.InvocationTargetException

/** Runs compiled scripts. Loads nothing of the compiler. */
object ScriptRun {

  /**
   * Runs a script to its end, as a part of [evaluation]; what it started and what it came to stay
   * so.
   *
   * @return the value of its last expression; null when that has none
   * @throws Throwable whatever the script threw
   */
  fun run(script: CompiledScript, vocabulary: Vocabulary, evaluation: Evaluation): Any? =
    run(
      script.loader(javaClass.classLoader).loadClass(script.className),
      script.resultField,
      vocabulary,
      evaluation,
    )

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
