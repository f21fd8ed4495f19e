package blksh.script.kotlin

import blksh.BlkshException
import blksh.dsl.Vocabulary
import blksh.script.Scope
import blksh.script.ScriptCompilationException
import blksh.script.ScriptProblem
import blksh.script.ScriptRun
import blksh.script.ScriptSource
import blksh.script.Sitting
import blksh.session.Evaluation
import blksh.task.CancelledException
import java.lang.reflect.InvocationTargetException
import java.util.concurrent.ConcurrentLinkedDeque
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine
import kotlin.script.experimental.api.CompiledScript as Snippet
import kotlin.script.experimental.api.ResultWithDiagnostics
import kotlin.script.experimental.api.repl
import kotlin.script.experimental.host.ScriptingHostConfiguration
import kotlin.script.experimental.host.toScriptSource
import kotlin.script.experimental.jvm.defaultJvmScriptingHostConfiguration
import kotlin.script.experimental.jvm.impl.KJvmCompiledModuleInMemory
import kotlin.script.experimental.jvm.impl.KJvmCompiledScript
import kotlin.script.experimental.util.LinkedSnippet
import org.jetbrains.kotlin.com.intellij.openapi.util.Disposer
import org.jetbrains.kotlin.psi.KtPsiFactory
import org.jetbrains.kotlin.scripting.compiler.plugin.impl.K2ReplCompiler
import org.jetbrains.kotlin.scripting.compiler.plugin.impl.ScriptDiagnosticsMessageCollector
import org.jetbrains.kotlin.scripting.compiler.plugin.services.firReplHistoryProvider
import org.jetbrains.kotlin.scripting.compiler.plugin.services.isReplSnippetSource

/**
 * The language of the prompt: Kotlin, one entry after the other, each seeing what those before it
 * declared. An entry that fails leaves nothing behind, whatever failed in it.
 *
 * Creating one loads the compiler and takes a second or so.
 *
 * @param sitting what entries leave behind and later ones see
 * @param stays whether an entry that would end the process only ends itself
 */
