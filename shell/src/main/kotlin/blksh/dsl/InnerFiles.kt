package blksh.dsl

import blksh.BlkshException
import blksh.filesystem.FileEntry
import blksh.filesystem.FileTree
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import java.nio.ByteBuffer
import java.nio.charset.StandardCharsets
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.util.regex.PatternSyntaxException

/**
 * The files of the file system on a source, read without mounting it and without root, or of a
 * snapshot: what is in its top directory, and by path all the rest: `files["/etc/fstab"].text`.
 */
class InnerFiles internal constructor(private val holder: FileHolder) :
  AbstractList<InnerFile>(), Keyed {

  private val top: List<InnerFile> by lazy { within { tree -> list(tree, tree.root()) } }

  override val size: Int
    get() = top.size

  override fun get(index: Int): InnerFile = top[index]

  override val keys: List<String>
    get() = top.map { it.name }

  override fun member(key: String): InnerFile? = within { tree ->
    tree.find(key).map { InnerFile(this, it) }.orElse(null)
  }

  /**
   * What has that path: `files["/etc/fstab"]`.
   *
   * Example: `sampleDisk(1).files["/home/ada/letters"]`
   */
  operator fun get(path: String): InnerFile =
    member(path)
      ?: throw BlkshException("find $path in ${holder.name}", "there is no such file")
        .suggest(
          if (top.isEmpty()) "it is empty"
          else keys.take(SUGGESTED).joinToString(prefix = "at the top are ")
        )

  /** The file system: `ext4`, `NTFS`. */
  val type: String
    get() = within { it.type() }

  /** The name somebody gave to the volume; may be empty. */
  val label: String
    get() = within { it.label() }

  /**
   * Everything whose path matches a pattern such as `**.conf` or `/etc/`&#42;`.conf`; a pattern
   * without a slash is compared with names.
   *
   * Example: `sampleDisk(1).files.find("*.txt")`
   */
  fun find(pattern: String): List<InnerFile> {
    val matcher =
      try {
        FileSystems.getDefault().getPathMatcher("glob:$pattern")
      } catch (wrong: PatternSyntaxException) {
        val problem = "it is no pattern: ${wrong.description}"
        throw BlkshException("find $pattern in ${holder.name}", problem, wrong)
      }
    return holder.session.run("find", "$pattern in ${holder.name}") { task ->
      within { tree ->
        val found = mutableListOf<InnerFile>()
        tree.walk(tree.root(), task) {
          val path = if ('/' in pattern) it.path() else it.name()
          if (matcher.matches(Path.of(path))) found += InnerFile(this, it)
        }
        found
      }
    }
  }

  /**
   * Everything there is, directories before what is in them, handed out one by one.
   *
   * Example: `sampleDisk(1).files.walk { if (it.size > 1.MiB) println(it.path) }`
   */
  fun walk(each: (InnerFile) -> Unit) {
    holder.session.run("walk", holder.name) { task ->
      within { tree -> tree.walk(tree.root(), task) { each(InnerFile(this, it)) } }
    }
  }

  /**
   * Copies all of it to a directory that is not there yet.
   *
   * Example: `sampleDisk(1).files.copy("$home/samples/files")`
   */
  fun copy(to: String): CopiedOut = copy(null, to)

  internal fun copy(entry: FileEntry?, to: String): CopiedOut {
    val what = entry?.path() ?: "/"
    val given = target(to)
    val dryRun = holder.session.options().dryRun()
    return holder.session.run("copy", "$what of ${holder.name}") { task ->
      within { tree ->
        val target =
          if (entry != null && Files.isDirectory(given)) tree.pathIn(given, entry) else given
        if (!dryRun) tree.copyOut(entry ?: tree.root(), target, task)
        CopiedOut(holder.name, what, target, task, dryRun)
      }
    }
  }

  internal fun list(directory: FileEntry): List<InnerFile> = within { list(it, directory) }

  /** What of it cannot be read is a finding, and the rest is there. */
  private fun list(tree: FileTree, directory: FileEntry): List<InnerFile> = buildList {
    tree.list(
      directory,
      {
        it.problem()?.let { problem -> holder.session.finding("${it.path()}: $problem") }
        add(InnerFile(this@InnerFiles, it))
      },
      { holder.session.finding(it.message) },
    )
  }

  /** The first bytes of a file. */
  internal fun bytes(file: FileEntry, most: Int): ByteArray = within { tree ->
    tree.open(file).use { content ->
      val buffer = ByteBuffer.allocate(minOf(most.toLong(), content.size()).toInt())
      content.read(0, buffer)
      buffer.array().copyOf(buffer.position())
    }
  }

  internal fun <T> within(use: (FileTree) -> T): T = holder.withFiles(use)

  override fun toString(): String = "files of ${holder.name}"

  private companion object {
    const val SUGGESTED = 8
  }
}

