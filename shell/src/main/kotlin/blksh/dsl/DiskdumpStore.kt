package blksh.dsl

import blksh.BlkshException
import blksh.Place.Local as LocalPlace
import blksh.session.Session
import blksh.store.diskdump.Diskdump
import blksh.store.diskdump.DumpRequest
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.nio.file.Path
import java.time.Instant

/**
 * A store of diskdump 0.1.5, in a directory with a `.blockstore`. Looking at it changes nothing in
 * it. What is recorded, collected or reindexed here diskdump reads; it must not run meanwhile, as
 * it knows no lock.
 */
class DiskdumpStore internal constructor(internal val session: Session, val place: Place) :
  Described {

  /** The directory that has the `.blockstore`. */
  val path: Path
    get() = place.path("open", "stores of diskdump")

  internal val engine: Diskdump
    get() = Diskdump.open(path)

  private val dryRun: Boolean
    get() = session.options().dryRun()

  /** Whether there is one now. */
  val reachable: Boolean
    get() = place is LocalPlace && Diskdump.isDiskdump(place.path())

  /**
   * Makes it, where there is none.
   *
   * @param blockSize bytes of a block, noted for those who look
   */
  fun create(blockSize: Size = DEFAULT_BLOCK): DiskdumpStore {
    if (!dryRun) Diskdump.create(path, bytes(blockSize))
    return this
  }

  /** The names dumped in it, sorted. */
  val names: List<String>
    get() = dumps.keys

  /** Every dump, by name, oldest first. */
  val dumps: Dumps
    get() = Dumps(engine.dumps().map { Dump(this, it) })

  /** Why manifests that are there are not among [dumps]. */
  val unreadable: List<String>
    get() = engine.unreadable().map { "${it.file()}: ${it.problem()}" }

  /**
   * One dump.
   *
   * @param reference `NAME` for the newest, `NAME@VERSION`, or as diskdump has it the path of a
   *   manifest: `NAME/N.manifest`
   */
  fun dump(reference: String): Dump = Dump(this, engine.dump(reference))

  /** Decodes every block, and looks whether every dump has all of its own. */
  fun verify(): DiskdumpVerified =
    session.run("verify", "$path") { DiskdumpVerified(engine.verify(it)) }

  /**
   * Records a source as the next dump of a name. A source that cannot be read as a whole is
   * refused, as a dump has no way to say so.
   *
   * @param from what it is of, as diskdump says it: `server01:/dev/sda`
   * @param date when it was taken, as ISO 8601 in UTC; null for now
   * @param create whether the store is made where there is none
   */
  fun record(
    source: Source,
    name: String,
    from: String,
    date: String? = null,
    blockSize: Size = DEFAULT_BLOCK,
    create: Boolean = false,
  ): Recorded {
    val request = DumpRequest.of(name, from).withDate(date).withBlockSize(bytes(blockSize))
    Diskdump.check(request)
    return session.run("dump", name) { task ->
      // Opened first: a source that is refused leaves no new store behind.
      source.open().use {
        if (create && !dryRun) Diskdump.openOrCreate(path, request.blockSize())
        Recorded(name, if (dryRun) null else engine.record(it, request, task), it.size())
      }
    }
  }

  private fun bytes(size: Size): Int = minOf(size.bytes, Int.MAX_VALUE.toLong()).toInt()

  /** The name diskdump gives a dump by itself: `HOST.DEVICE`, without `/dev/`. */
  fun nameOf(host: String, device: String): String = Diskdump.nameOf(host, device)

  /** What a store of blksh calls a dump, whose names hold no slash and no `@`. */
  fun storeName(name: String): String = Diskdump.storeName(name)

  /** The instant of a date as diskdump has them: ISO 8601, without an offset in UTC. */
  fun dateOf(text: String): Instant = Diskdump.dateOf(text)

  /** Removes the blocks that no manifest names, neither by number nor by day. */
  fun gc(): BlocksCollected =
    session.run("gc", "$path") { BlocksCollected(engine.collect(dryRun, it), dryRun) }

  /** Makes the table of blocks again from their files. */
  fun reindex(): BlocksIndexed {
    if (dryRun)
      throw BlkshException("reindex $path", "how many blocks there are is only known after it")
        .suggest("leave the dry run out: the table is as it was until all is read")
    return session.run("reindex", "$path") { BlocksIndexed(engine.reindex(it)) }
  }

  override fun title(): String = "diskdump store $place"

  override fun fields(): List<Field> {
    val info = engine.info()
    return listOf(
      Field.of("path", "$path"),
      Field.of("block size", Size(info.blockSize().toLong())),
      Field.of("blocks", info.blocks()),
      Field.of("compressed", Size(info.blockBytes())),
      Field.of("manifests", info.dumps()),
      Field.of("unreadable", unreadable.ifEmpty { null }),
    )
  }

  override fun appendix(): Any? = dumps.ifEmpty { null }

  override fun toString(): String = place.toString()

  internal companion object {
    val DEFAULT_BLOCK = Size(DumpRequest.USUAL_BLOCK.toLong())
  }
}
