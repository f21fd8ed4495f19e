package blksh.dsl

import blksh.filesystem.UsedBlocks as Engine
import blksh.view.Described
import blksh.view.Field
import blksh.view.Size

/** What the file systems on a source use; the rest need not be read or kept. */
class UsedBlocks internal constructor(private val engine: Engine) : Described {

  /** The file systems, or what stands in the place of one, in order. */
  val areas: List<Area>
    get() = engine.areas().map { Area(it) }

  /** What is not used. */
  val free: Size
    get() = Size(engine.freeBytes())

  /** Why all of a file system counts as used, where it does; empty when every one told. */
  val doubts: String
    get() = engine.doubts()

  override fun title(): String = "used blocks"

  override fun fields(): List<Field> = listOf(Field.of("free", free))

  override fun appendix(): Any = areas

  override fun toString(): String = "$free free"

  /** The whole source, or one partition of it. */
  class Area internal constructor(private val area: Engine.Area) : Described {

    /** Its partition's number; 0 for the whole source. */
    val partition: Int
      get() = area.partition()

    /** The file system recognised, or empty. */
    val fileSystem: String
      get() = area.fileSystem()

    /** What it does not use. */
    val free: Size
      get() = Size(area.freeBytes())

    /** Why all of it counts as used; empty when the file system told what it uses. */
    val reason: String
      get() = area.reason()

    override fun title(): String = if (partition == 0) "whole" else "p$partition"

    override fun fields(): List<Field> =
      listOf(
        Field.of("partition", title()),
        Field.of("file system", fileSystem.ifEmpty { null }),
        Field.of("size", Size(area.length())),
        Field.of("used", Size(area.length() - area.freeBytes())),
        Field.of("free", free),
        Field.of("note", reason.ifEmpty { null }?.let { "all counts as used: $it" }),
      )
  }
}
