package blksh.script

import blksh.BlkshException
import blksh.session.Trust
import java.io.IOException
import java.nio.file.Files
import java.nio.file.InvalidPathException
import java.nio.file.Path
import java.util.jar.Attributes
import java.util.jar.JarFile

/**
 * How a text for the compiler was put together of a script and of those that it imports: as though
 * what they hold stood at its beginning, each once, in the order they are named in.
 *
 * @property lines where each line of the text is from
 * @property description the comment the script itself opens with
 * @property jars what it needs besides, in order
 */
class Composition(
  internal val lines: List<Origin>,
  internal val description: String,
  internal val jars: List<Path>,
) {

  /**
   * Where a line is from.
   *
   * @property line from 1
   * @property shift columns that stand before its first one there
   */
  class Origin(val source: ScriptSource, val line: Int, val shift: Int) {

    /** As messages write it, `common.kts:12`. */
    val place: String
      get() = "${source.name}:$line"

    /** The whole line there; null past the end. */
    val text: String?
      get() = source.line(line)
  }

  /** Puts one together. Nothing is read that somebody else could have written. */
  private class Composer(private val artifacts: Artifacts?) {

    private class Part(val source: ScriptSource, val header: ScriptHeader)

    /** What an annotation names, and in which file. */
    private class Place(val source: ScriptSource, val wanted: ScriptHeader.Wanted) {

      fun refused(why: String) = source.refused(wanted.line, wanted.column, why)

      /** What it names as it would be named from where the script was, by a short way perhaps. */
      fun shown(from: Path?): Path =
        (if (from == null) Path.of(wanted.name)
          else Path.of(source.name).resolveSibling(wanted.name))
          .normalize()
    }

    private val parts = ArrayList<Part>()
    private val jars = LinkedHashSet<Path>()
    private val coordinates = LinkedHashMap<String, Place>()
    private val repositories = LinkedHashSet<String>()

    /** The files on the way to where we are, and those that are done with. */
    private val opened = ArrayList<Path>()
    private val done = HashSet<Path>()

    /**
     * @param file where it really is; null for a text of no file, whose names begin at the current
     *   directory
     */
    fun add(source: ScriptSource, file: Path?) {
      val header = ScriptHeader(source)
      if (file != null) opened.add(file)
      for (wanted in header.imports) include(Place(source, wanted), file)
      for (wanted in header.repositories) repositories += repository(Place(source, wanted), file)
      for (wanted in header.dependencies) need(Place(source, wanted), file)
      if (file != null) {
        opened.remove(file)
        done.add(file)
      }
      parts += Part(source, header)
    }

    private fun include(place: Place, from: Path?) {
      val name = place.wanted.name
      val action = "import $name"
      val file = trusted(place, action, from, "file") { Files.isRegularFile(it) }
      if (file in opened) {
        val way = opened.drop(opened.indexOf(file)) + listOf(file)
        val names = way.joinToString(" imports ") { "${it.fileName}" }
        throw place.refused("cannot $action: $names")
      }
      if (file in done) return
      val text =
        try {
          ScriptSource.read(file)
        } catch (unreadable: BlkshException) {
          throw place.refused("cannot $action: ${unreadable.problem()}")
        }
      add(ScriptSource("${place.shown(from)}", text.text), file)
    }

    private fun need(place: Place, from: Path?) {
      val name = place.wanted.name
      val action = "use $name"
      if (artifacts == null) {
        throw place.refused("cannot $action: the prompt takes in no jars; blksh run does")
      }
      if (COORDINATE.matches(name)) {
        if (name.endsWith("-SNAPSHOT") || name.substringAfterLast(':') in CHANGING) {
          throw place.refused("cannot $action: what that is changes; name a version")
        }
        coordinates.putIfAbsent(name, place)
        return
      }
      val jar = trusted(place, action, from, "file") { Files.isRegularFile(it) }
      val others =
        try {
          JarFile(jar.toFile()).use {
            it.manifest?.mainAttributes?.getValue(Attributes.Name.CLASS_PATH).orEmpty()
          }
        } catch (damaged: IOException) {
          throw place.refused("cannot $action: it is no jar (${damaged.message})")
        }
      // Java would take them in by itself, whoever wrote them, and unseen by the cache of scripts.
      // What is not there beside the jar now cannot be put there by anybody else; of all that is
      // written otherwise, as a URL is, nobody can tell where it leads.
      for (other in others.split(BLANKS).filter { it.isNotEmpty() }) {
        if (!PLAIN.matches(other) || Files.exists(jar.resolveSibling(other))) {
          throw place.refused(
            "cannot $action: its manifest takes in $other; give it a manifest without Class-Path"
          )
        }
      }
      jars.add(jar)
    }

    private fun repository(place: Place, from: Path?): String {
      val name = place.wanted.name
      val action = "take jars from $name"
      if (name.startsWith("https://")) return name
      if ("://" in name) {
        throw place.refused("cannot $action: a repository is https://… or a directory")
      }
      val directory = trusted(place, action, from, "directory") { Files.isDirectory(it) }
      return directory.toUri().toString()
    }

    /** Where something really is that an annotation names; what others may write is refused. */
    private fun trusted(
      place: Place,
      action: String,
      from: Path?,
      kind: String,
      fits: (Path) -> Boolean,
    ): Path {
      fun refused(why: String) = place.refused("cannot $action: $why")
      val named =
        try {
          from?.resolveSibling(place.wanted.name) ?: Path.of(place.wanted.name)
        } catch (wrong: InvalidPathException) {
          throw refused("it is no name of a $kind")
        }
      val file =
        try {
          named.toRealPath()
        } catch (missing: IOException) {
          throw refused("there is no $kind ${place.shown(from)}")
        }
      if (!fits(file)) throw refused("it is no $kind")
      Trust.objection(action, file).ifPresent {
        throw refused(listOfNotNull(it.problem(), it.suggestion()).joinToString("; "))
      }
      // Who may write the way to it could have led elsewhere while that was looked at.
      if (named.toRealPath() != file || file.toRealPath() != file) {
        throw refused("the way to it was changed meanwhile")
      }
      return file
    }

    /** Adds the jars that coordinates name. */
    fun fetch() {
      if (coordinates.isEmpty() || artifacts == null) return
      try {
        jars += artifacts.find(coordinates.keys.toList(), repositories.toList())
      } catch (unavailable: Artifacts.Unavailable) {
        val (name, place) = coordinates.entries.elementAt(unavailable.index)
        throw place.refused("cannot use $name: ${unavailable.why}")
      }
    }

    private val lines = ArrayList<Origin>()
    private val text = StringBuilder()

    fun composed(main: ScriptSource): ScriptSource {
      parts.forEach { part -> part.header.annotations.forEach { add(part, it) } }
      // What is imported is a part of the script, and in its package.
      parts.lastOrNull()?.let { script -> script.header.packaging?.let { add(script, it) } }
      val known = HashSet<String>()
      for (part in parts) {
        for (range in part.header.directives) {
          if (known.add(part.source.text.substring(range).trim())) add(part, range)
        }
      }
      for (part in parts) {
        val body = StringBuilder(part.source.text)
        for (place in part.header.taken.flatten()) if (body[place] != '\n') body[place] = ' '
        body.lineSequence().forEachIndexed { i, line -> add(line, Origin(part.source, i + 1, 0)) }
      }
      val composition = Composition(lines, main.description, jars.toList())
      return ScriptSource(main.name, text.toString(), composition)
    }

    private fun add(part: Part, range: IntRange) {
      val first = part.header.line(range.first)
      part.header.text(range).lineSequence().forEachIndexed { i, line ->
        val shift = if (i == 0) part.header.column(range.first) - 1 else 0
        add(line, Origin(part.source, first + i, shift))
      }
    }

    private fun add(line: String, origin: Origin) {
      lines += origin
      text.append(line).append('\n')
    }
  }

  companion object {

    private val COORDINATE = Regex("""[\w.-]+(:[\w.-]+){2,4}""")

    private val BLANKS = Regex("""\s+""")

    /** A name that is one in a URL as well, and leads nowhere else. */
    private val PLAIN = Regex("""[A-Za-z0-9_-][A-Za-z0-9._-]*""")

    /** Versions that Maven finds out each time. */
    private val CHANGING = setOf("LATEST", "RELEASE")

    /**
     * A script with all that it imports; itself when that is nothing.
     *
     * @param file where it is; null for a text of no file
     * @throws ScriptCompilationException at the line that names something which is not there, which
     *   somebody else could have written, or which imports the file it stands in
     */
    internal fun of(source: ScriptSource, file: Path?, artifacts: Artifacts): ScriptSource =
      composed(source, file, artifacts)

    /** The same for a text whose jars cannot be put in reach: one that names any is refused. */
    @JvmStatic
    fun withoutJars(source: ScriptSource, file: Path): ScriptSource = composed(source, file, null)

    private fun composed(source: ScriptSource, file: Path?, artifacts: Artifacts?): ScriptSource {
      if (!ScriptHeader.mayWant(source.text)) return source
      // What comes by a pipe is in no directory.
      val real = file?.takeIf { Files.isRegularFile(it) }?.toRealPath()
      val composer = Composer(artifacts)
      composer.add(source, real)
      composer.fetch()
      return composer.composed(source)
    }
  }
}
