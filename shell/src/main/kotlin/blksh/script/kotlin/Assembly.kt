package blksh.script.kotlin

import blksh.dsl.Arguments
import blksh.dsl.HelpRequested
import blksh.dsl.Outline
import blksh.dsl.Vocabulary
import blksh.script.BundledScripts
import blksh.script.CompiledScript
import blksh.script.Manual
import blksh.script.Members
import blksh.script.ScriptCompilationException
import blksh.script.ScriptRun
import blksh.script.ScriptSource
import blksh.script.ShellCompletion
import blksh.session.Console
import blksh.session.Options
import blksh.session.Session
import blksh.session.Usage
import java.io.File
import java.io.OutputStream
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.REPLACE_EXISTING
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.nameWithoutExtension
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KProperty
import kotlin.reflect.KType
import kotlin.reflect.KVisibility
import kotlin.reflect.full.declaredMembers
import kotlin.reflect.jvm.javaGetter
import kotlin.reflect.jvm.javaMethod
import kotlin.system.exitProcess
import org.objectweb.asm.ClassWriter
import org.objectweb.asm.Opcodes

/**
 * The build's last step, over the directory that the launcher runs from: compiles the bundled
 * scripts into a jar beside the others, lays out the native libraries so that none is unpacked at
 * start-up, and names the build. Arguments: the scripts' directory, the directory to complete, the
 * directories with the sources of the vocabulary.
 */
fun main(arguments: Array<String>) {
  val (scripts, target) = arguments.map { Path.of(it) }
  val vocabulary = arguments.drop(2).map { Path.of(it) }
  try {
    // Archives of the classes of an earlier build are of no use to this one.
    target.resolve("archive").toFile().deleteRecursively()
    Assembly(target).run {
      dropStrangers()
      compileScripts(scripts, vocabulary)
      writeCompletions()
      extractNatives()
      writeNoReflection()
      nameBuild()
    }
  } catch (refused: ScriptCompilationException) {
    System.err.println(refused.message)
    exitProcess(1)
  }
}

/** On the class path of scripts alone: the prompt has Kotlin's reflection. */
private const val NO_REFLECTION = "no-reflection.jar"

private class Assembly(private val target: Path) {

  private val jars = target.resolve("lib")
  private val outlines = ArrayList<Outline>()

  /** Removes jars that an earlier build left and this one does not use. */
  fun dropStrangers() {
    val used = System.getProperty("java.class.path").split(File.pathSeparator).map { File(it).name }
    val own = Regex("shell-.*\\.jar")
    jars
      .listDirectoryEntries("*.jar")
      .filter { it.name !in used && !own.matches(it.name) }
      .forEach { Files.delete(it) }
    val buckets = System.getProperty("blksh.buckets")
    jars
      .listDirectoryEntries("s3-*")
      .filter { it.name != buckets }
      .forEach { it.toFile().deleteRecursively() }
  }

  fun compileScripts(scripts: Path, vocabulary: List<Path>) {
    val index = StringBuilder()
    ZipOutputStream(Files.newOutputStream(jars.resolve("scripts.jar"))).use { zip ->
      fun entry(name: String, bytes: ByteArray) {
        zip.putNextEntry(ZipEntry(name).apply { time = 0 })
        zip.write(bytes)
        zip.closeEntry()
      }
      for (file in scripts.listDirectoryEntries("*.kts").sorted()) {
        val source = ScriptSource.read(file)
        val script = ScriptCompiler.compile(source)
        val name = file.nameWithoutExtension
        outlines += outline(name, script)
        val description = script.description.replace("\n", "\\n")
        index.appendLine(
          listOf(name, source.digest, script.className, script.resultField.orEmpty(), description)
            .joinToString("\t")
        )
        script.classes.forEach { (path, bytes) -> entry(path, bytes) }
        entry("blksh/scripts/$name.kts", source.text.toByteArray())
      }
      entry(BundledScripts.INDEX, index.toString().toByteArray())
      entry(Documentation.RESOURCE, Documentation.extract(vocabulary).toByteArray())
      entry(Members.INDEX, members().joinToString("\n", postfix = "\n").toByteArray())
    }
  }

  /** What a script declares: it says so when it is asked for its help, and does nothing else. */
  private fun outline(name: String, script: CompiledScript): Outline {
    val words = listOf("--help")
    val options = Options().apply { home(target) }
    val arguments = Arguments(name, script.description, words, options)
    val console = Console.of(OutputStream.nullOutputStream(), OutputStream.nullOutputStream())
    Session(console, options, words).use {
      try {
        ScriptRun.run(script, Vocabulary(it, arguments), it.evaluation())
        error("$name does not answer --help")
      } catch (answered: HelpRequested) {
        return Outline.of(arguments)
      }
    }
  }

  /** What shells and man read, made from what the scripts declare. */
  fun writeCompletions() {
    val share = Files.createDirectories(target.resolve("share"))
    val completion = ShellCompletion(outlines)
    for (shell in Usage.SHELLS) {
      Files.writeString(share.resolve("blksh.$shell"), completion.text(shell))
    }
    Files.writeString(share.resolve("blksh.1"), Manual(outlines).toString())
  }

  /** What the vocabulary's classes declare, a line each. */
  private fun members(): List<String> {
    val types =
      jars.listDirectoryEntries("shell-*.jar").flatMap { jar ->
        ZipFile(jar.toFile()).use { zip ->
          zip
            .entries()
            .asSequence()
            .map { it.name }
            .filter { it.endsWith(".class") }
            .map { it.removeSuffix(".class").replace('/', '.') }
            .filter { it.substringBeforeLast('.') in Members.PACKAGES }
            .map { Class.forName(it, false, loader) }
            .filter { it.getAnnotation(Metadata::class.java)?.kind == 1 && !it.isAnonymousClass }
            .toList()
        }
      }
    return types.flatMap { type -> members(type.kotlin) }.sorted()
  }