/** A file, directory or link inside a source: `files["/etc"]["fstab"]`. */
class InnerFile internal constructor(private val files: InnerFiles, private val entry: FileEntry) :
  Described, Keyed {

  /** Its path from the top: `/etc/fstab`. */
  val path: String
    get() = entry.path()

  /** The last part of its path. */
  val name: String
    get() = entry.name()

  /** Whether it is a `FILE`, `DIRECTORY`, `LINK`, something `SPECIAL`, or `DAMAGED`. */
  val kind: FileEntry.Kind
    get() = entry.kind()

  /** Its size. */
  val size: Size
    get() = Size(entry.size())

  /** When its content was changed last. */
  val modified: Instant
    get() = entry.modified()

  /** Its permissions as `chmod` takes them: `644`. */
  val mode: String
    get() = "%03o".format(entry.mode())

  /** Why only its name can be read, when it is damaged, else null. */
  val problem: String?
    get() = entry.problem()

  /** Where a link leads, else null. */
  val link: String?
    get() = entry.link()

  /** What is in a directory; nothing in a file. */
  val list: List<InnerFile> by lazy { if (entry.isDirectory) files.list(entry) else emptyList() }

  override val keys: List<String>
    get() = list.map { it.name }

  override fun member(key: String): InnerFile? =
    list.find { it.name == key } ?: files.member("$path/$key")

  /** What is in a directory, by name or path. */
  operator fun get(key: String): InnerFile = files["$path/$key"]

  /**
   * What is in a file, as text; of a long one the first MiB.
   *
   * Example: `sampleDisk(1).files["/home/ada/letters/01.txt"].text`
   */
  val text: String
    get() = String(files.bytes(entry, MOST_TEXT), StandardCharsets.UTF_8)

  /** All that is in a file of up to 64 MiB. */
  val bytes: ByteArray
    get() {
      if (size.bytes > MOST_BYTES)
        throw BlkshException("read $path", "its $size are too many to hold")
          .suggest("copy it out: copy(to = \"…\")")
      return files.bytes(entry, MOST_BYTES)
    }

  /**
   * Copies it, and all that is inside, to a path where nothing is yet, or into a directory. Holes
   * stay holes; times, permissions, attributes and hard links are kept, as root owners too. What
   * cannot be read or kept is told, and does not keep the rest from being copied.
   *
   * Example: `sampleDisk(1).files["/home/ada/letters"].copy("$home/samples")`
   */
  fun copy(to: String): CopiedOut = files.copy(entry, to)

  override fun title(): String = path

  override fun fields(): List<Field> =
    listOf(
      Field.of("kind", kind),
      Field.of("mode", mode),
      Field.of("size", size),
      Field.of("modified", modified),
      Field.of("path", path),
      Field.of("link", link),
    )

  override fun appendix(): Any? = list.ifEmpty { null }

  override fun toString(): String = path

  private companion object {
    const val MOST_TEXT = 1 shl 20
    const val MOST_BYTES = 64 shl 20
  }
}

/** What copying files out did. */
class CopiedOut
internal constructor(
  private val source: String,
  private val path: String,
  private val target: Path,
  private val task: Task,
  private val dryRun: Boolean,
) : Result() {

  override fun title(): String = if (dryRun) "would copy $path" else "copied $path"

  override fun fields(): List<Field> =
    listOf(
      Field.of("source", source),
      Field.of("path", path),
      Field.of("target", target),
      Field.of("copied", Size(task.done())),
      Field.of("left out", task.findings().size),
      Field.of("took", task.elapsed()),
      Field.detail("dry run", dryRun),
    )
}
