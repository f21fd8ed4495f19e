package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.io.IoFailure
import blksh.mount.fuse.MountOptions
import blksh.session.Session
import blksh.view.Described
import blksh.view.Field
import blksh.workspace.MountEntry
import blksh.workspace.MountSource
import java.io.IOException
import java.nio.file.Files
import java.nio.file.LinkOption
import java.nio.file.Path

/**
 * A source that other programs read as a file: a link at the place asked for, to a mount elsewhere.
 * It lasts until it is closed, at the latest as long as the session.
 */
class Appearance
internal constructor(
  private val session: Session,
  source: BlockSource,
  /** Where the file is. */
  val file: Path,
) : AutoCloseable, Described {

  private val entry: MountEntry
  private val directory: Path
  private val target: Path
  private var closed = false

  init {
    val what = "make ${source.describe().name()} appear as $file"
    dropStale()
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      source.close()
      throw BlkshException(what, "it exists already").suggest("choose another name, or remove it")
    }
    directory = Files.createTempDirectory(PREFIX)
    val name = source.describe().name().replace('/', '_')
    entry =
      try {
        session
          .workspace()
          .mounts()
          .mount(MountSource.of(source), directory, MountOptions.defaults().withPageCache())
      } catch (failure: Throwable) {
        Files.deleteIfExists(directory)
        throw failure
      }
    target = directory.resolve(name)
    try {
      Files.createSymbolicLink(file, target)
    } catch (failure: IOException) {
      end()
      throw IoFailure.told(what, failure)
    }
    session.hold(this)
  }

  /** What a killed process left is no file of anybody's. */
  private fun dropStale() {
    if (Files.isSymbolicLink(file) && !Files.exists(file)) {
      val to = Files.readSymbolicLink(file)
      if (to.parent?.fileName?.toString().orEmpty().startsWith(PREFIX)) Files.delete(file)
    }
  }

  /** Takes the file away; whoever has it open may go on until done. */
  @Synchronized
  override fun close() {
    if (closed) return
    closed = true
    session.letGo(this)
    if (Files.isSymbolicLink(file) && Files.readSymbolicLink(file) == target) Files.delete(file)
    end()
  }

  private fun end() {
    session.workspace().mounts().unmount(entry)
    runCatching { Files.deleteIfExists(directory) }
  }

  override fun title(): String = "file $file"

  override fun fields(): List<Field> =
    listOf(
      Field.of("file", file),
      Field.of("shows", entry.source()),
      Field.detail("mounted at", entry.place()),
    )

  override fun toString(): String = file.toString()

  private companion object {
    const val PREFIX = "blksh-image-"
  }
}
