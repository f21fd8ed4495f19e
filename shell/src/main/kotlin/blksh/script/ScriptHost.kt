package blksh.script

import blksh.BlkshException
import blksh.Nearest
import blksh.dsl.Arguments
import blksh.dsl.Vocabulary
import blksh.session.Evaluation
import blksh.session.ExitStatus
import blksh.session.Notice
import blksh.session.Session
import blksh.session.Trust
import blksh.task.CancelledException
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.nio.file.Files
import java.nio.file.Path

/**
 * Runs scripts by name, path or text: a bundled one as it was compiled by the build, any other from
 * the cache, and only when it is not there does the compiler come in, in a process of its own that
 * has the memory and the flags for it.
 */
class ScriptHost(private val session: Session, private val compiler: Compiler) {

  /**
   * A script ready to run; [source] and [className] locate its failures.
   *
   * @property bundled whether it came with blksh: its lines tell nothing to who runs it
   */
  class Ready(
    val source: ScriptSource,
    val className: String,
    private val description: String,
    val bundled: Boolean,
    private val start: (Vocabulary, Evaluation) -> Any?,
  ) {

    /** Runs it to its end and gives the value of its last expression. */
    fun run(session: Session): Any? {
      val name =
        source.name.let { if (it.startsWith("scripts/")) it.drop(8).removeSuffix(".kts") else it }
      val arguments = Arguments(name, description, session.words(), session.options())
      return start(Vocabulary(session, arguments), session.evaluation())
    }
  }

  /**
   * Finds a script by bundled name or by path. A bare word is a bundled script before it is a file
   * that happens to lie in the current directory; `./list` is the file. `-` is standard input.
   */
  fun script(reference: String): Ready {
    BundledScripts.entries[reference]?.let {
      return ready(it, lazySource = null)
    }
    if (reference == "-") {
      val text = String(session.dataIn().readAllBytes())
      return text(ScriptSource("<stdin>", ScriptSource.ofKotlin(text)))
    }
    val path = Path.of(reference)
    if (!Files.exists(path)) {
      BundledScripts.entries[reference.removeSuffix(".kts")]?.let {
        return ready(it, lazySource = null)
      }
      val bundled = BundledScripts.entries.keys
      val meant = Nearest.question(reference, bundled)
      throw BlkshException(
          "run $reference",
          "there is neither such a file nor a bundled script of that name",
        )
        .suggest(meant.ifEmpty { "bundled are: " + bundled.joinToString(", ") })
    }
    return text(ScriptSource.read(path), path)
  }

  /** Makes a text ready to run. */
  fun text(source: ScriptSource): Ready = text(source, null)

  private fun text(source: ScriptSource, file: Path?): Ready {
    BundledScripts.find(source)?.let {
      return ready(it, source)
    }
    val whole = Composition.of(source, file, Artifacts(session))
    return ready(whole, compiled(whole))
  }

  /** Makes a text ready to run with the compiler in this process and without the cache. */
  fun textHere(source: ScriptSource): Ready = ready(source, compiler.compile(source))

  private fun ready(source: ScriptSource, script: CompiledScript): Ready {
    val description = source.composition?.description ?: script.description
    return Ready(source, script.className, description, false) { vocabulary, evaluation ->
      ScriptRun.run(script, vocabulary, evaluation, source.jars)
    }
  }

  private fun ready(entry: BundledScripts.Entry, lazySource: ScriptSource?) =
    Ready(lazySource ?: entry.source, entry.className, entry.description, true) {
      vocabulary,
      evaluation ->
      ScriptRun.run(Class.forName(entry.className), entry.resultField, vocabulary, evaluation)
    }

  private fun compiled(source: ScriptSource): CompiledScript {
    val build = System.getProperty("blksh.build") ?: return compiler.compile(source)
    val directory = session.options().home(session.words()).resolve("scripts")
    val cache = ScriptCache(directory, build)
    val objection = Trust.objection("use compiled scripts in $directory", cache.file(source))
    if (objection.isPresent) {
      session.console().tell(objection.get().message)
      return compiledAnew(source)
    }
    return cache.find(source) ?: compiledAnew(source).also { cache.put(source, it) }
  }

  private fun compiledAnew(source: ScriptSource): CompiledScript {
    val launcher = System.getProperty("blksh.launcher") ?: return compiler.compile(source)
    return compileApart(launcher, source)
  }

  private fun compileApart(launcher: String, source: ScriptSource): CompiledScript =
    Notice.during(session.console(), "compiling ${source.name}…") { compiledBy(launcher, source) }

  private fun compiledBy(launcher: String, source: ScriptSource): CompiledScript {
    val process =
      ProcessBuilder(launcher, "--compile").redirectError(ProcessBuilder.Redirect.INHERIT).start()
    try {
      DataOutputStream(process.outputStream).use {
        writeText(it, source.name)
        writeText(it, source.text)
        it.writeInt(source.jars.size)
        source.jars.forEach { jar -> writeText(it, "$jar") }
      }
      return DataInputStream(process.inputStream.buffered()).use { readAnswer(it, source) }
    } catch (broken: IOException) {
      val action = "compile ${source.name}"
      // Ctrl-C reaches the compiler's process as well.
      if (session.evaluation().stopped() || process.waitFor() == ExitStatus.INTERRUPTED) {
        throw CancelledException(action)
      }
      throw BlkshException(action, "the compiler's process ended early", broken)
    } finally {
      process.destroy()
    }
  }

  companion object {

    /** The other end: compiles what arrives on [input] and answers on [output]. */
    @JvmStatic
    fun compile(compiler: Compiler, input: InputStream, output: OutputStream) {
      val source = DataInputStream(input).let { readSource(it) }
      DataOutputStream(output).use { answer ->
        try {
          val script = compiler.compile(source)
          val jar = ByteArrayOutputStream().also { script.write(it) }.toByteArray()
          answer.writeInt(-1)
          answer.write(jar)
        } catch (refused: ScriptCompilationException) {
          answer.writeInt(refused.problems.size)
          for (problem in refused.problems) {
            answer.writeBoolean(problem.error)
            answer.writeInt(problem.line)
            answer.writeInt(problem.column)
            writeText(answer, problem.message)
          }
        }
      }
    }

    private fun readSource(input: DataInputStream): ScriptSource {
      val alone = ScriptSource(readText(input), readText(input))
      val jars = List(input.readInt()) { Path.of(readText(input)) }
      if (jars.isEmpty()) return alone
      // Who asks knows where the lines are from.
      val composition = Composition(listOf(), alone.description, jars)
      return ScriptSource(alone.name, alone.text, composition)
    }

    private fun readAnswer(answer: DataInputStream, source: ScriptSource): CompiledScript {
      val count = answer.readInt()
      if (count < 0) {
        return CompiledScript.read(answer) ?: throw IOException("incomplete answer")
      }
      val problems =
        List(count) {
          ScriptProblem(answer.readBoolean(), answer.readInt(), answer.readInt(), readText(answer))
        }
      throw ScriptCompilationException(source, problems)
    }

    private fun writeText(out: DataOutputStream, text: String) {
      val bytes = text.toByteArray()
      out.writeInt(bytes.size)
      out.write(bytes)
    }

    private fun readText(input: DataInputStream): String = String(input.readNBytes(input.readInt()))
  }
}
