package blksh.script.kotlin

import blksh.BlkshException
import blksh.dsl.Vocabulary
import blksh.script.CompiledScript
import blksh.script.Compiler
import blksh.script.ScriptCompilationException
import blksh.script.ScriptProblem
import blksh.script.ScriptSource
import java.io.File
import java.nio.file.Path
import kotlin.script.experimental.api.ResultWithDiagnostics
import kotlin.script.experimental.api.ScriptCompilationConfiguration
import kotlin.script.experimental.api.ScriptDiagnostic
import kotlin.script.experimental.api.SourceCode
import kotlin.script.experimental.api.compilerOptions
import kotlin.script.experimental.api.defaultImports
import kotlin.script.experimental.api.implicitReceivers
import kotlin.script.experimental.host.toScriptSource
import kotlin.script.experimental.jvm.defaultJvmScriptingHostConfiguration
import kotlin.script.experimental.jvm.impl.KJvmCompiledModuleInMemory
import kotlin.script.experimental.jvm.impl.KJvmCompiledScript
import kotlin.script.experimental.jvm.jvm
import kotlin.script.experimental.jvm.jvmTarget
import kotlin.script.experimental.jvm.updateClasspath
import org.jetbrains.kotlin.scripting.compiler.plugin.impl.ScriptJvmK2CompilerIsolated

/** Compiles scripts against the vocabulary. Loading this class loads the Kotlin compiler. */
object ScriptCompiler : Compiler {

  /** What scripts and the prompt compile against: the vocabulary, the engine, Kotlin, the JDK. */
  internal val configuration = configurationWith(listOf())

  private fun configurationWith(jars: List<Path>) = ScriptCompilationConfiguration {
    implicitReceivers(Vocabulary::class)
    defaultImports("blksh.dsl.*", "java.nio.file.Path")
    compilerOptions("-jvm-target", "17", "-no-stdlib", "-no-reflect")
    jvm {
      jvmTarget("17")
      updateClasspath(classPath() + jars.map { it.toFile() })
    }
  }

  override fun compile(source: ScriptSource): CompiledScript {
    val result =
      ScriptJvmK2CompilerIsolated(defaultJvmScriptingHostConfiguration)
        .compile(whole(source.text).toScriptSource(source.unit), configurationWith(source.jars))
    val script =
      when (result) {
        is ResultWithDiagnostics.Success -> result.value as KJvmCompiledScript
        is ResultWithDiagnostics.Failure ->
          throw ScriptCompilationException(source, problems(result.reports, source.text))
      }
    val module = script.getCompiledModule() as KJvmCompiledModuleInMemory
    val className = script.scriptClassFQName
    val classes = module.compilerOutputFiles.filterKeys { it.endsWith(".class") }.toMutableMap()
    classes.computeIfPresent("$className.class") { _, bytes -> ArgumentsBarrier.insert(bytes) }
    // A script that ends itself ends in order: what it found is told, and what runs is ended.
    classes.replaceAll { _, bytes -> Checkpoints.insert(bytes, stays = true) }
    return CompiledScript(className, script.resultField?.first, source.description, classes)
  }

  /**
   * A script's text; where it declares a function `main` and calls it nowhere, with a call of it.
   */
  private fun whole(text: String): String = Tokens.callOfMain(text)?.let { "$text\n$it" } ?: text

  /**
   * @param text what was compiled
   * @param before names declared before it
   */
  internal fun problems(
    reports: List<ScriptDiagnostic>,
    text: String,
    before: Collection<String> = listOf(),
  ): List<ScriptProblem> =
    ScriptProblem.bounded(
      reports
        .asSequence()
        .filter { it.severity >= ScriptDiagnostic.Severity.WARNING }
        .map {
          val start = it.location?.start
          ScriptProblem(
            it.severity >= ScriptDiagnostic.Severity.ERROR,
            start?.line ?: 0,
            start?.col ?: 0,
            OwnNames.explain(it.message, text, offset(text, start), before),
          )
        }
    )

  private fun offset(text: String, place: SourceCode.Position?): Int {
    if (place == null) return 0
    val before = text.lineSequence().take(place.line - 1).sumOf { it.length + 1 }
    return before + place.col - 1
  }

  private fun classPath(): List<File> =
    listOf(Vocabulary::class.java, BlkshException::class.java, Unit::class.java).map {
      File(it.protectionDomain.codeSource.location.toURI())
    }
}
