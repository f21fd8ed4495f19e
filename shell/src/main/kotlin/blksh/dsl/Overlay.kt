package blksh.dsl

import blksh.block.BlockSource
import blksh.block.Extent
import blksh.block.Overlay as Engine
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size
import java.nio.file.Path

/**
 * A source that can be written while what is underneath stays as it is: what is written goes into a
 * sparse file beside a map of what is there. Mount it to let `fsck` or a file system write.
 */
class Overlay
internal constructor(
  /** What is underneath. */
  val base: Source,
  /** What is written; the map is beside it, under its name with `.map`. */
  val file: Path,
) : Source(base.session) {

  override val name: String
    get() = base.name

  override val size: Size
    get() = base.size

  override val words: List<String>?
    get() = base.words?.plus(listOf("--overlay", file.toAbsolutePath().toString()))

  override fun open(): BlockSource = opened()

  private fun opened(): Engine {
    val below = base.open()
    try {
      return Engine.open(below, file)
    } catch (e: Throwable) {
      below.close()
      throw e
    }
  }

  /**
   * What was written and made durable so far, in order; also while it is mounted.
   *
   * Example: `overlay(sampleDisk(1), home.resolve("samples/changes")).changes`
   */
  val changes: Changes
    get() = Changes(this, Engine.changesIn(file))

  /**
   * Forgets all that was written. Refused while it is mounted or served.
   *
   * Example: `overlay(sampleDisk(1), home.resolve("samples/changes")).discard()`
   */
  fun discard() {
    opened().use { it.discard() }
  }

  /**
   * Captures what it reads as now as the next version of a name; the overlay stays as it is.
   * Refused while it is mounted or served.
   *
   * @param name what to call it in the store
   *
   * Example: `overlay(sampleDisk(1), home.resolve("samples/changes")).commit(sampleStore(),
   * "fixed")`
   */
  fun commit(store: Store, name: String = this.name): Captured = store.capture(this, name)

  override fun title(): String = "overlay over ${base.name}"

  override fun fields(): List<Field> =
    listOf(
      Field.of("name", name),
      Field.of("size", size),
      Field.of("changed", changes.bytes),
      Field.of("file", file),
    )
}

/** What was written to an overlay. */
class Changes internal constructor(private val of: Overlay, private val extents: List<Extent>) :
  AbstractList<Change>(), Described {

  override val size: Int
    get() = extents.size

  override fun get(index: Int): Change = Change(extents[index])

  /** How much of the source is no longer as it was underneath. */
  val bytes: Size
    get() = Size(extents.sumOf { it.length() })

  override fun title(): String = "changes to ${of.name}"

  override fun fields(): List<Field> =
    listOf(Field.of("changed", bytes), Field.of("ranges", size), Field.of("file", of.file))

  override fun appendix(): Any? = take(SHOWN).ifEmpty { null }

  private companion object {
    const val SHOWN = 40
  }
}

/** A range that was written. */
class Change internal constructor(private val extent: Extent) : Described {

  /** Its first byte. */
  val start: Long
    get() = extent.start()

  /** How long it is. */
  val length: Size
    get() = Size(extent.length())

  /** Whether it was made zero. */
  val zero: Boolean
    get() = extent.kind().readsAsZeros()

  override fun title(): String = "$length at byte $start"

  override fun fields(): List<Field> =
    listOf(Field.of("at byte", start), Field.of("length", length), Field.of("zero", zero))
}
