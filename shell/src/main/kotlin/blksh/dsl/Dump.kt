package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.store.diskdump.Dump as Engine
import blksh.store.diskdump.DumpCensus
import blksh.task.Task
import blksh.view.Field
import blksh.view.Keyed
import blksh.view.Size
import java.nio.file.Path
import java.time.Instant

/** One dump in a store of diskdump: a source as any other. */
class Dump
internal constructor(
  /** Where it is kept. */
  val store: DiskdumpStore,
  private val engine: Engine,
) : Source(store.session) {

  /** What was dumped: `server01.sda`. */
  override val name: String
    get() = engine.name()

  /** Its number, from 0 on, or the day of one that is kept by days. */
  val version: String
    get() = engine.version()

  /** `NAME@VERSION`. */
  val reference: String
    get() = engine.reference()

  /** The size of the image. */
  override val size: Size
    get() = Size(engine.size())

  /** What was dumped, as diskdump says it: `server01:/dev/sda`. */
  val source: String
    get() = engine.source()

  /** When it was dumped. */
  val date: Instant
    get() = engine.date()

  /** The file that describes it. */
  val manifest: Path
    get() = engine.manifest()

  /** Whether it ended before the image did: what it lacks cannot be read. */
  val truncated: Boolean
    get() = engine.isTruncated

  override val words: List<String>
    get() = listOf(reference, "--store", "${store.path}")

  override fun open(): BlockSource = store.engine.source(engine)

  /** Its blocks, counted: how many different ones it has, and how many are missing. */
  val info: DumpInfo
    get() = session.run("info", reference) { DumpInfo(this, store.engine.census(engine, it)) }

  override fun restore(to: String, overwrite: Boolean): Result {
    mustBeWhole()
    return super.restore(to, overwrite)
  }

  override fun restoreToAnySectors(to: String, overwrite: Boolean): Result {
    mustBeWhole()
    return super.restoreToAnySectors(to, overwrite)
  }

  /** Before anything is written over. */
  private fun mustBeWhole() {
    if (truncated)
      throw lacking(
        "it is truncated: it has ${engine.blocks()} of ${engine.blocks() + engine.missing()} blocks"
      )
    val census = store.engine.census(engine, Task.unwatched())
    if (census.missing() > 0)
      throw lacking("${census.missing()} of its ${census.unique()} different blocks are missing")
  }

  private fun lacking(problem: String) =
    BlkshException("restore $reference", problem)
      .suggest("import it into a store, which keeps what there is")

  override fun title(): String = "dump $reference"

  override fun fields(): List<Field> =
    listOf(
      Field.of("reference", reference),
      Field.of("size", size),
      Field.of("dumped", date),
      Field.of("source", source),
      Field.of("truncated", "${engine.missing()} blocks are missing".takeIf { truncated }),
      Field.detail("block size", Size(engine.blockSize().toLong())),
      Field.detail("blocks", engine.blocks()),
      Field.detail("date", engine.dateText()),
      Field.detail("manifest", manifest),
    )

  override fun toString(): String = reference
}

/** Dumps by name and version: `dumps["server01.sda"].last()`. */
class Dumps internal constructor(private val all: List<Dump>) : AbstractList<Dump>(), Keyed {

  override val size: Int
    get() = all.size

  override fun get(index: Int): Dump = all[index]

  override val keys: List<String>
    get() = all.map { it.name }.distinct()

  /** The dumps of a name, oldest first; none when there is no such name. */
  operator fun get(name: String): Dumps = Dumps(all.filter { it.name == name })

  override fun member(key: String): Any? = get(key).takeIf { it.isNotEmpty() }
}

/** A dump and its blocks. */
class DumpInfo internal constructor(val dump: Dump, private val census: DumpCensus) : Result() {

  /** How many different blocks it has. */
  val unique: Long
    get() = census.unique()

  /** How many of those have no file. */
  val missing: Long
    get() = census.missing()

  override fun title(): String = dump.title()

  override fun fields(): List<Field> =
    dump.fields().map { Field.of(it.label(), it.value()) } +
      listOf(Field.of("unique blocks", unique), Field.of("missing blocks", missing))
}