class Repl(
  private val vocabulary: Vocabulary,
  private val sitting: Sitting,
  private val stays: Boolean,
) {

  /** What the reader makes of the lines typed so far. */
  sealed interface Reading {
    /** They can be compiled. */
    data object Complete : Reading

    /** They are the beginning of something. */
    data object Incomplete : Reading

    /** They are wrong whatever may follow. */
    data class Invalid(val problem: ScriptProblem) : Reading
  }

  /** What came of an entry. */
  sealed interface Outcome {
    /** It ran; [value] is that of its last expression, `Unit` when that has none. */
    data class Value(val value: Any?) : Outcome

    /** It was not run. */
    data class Refused(val source: ScriptSource, val problems: List<ScriptProblem>) : Outcome

    /** It threw, at this line of the entry when one is known (else 0). */
    data class Threw(val failure: Throwable, val source: ScriptSource, val line: Int) : Outcome
  }

  private val disposable = Disposer.newDisposable("blksh prompt")
  private val history = RevocableHistory()
  private val collector = ScriptDiagnosticsMessageCollector(null)
  private val state =
    K2ReplCompiler.createCompilationState(
      collector,
      disposable,
      ScriptCompiler.configuration,
      ScriptingHostConfiguration(defaultJvmScriptingHostConfiguration) {
        repl {
          firReplHistoryProvider(history)
          isReplSnippetSource { _, _ -> true }
        }
      },
    )
  private val compiler = K2ReplCompiler(state)
  private val psi = KtPsiFactory(state.project, markGenerated = false)
  private val syntax = EntrySyntax(psi)
  private val loader = SnippetClassLoader(javaClass.classLoader)
  /** Those that were kept, newest first. */
  private val snippets = ConcurrentLinkedDeque<Any>()
  private var number = 0

  /** How many of the first lessons it had. */
  private var warmed = 0

  /** What stays when the sitting is reset: places in [history] and [snippets], and names. */
  private var kept = 0
  private var keptSnippets = listOf<Any>()
  private var keptNames = setOf<String>()

  /** Keeps what was entered so far when the sitting is reset. */
  @Synchronized
  fun keep() {
    kept = history.mark()
    keptSnippets = snippets.toList()
    keptNames = sitting.names()
  }

  /** Forgets what was declared since, and all results. */
  @Synchronized
  fun reset() {
    history.rollBack(kept)
    snippets.clear()
    snippets.addAll(keptSnippets)
    sitting.clear(keptNames)
  }

  /** Says whether lines are an entry, the beginning of one, or wrong. */
  @Synchronized fun read(text: String): Reading = syntax.read(text)

  /** An entry that compiled: it waits to be run, once, and then to be settled. */
  class Entry
  internal constructor(
    internal val source: ScriptSource,
    internal val snippet: KJvmCompiledScript,
    internal val mark: Int,
  ) {
    internal var instance: Any? = null

    /** The name by which the compiler knows its result; null when it has none. */
    val result: String?
      get() = snippet.resultField?.first
  }

  /** What the compiler made of an entry. */
  sealed interface Compilation {
    data class Done(val entry: Entry) : Compilation

    data class Failed(val outcome: Outcome) : Compilation
  }

  /**
   * Compiles an entry. Its result will be known as the next of [Sitting].
   *
   * @param wanted whether anybody waits for it: one that nobody wants any more is not kept
   */
  @Synchronized
  @JvmOverloads
  fun compile(text: String, wanted: () -> Boolean = { true }): Compilation {
    if (!wanted()) return abandoned(text)
    val source = ScriptSource("<prompt>", text)
    // The compiler goes on over syntax errors, and crashes over some: they end here.
    val wrong =
      when (val reading = syntax.read(text)) {
        is Reading.Invalid -> reading.problem
        Reading.Incomplete -> syntax.endMissing(text)
        Reading.Complete -> null
      }
    if (wrong != null) return Compilation.Failed(Outcome.Refused(source, listOf(wrong)))
    val prelude = prelude(text, syntax.names(text))
    val mark = history.mark()
    var compiled = false
    try {
      return when (val result = compile(syntax.opened(prelude + text), "$ENTRY${++number}")) {
        is ResultWithDiagnostics.Success -> {
          if (!wanted()) return abandoned(text)
          compiled = true
          val snippet = result.value.get() as KJvmCompiledScript
          val module = snippet.getCompiledModule() as KJvmCompiledModuleInMemory
          loader.add(module.compilerOutputFiles, stays)
          Compilation.Done(Entry(source, snippet, mark))
        }
        is ResultWithDiagnostics.Failure ->
          Compilation.Failed(
            Outcome.Refused(
              source,
              ScriptCompiler.problems(result.reports, prelude + text, sitting.names()).map {
                it.less(prelude)
              },
            )
          )
      }
    } catch (crash: Throwable) {
      val failure = BlkshException("compile this", "the Kotlin compiler failed on it", crash)
      val names = OwnNames.of(text)
      if (names.isNotEmpty())
        failure.suggest("choose another name than ${names.joinToString()}: blksh has that already")
      return Compilation.Failed(Outcome.Threw(failure, source, 0))
    } finally {
      collector.clear()
      if (!compiled) history.rollBack(mark)
    }
  }

  private fun abandoned(text: String): Compilation =
    Compilation.Failed(
      Outcome.Threw(CancelledException("compile this"), ScriptSource("<prompt>", text), 0)
    )

  /**
   * The type of an expression in the words of Kotlin, found without running it; `Unit` for what is
   * no expression.
   *
   * @throws BlkshException when it does not compile
   */
  @Synchronized
  fun typeOf(expression: String): String {
    when (val compilation = compile(expression)) {
      is Compilation.Done -> {
        settle(compilation.entry, keep = false)
        return compilation.entry.snippet.resultField?.second?.typeName ?: "Unit"
      }
      is Compilation.Failed ->
        when (val outcome = compilation.outcome) {
          is Outcome.Refused -> throw ScriptCompilationException(outcome.source, outcome.problems)
          is Outcome.Threw -> throw outcome.failure
          is Outcome.Value -> error("an entry that was not run has no value")
        }
    }
  }

  /**
   * What was entered as a script, and what is wrong with that as one: a script does not see what
   * the person's own init script declares, say.
   *
   * @param texts the entries that ended well, oldest first
   * @param results the name that the result of each got, or null
   */
  @Synchronized
  fun saved(texts: List<String>, results: List<String?>): Saved {
    val entered = texts.zip(results, SavedSession::Entered)
    val ofNoBlock = HashSet<SavedSession.Place>()
    while (true) {
      val script = SavedSession(psi).script(entered, ofNoBlock)
      val problems = problems(script.text)
      // Whether a block gives `it` depends on what takes the block; where it does not, the last
      // result was meant. What is wrong further on may only follow from that.
      val unresolved =
        problems
          .filter { it.line > 0 && it.message.startsWith("Unresolved reference") }
          .minOfOrNull { offset(script.text, it) }
      val more = script.ofBlocks.filterValues { it == unresolved }.keys
      if (!ofNoBlock.addAll(more)) return Saved(script.text, problems)
    }
  }

  private fun problems(script: String): List<ScriptProblem> =
    try {
      ScriptCompiler.compile(ScriptSource("<saved>", script))
      listOf()
    } catch (refused: ScriptCompilationException) {
      refused.problems.filter { it.error }
    }

  /** Where in a text a problem is. */
  private fun offset(text: String, problem: ScriptProblem): Int =
    text.lineSequence().take(problem.line - 1).sumOf { it.length + 1 } + problem.column - 1

  /** A script of what was entered, and why it does not compile when it does not. */
  class Saved(val script: String, val problems: List<ScriptProblem>)

  private var extensions: Extensions? = null

  /**
   * What may be named at the end of a text, which is the beginning of an entry up to the word that
   * is being typed. Runs nothing.
   */
  @Synchronized
  fun scope(before: String): Scope {
    val text = before + ScopeSearch.MARK + Tokens.closing(before)
    val prelude = prelude(text, syntax.names(text))
    val mark = history.mark()
    val search =
      ScopeSearch(history.getSnippets().toList()) { session ->
        extensions ?: Extensions(session).also { extensions = it }
      }
    try {
      search.during { compile(prelude + text, "$ENTRY${++number}") }
    } catch (crash: Exception) {
      // What it found before is as good as any.
    } finally {
      collector.clear()
      history.rollBack(mark)
    }
    return search.found()
  }

  /**
   * Reads on in what Kotlin declares, for a moment; false when all of it is known. Entries may come
   * between.
   */
  @Synchronized fun learn(): Boolean = extensions?.read(LESSON_MILLIS) ?: false

  /** The names of functions and properties that a package of Kotlin declares. */
  @Synchronized
  fun importable(packageName: String): List<String> =
    extensions?.importable(packageName) ?: listOf()

  /**
   * Declares the results an entry speaks of under their own names, on the entry's first line: the
   * compiler knows each by a name that no other ever had.
   */
  private fun prelude(text: String, names: Set<String>): String {
    val headed = text.trimStart().let { it.startsWith("import ") || it.startsWith("@file") }
    if (headed) return ""
    return names
      .filter { !sitting.declares(it) && !declaredIn(text, it) }
      .mapNotNull { name -> sitting.find(name)?.let { "val $name = ${known(it)}; " } }
      .joinToString("")
  }

  private fun declaredIn(text: String, name: String): Boolean =
    Regex("""\b(va[lr]|fun|class|object)\s+$name\b""").containsMatchIn(text)

  /** The name by which the compiler knows a result; a result of the fast lane it learns of here. */
  private fun known(result: Sitting.Result): String {
    result.known?.let {
      return it
    }
    val name = "plain${result.number}_"
    val reach = "blksh.script.Sitting"
    val typed = "val $name = $reach.typed { ${result.path} }"
    Sitting.handing(result) { if (!declare(typed)) declare("val $name: Any? = $reach.value()") }
    result.known = name
    return name
  }

  private fun declare(text: String): Boolean {
    val mark = history.mark()
    try {
      val result = compile(text, "$ENTRY${++number}")
      if (result is ResultWithDiagnostics.Success) {
        val snippet = result.value.get() as KJvmCompiledScript
        val module = snippet.getCompiledModule() as KJvmCompiledModuleInMemory
        loader.add(module.compilerOutputFiles, stays)
        run(Entry(ScriptSource("<prompt>", text), snippet, mark))
        return true
      }
    } catch (crash: Exception) {
      // The plain declaration that is tried next asks less of the compiler.
      history.rollBack(mark)
      return false
    } finally {
      collector.clear()
    }
    history.rollBack(mark)
    return false
  }

  private fun ScriptProblem.less(prelude: String): ScriptProblem =
    if (line != 1) this else copy(column = maxOf(1, column - prelude.length))

  /** Runs an entry as a part of [evaluation]; on any thread. */
  fun run(entry: Entry, evaluation: Evaluation): Outcome {
    val type = entry.snippet.scriptClassFQName
    evaluation.enter()
    try {
      return Outcome.Value(run(entry))
    } catch (thrown: InvocationTargetException) {
      val failure = thrown.targetException
      return Outcome.Threw(failure, entry.source, ScriptRun.line(failure, type))
    } catch (failure: Throwable) {
      return Outcome.Threw(failure, entry.source, ScriptRun.line(failure, type))
    } finally {
      Evaluation.leave()
    }
  }

  /** Keeps what an entry declared, or takes it back when it failed or nobody waits for it. */
  @Synchronized
  fun settle(entry: Entry, keep: Boolean) {
    val instance = entry.instance
    if (keep && instance != null) {
      snippets.addFirst(instance)
      sitting.declare(declaredBy(instance.javaClass))
    } else {
      history.rollBack(entry.mark)
    }
  }

  /** The names a snippet declares, those of its result left out. */
  private fun declaredBy(type: Class<*>): List<String> {
    val types = type.declaredClasses.map { it.simpleName }
    val members =
      type.declaredMethods
        .map { it.name }
        .filter { '$' !in it }
        .map {
          if (it.length > 3 && it.startsWith("get"))
            it.drop(3).replaceFirstChar { c -> c.lowercaseChar() }
          else it
        }
    return (types + members).filter { it != "it" && !it.matches(Regex("""res\d+|plain\d+_""")) }
  }

  /**
   * Compiles something small and forgets it, or looks for what may be called, so that the first
   * entry finds the compiler warm.
   *
   * @return whether there is more of that to do
   */
  @Synchronized
  fun warmUp(): Boolean {
    val mark = history.mark()
    try {
      val lesson = FIRST_LESSONS.getOrNull(warmed++)
      if (lesson == null) scope("stores.map { it.") else compile(lesson, "$ENTRY${++number}")
    } finally {
      collector.clear()
      history.rollBack(mark)
    }
    return warmed <= FIRST_LESSONS.size
  }

  /**
   * The value that a variable declared at the prompt holds; null when there is none or it is null.
   * Calls no getter and asks no delegate, which would be to run what was entered, and waits for no
   * other entry.
   */
  fun variable(name: String): Any? {
    val getter = "get" + name.replaceFirstChar { it.uppercaseChar() }
    for (snippet in snippets) {
      val type = snippet.javaClass
      val method =
        type.methods.find { it.parameterCount == 0 && it.name.substringBefore('-') == getter }
          ?: continue
      // A value of an inline class is bare in its field; its getter has a longer name.
      val field =
        type.declaredFields.find {
          it.name == name && it.type == method.returnType && method.name == getter
        }
      return field?.apply { isAccessible = true }?.get(snippet)
    }
    return null
  }

  private fun compile(text: String, name: String): ResultWithDiagnostics<LinkedSnippet<Snippet>> =
    suspended {
      compiler.compile(text.toScriptSource("$name.kts"))
    }

  private fun run(entry: Entry): Any? {
    val snippet = entry.snippet
    val type = loader.loadClass(snippet.scriptClassFQName)
    val instance = type.getField("INSTANCE").get(null)
    type.methods.single { it.name == "\$\$eval" }.invoke(instance, vocabulary)
    entry.instance = instance
    val (field, kind) = snippet.resultField ?: return Unit
    val value = type.getDeclaredField(field).apply { isAccessible = true }.get(instance)
    return boxed(value, kind.typeName)
  }

  /** A value of an inline class, which its field holds bare, as one of that class. */
  private fun boxed(value: Any?, typeName: String): Any? {
    if (value == null) return null
    val name = typeName.substringBefore('<').removeSuffix("?")
    val declared = if (name.startsWith(ENTRY)) name.replace('.', '$') else name
    val type = runCatching { loader.loadClass(declared) }.getOrNull()
    if (type == null || type.isInstance(value)) return value
    val box = type.declaredMethods.find { it.name == "box-impl" } ?: return value
    return runCatching { box.invoke(null, value) }.getOrDefault(value)
  }

  private companion object {

    /** What the classes of entries are called, with a number. */
    const val ENTRY = "Entry_"

    val FIRST_LESSONS =
      listOf("listOf(1).map { \"\$it\" }", "val a = stores.filter { it.reachable }.map { it.name }")

    const val LESSON_MILLIS = 15L

    /** Runs a suspending call that never really suspends. */
    fun <T> suspended(block: suspend () -> T): T {
      var outcome: Result<T>? = null
      block.startCoroutine(Continuation(EmptyCoroutineContext) { outcome = it })
      return outcome!!.getOrThrow()
    }
  }
}
