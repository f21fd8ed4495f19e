package blksh.dsl

import blksh.io.NameText
import blksh.snapshot.AdoptedSnapshots
import blksh.snapshot.CollectedBlobs
import blksh.snapshot.FoundEntry
import blksh.snapshot.RestoredTree
import blksh.snapshot.SnapshotVerification
import blksh.snapshot.TakenSnapshot
import blksh.snapshot.TreeDifference
import blksh.task.Task
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.time.Instant

private const val SHOWN = 50

/** What taking a snapshot did. */
class Taken
internal constructor(
  private val among: Snapshots,
  private val result: TakenSnapshot,
  private val dryRun: Boolean,
  private val task: Task,
) : Result() {

  /** What was taken. */
  val snapshot: Snapshot
    get() = Snapshot(among, result.snapshot())

  /** Files that had not changed, and were not read. */
  val unchanged: Long
    get() = result.unchanged()

  /** Files that were read. */
  val read: Long
    get() = result.read()

  /** What was written for it, of contents alone. */
  val stored: Size
    get() = Size(result.stored())

  /** What could not be read or kept as it is: the first, a sentence each. */
  val problems: List<String>
    get() = result.problems()

  override fun title(): String = (if (dryRun) "would take " else "took ") + snapshot.name

  override fun fields(): List<Field> =
    listOf(
      Field.of("snapshot", snapshot.name),
      Field.of("entries", snapshot.entries),
      Field.of("size", snapshot.size),
      Field.of("unchanged", unchanged),
      Field.of("read", read),
      Field.of("stored", stored),
      Field.of("left out", result.leftOut()),
      Field.of("problems", result.problemCount()),
      Field.of("took", task.elapsed()),
      Field.of("place", "${among.place}"),
      Field.detail("dry run", dryRun),
    )
}

/** What is another in one snapshot than in another. */
class TreeCompared
private constructor(
  private val before: String,
  private val after: String,
  /** The first 10,000 of it, by path. */
  val differences: List<TreeChange>,
  private val counts: Map<TreeDifference.Kind, Long>,
) : Result() {

  /** How many entries were added, removed, changed, moved, or have other metadata. */
  fun count(kind: TreeDifference.Kind): Long = counts[kind] ?: 0

  /** Whether nothing is another. */
  val same: Boolean
    get() = counts.isEmpty()

  override fun title(): String = "$before to $after"

  override fun fields(): List<Field> =
    TreeDifference.Kind.values().map { Field.of(it.name.lowercase(), count(it)) }

  override fun appendix(): Any? = differences.take(SHOWN).ifEmpty { null }

  internal class Builder {
    private val first = mutableListOf<TreeChange>()
    private val counts = mutableMapOf<TreeDifference.Kind, Long>()

    fun add(difference: TreeDifference) {
      counts.merge(difference.kind(), 1, Long::plus)
      if (first.size < KEPT) first += TreeChange(difference)
    }

    fun build(before: String, after: String) = TreeCompared(before, after, first, counts)
  }

  private companion object {
    const val KEPT = 10_000
  }
}

/** An entry that is another. */
class TreeChange internal constructor(private val difference: TreeDifference) : Described {

  /** What became of it. */
  val kind: TreeDifference.Kind
    get() = difference.kind()

  /** Where it is, or was when it was removed. */
  val path: String
    get() = NameText.of(difference.path())

  /** Where it was, of what was moved. */
  val from: String?
    get() = difference.from()?.let { NameText.of(it) }

  override fun title(): String = path

  override fun fields(): List<Field> =
    listOf(
      Field.of("kind", kind),
      Field.of("path", path),
      Field.of("from", from),
      Field.of("before", difference.sizeBefore().takeIf { it >= 0 }?.let { Size(it) }),
      Field.of("after", difference.sizeAfter().takeIf { it >= 0 }?.let { Size(it) }),
    )

  override fun toString(): String = path
}

/** An entry of a snapshot that was looked for. */
class FoundFile internal constructor(private val entry: FoundEntry) : Described {

  /** The snapshot it is in. */
  val snapshot: String
    get() = entry.snapshot()

  /** Its path in it, as it can be typed back to restore it. */
  val path: String
    get() = NameText.of(entry.path())

  /** Its size. */
  val size: Size
    get() = Size(entry.size())

  /** When it was changed last. */
  val modified: Instant
    get() = entry.modified()

