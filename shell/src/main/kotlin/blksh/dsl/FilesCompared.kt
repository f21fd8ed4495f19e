package blksh.dsl

import blksh.filesystem.FileDifference
import blksh.filesystem.FileEntry
import blksh.filesystem.FileSystemDamageException
import blksh.filesystem.FileTreeComparison
import blksh.filesystem.UnknownFileSystemException
import blksh.store.ManifestKind
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.util.TreeSet
import kotlin.math.abs

/** What is another among the files of one source than of another. */
class FilesCompared
private constructor(
  private val before: String,
  private val after: String,
  /** The first 10,000 of it, by path. */
  val differences: List<FileChange>,
  private val counts: Map<FileDifference.Kind, Long>,
  private val grown: Long,
) : Result() {

  /** How many entries were added, removed, changed, moved, or have other metadata. */
  fun count(kind: FileDifference.Kind): Long = counts[kind] ?: 0

  /** Whether nothing is another. */
  val same: Boolean
    get() = counts.isEmpty()

  override fun title(): String = "files of $before to $after"

  override fun fields(): List<Field> =
    FileDifference.Kind.values().map { Field.of(it.name.lowercase(), count(it)) } +
      Field.of(if (grown < 0) "shrunk by" else "grown by", Size(abs(grown)))

  override fun appendix(): Any? = differences.take(SHOWN).ifEmpty { null }

  internal class Builder {
    private val first = TreeSet(compareBy<FileChange>({ it.partition }, { it.path }, { it.kind }))
    private val counts = mutableMapOf<FileDifference.Kind, Long>()
    private var grown = 0L

    fun add(partition: String?, difference: FileDifference) {
      counts.merge(difference.kind(), 1, Long::plus)
      val change = FileChange(partition, difference)
      grown += (change.after?.bytes ?: 0) - (change.before?.bytes ?: 0)
      first += change
      if (first.size > KEPT) first.pollLast()
    }

    fun build(before: String, after: String) =
      FilesCompared(before, after, first.toList(), counts, grown)
  }

  internal companion object {
    private const val KEPT = 10_000
    private const val SHOWN = 50

    /** Compares the files of two sources, partition by partition where they are divided. */
    fun of(before: Source, after: Source, contents: Boolean): FilesCompared =
      before.session.run("diff", "files of ${before.name} ${after.name}") { task ->
        val found = Builder()
        val old = before.parts()
        val now = after.parts()
        if (old.isEmpty() && now.isEmpty()) compare(before, after, contents, task, null, found)
        for (key in (old.keys + now.keys)) {
          val one = old[key]
          val other = now[key]
          if (one == null || other == null) {
            val missing = if (one == null) before else after
            task.finding("partition $key is not in ${missing.name}")
          } else {
            val problem = one.problem ?: other.problem
            if (problem != null) {
              task.finding("partition $key: $problem")
              continue
            }
            try {
              compare(one, other, contents, task, key, found)
            } catch (unknown: UnknownFileSystemException) {
              val told = "partition $key: ${unknown.problem()}"
              if (one.isFileless() && other.isFileless()) task.note(told) else task.finding(told)
            } catch (damaged: FileSystemDamageException) {
              task.finding("partition $key: ${damaged.problem()}")
            }
          }
        }
        found.build("$before", "$after")
      }

    /** None of what is no disk, or is not divided. */
    private fun Source.parts(): Map<String, Partition> =
      if (this is Manifest && kind == ManifestKind.TREE) emptyMap()
      else partitions.associateBy { it.key }

    private fun compare(
      before: Source,
      after: Source,
      contents: Boolean,
      task: Task,
      partition: String?,
      found: Builder,
    ) =
      before.files.within { old ->
        after.files.within { now ->
          FileTreeComparison.run(old, now, contents, task) { found.add(partition, it) }
        }
      }
  }
}

/** A file, directory or link that is another. */
class FileChange
internal constructor(
  /** The partition it is in, `p1`; null where there are none. */
  val partition: String?,
  private val difference: FileDifference,
) : Described {

  /** What became of it. */
  val kind: FileDifference.Kind
    get() = difference.kind()

  /** Where it is, or was when it was removed. */
  val path: String
    get() = difference.path()

  /** Where it was, of what was moved. */
  val from: String?
    get() = difference.before()?.path().takeIf { kind == FileDifference.Kind.MOVED }

  /** Its size before; null of what was added. */
  val before: Size?
    get() = size(difference.before())

  /** Its size now; null of what was removed. */
  val after: Size?
    get() = size(difference.after())

  private fun size(entry: FileEntry?): Size? =
    entry?.let { Size(if (it.isDirectory) 0 else it.size()) }

  override fun title(): String = path

  override fun fields(): List<Field> =
    listOf(
      Field.of("kind", kind),
      Field.of("partition", partition),
      Field.of("path", path),
      Field.of("from", from),
      Field.of("before", before),
      Field.of("after", after),
    )

  override fun toString(): String = path
}