  private fun members(type: KClass<*>): List<String> =
    type.declaredMembers
      .filter { it.visibility == KVisibility.PUBLIC }
      .mapNotNull { member ->
        val parameters = member.parameters.filter { it.kind == KParameter.Kind.VALUE }
        val method =
          when (member) {
            is KProperty<*> -> member.javaGetter
            is KFunction<*> -> member.javaMethod
            else -> null
          }
        method?.let {
          val optional = parameters.indices.filter { parameters[it].isOptional }.toSet()
          val takes =
            parameters.joinToString(", ", "(", ")") {
              "${it.name}: ${short(it.type)}" + if (it.isOptional) " = …" else ""
            }
          val signature =
            member.name +
              (if (member is KProperty<*>) "" else takes) +
              ": " +
              short(member.returnType)
          val nullable = member.returnType.isMarkedNullable
          val name = type.simpleName.orEmpty()
          val owner = if (name in Members.AT_HAND) Members.ROOT else name
          Members.line(
            it,
            Members.Member(
              owner,
              member.name,
              member is KProperty<*>,
              nullable,
              optional,
              signature,
            ),
          )
        }
      }

  private val loader = javaClass.classLoader

  /** A type without the packages of its names. */
  private fun short(type: KType): String =
    type.toString().replace(Regex("""\b[a-z]\w*\.|\s*/\*.*?\*/"""), "")

  /** Copies this platform's libraries out of their jars, under names that need no version. */
  fun extractNatives() {
    val system = System.getProperty("os.name")
    val machine = System.getProperty("os.arch")
    if (system != "Linux" || machine !in setOf("amd64", "aarch64")) return
    val intel = machine == "amd64"
    val wanted =
      mapOf(
        "org/sqlite/native/Linux/${if (intel) "x86_64" else "aarch64"}/libsqlitejdbc.so" to
          "libsqlitejdbc.so",
        "jni/${if (intel) "x86_64" else "aarch64"}-Linux/libjffi-1.2.so" to "libjffi-1.2.so",
        "net/jpountz/util/linux/$machine/liblz4-java.so" to "liblz4-java.so",
        "org/jline/nativ/Linux/${if (intel) "x86_64" else "arm64"}/libjlinenative.so" to
          "libjlinenative.so",
      )
    val zstd = Regex("linux/$machine/libzstd-jni-.*\\.so")
    val natives = Files.createDirectories(target.resolve("native"))
    for (jar in jars.listDirectoryEntries("*.jar")) {
      ZipFile(jar.toFile()).use { zip ->
        for (entry in zip.entries()) {
          val name = wanted[entry.name] ?: if (zstd.matches(entry.name)) "libzstd-jni.so" else null
          name?.let { Files.copy(zip.getInputStream(entry), natives.resolve(it), REPLACE_EXISTING) }
        }
      }
    }
  }

  /**
   * The standard library asks for Kotlin's full reflection by the name of a class, and takes this
   * superclass when there is none; to know that, Java would open and search every jar at each start
   * of a script.
   */
  fun writeNoReflection() {
    val name = "kotlin/reflect/jvm/internal/ReflectionFactoryImpl"
    val parent = "kotlin/jvm/internal/ReflectionFactory"
    val writer = ClassWriter(0)
    writer.visit(Opcodes.V17, Opcodes.ACC_PUBLIC or Opcodes.ACC_SUPER, name, null, parent, null)
    writer.visitMethod(Opcodes.ACC_PUBLIC, "<init>", "()V", null, null).run {
      visitCode()
      visitVarInsn(Opcodes.ALOAD, 0)
      visitMethodInsn(Opcodes.INVOKESPECIAL, parent, "<init>", "()V", false)
      visitInsn(Opcodes.RETURN)
      visitMaxs(1, 1)
      visitEnd()
    }
    writer.visitEnd()
    ZipOutputStream(Files.newOutputStream(jars.resolve(NO_REFLECTION))).use { zip ->
      zip.putNextEntry(ZipEntry("$name.class").apply { time = 0 })
      zip.write(writer.toByteArray())
      zip.closeEntry()
    }
  }

  /** Names what scripts are compiled with by its digest, and lists the class paths. */
  fun nameBuild() {
    // Ours first: a class path is opened jar by jar up to the one that has what is looked for.
    val ours = Regex("(scripts|(engine|shell)-.*)\\.jar")
    val all =
      jars
        .listDirectoryEntries("*.jar")
        .map { it.name }
        .filter { it != NO_REFLECTION }
        .sorted()
        .sortedBy { !ours.matches(it) }
    val compiledWith = Regex("(engine|shell|kotlin-stdlib|kotlin-compiler-embeddable)-.*")
    val digests =
      all
        .filter { compiledWith.matches(it) }
        .map { ScriptSource.hex(Files.readAllBytes(jars.resolve(it))) }
    val compiler = Regex("(kotlin-(?!stdlib)|kotlinx-|annotations-|jline-).*")
    val resolver =
      Regex("(maven|plexus|http(client|core)|jcl-over|javax\\.inject|gson|error_prone_anno.*?)-.*")
    writeLines("shell.jars", all)
    val runs = all.filterNot { compiler.matches(it) || resolver.matches(it) }
    writeLines("run.jars", listOf(NO_REFLECTION) + runs)
    writeLines("build", listOf(ScriptSource.hex(digests.joinToString().toByteArray())))
  }

  private fun writeLines(name: String, lines: List<String>) {
    Files.writeString(target.resolve(name), lines.joinToString("\n", postfix = "\n"))
  }
}