  override fun title(): String = path

  override fun fields(): List<Field> =
    listOf(
      Field.of("snapshot", snapshot),
      Field.of("type", entry.type()),
      Field.of("mode", "%03o".format(entry.mode())),
      Field.of("size", size),
      Field.of("modified", modified),
      Field.of("path", path),
    )

  override fun toString(): String = path
}

/** What verifying snapshots found. */
class TreesVerified
internal constructor(private val result: SnapshotVerification, private val task: Task) : Result() {

  /** Whether all is as it was noted. */
  val clean: Boolean
    get() = result.isClean

  /** What is not: the first, a sentence each. */
  val faults: List<String>
    get() = result.faults()

  override fun title(): String = if (clean) "verified: clean" else "verified: damaged"

  override fun fields(): List<Field> =
    listOf(
      Field.of("clean", clean),
      Field.of("snapshots", result.snapshots()),
      Field.of("entries", result.entries()),
      Field.of("read", Size(result.bytes())),
      Field.of("faults", result.faultCount()),
      Field.of("took", task.elapsed()),
    )
}

/** What restoring from a snapshot did. */
class TreeRestored
internal constructor(
  private val name: String,
  private val to: String,
  private val result: RestoredTree,
  private val dryRun: Boolean,
  private val task: Task,
) : Result() {

  /** What could not be made as it was: the first, a sentence each. */
  val problems: List<String>
    get() = result.problems()

  override fun title(): String = if (dryRun) "would restore $name" else "restored $name"

  override fun fields(): List<Field> =
    listOf(
      Field.of("snapshot", name),
      Field.of("target", to),
      Field.of("entries", result.entries()),
      Field.of("written", Size(result.bytes())),
      Field.of("problems", result.problemCount()),
      Field.of("took", task.elapsed()),
      Field.detail("dry run", dryRun),
    )
}

/** Snapshots that were removed. */
class TreesDeleted internal constructor(val names: List<String>, private val dryRun: Boolean) :
  Result() {

  override fun title(): String = if (dryRun) "would delete" else "deleted"

  override fun fields(): List<Field> =
    listOf(
      Field.of("deleted", names.size),
      Field.of("snapshots", names),
      Field.detail("dry run", dryRun),
    )
}

/** What adopting a directory that cacheback filled came to. */
class Adopted internal constructor(private val result: AdoptedSnapshots, private val task: Task) :
  Result() {

  /** What is not as it should be: the first, a sentence each. */
  val faults: List<String>
    get() = result.faults()

  override fun title(): String = "adopted"

  override fun fields(): List<Field> =
    listOf(
      Field.of("snapshots", result.snapshots()),
      Field.of("contents", result.blobs()),
      Field.of("read", Size(result.bytes())),
      Field.of("faults", result.faultCount()),
      Field.of("took", task.elapsed()),
    )
}

/** What collecting contents removed. */
class Collected
internal constructor(
  private val result: CollectedBlobs,
  private val dryRun: Boolean,
  private val task: Task,
) : Result() {

  override fun title(): String = if (dryRun) "would collect" else "collected"

  override fun fields(): List<Field> =
    listOf(
      Field.of("removed", result.files()),
      Field.of("freed", Size(result.bytes())),
      Field.of("took", task.elapsed()),
      Field.detail("dry run", dryRun),
    )
}

/** What stays and what goes, and why. */
class Forgotten internal constructor(val verdicts: List<Judged>, private val dryRun: Boolean) :
  Result() {

  override fun title(): String = if (dryRun) "would forget" else "forgot"

  override fun fields(): List<Field> =
    listOf(
      Field.of("stay", verdicts.count { it.stays }),
      Field.of("gone", verdicts.count { !it.stays }),
      Field.detail("dry run", dryRun),
    )

  override fun appendix(): Any? = verdicts.ifEmpty { null }
}

/** Whether one of dated things stays, and why. */
class Judged
internal constructor(
  /** What it is called. */
  val name: String,
  /** Its date. */
  val time: Instant,
  /** Why it stays; none when it goes. */
  val reasons: List<String>,
) : Described {

  /** Whether it stays. */
  val stays: Boolean
    get() = reasons.isNotEmpty()

  override fun title(): String = name

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("time", time),
      Field.of("verdict", if (stays) "stays" else "goes"),
      Field.of("why", reasons.joinToString("; ")),
    )

  override fun toString(): String = name
}
