package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.block.WritableFile
import blksh.cache.CacheOptions
import blksh.io.OwnerOnly
import blksh.session.Session
import blksh.view.Size
import java.nio.file.Path

/** Where the cache of a source is kept, and how it is opened. */
internal class CacheFiles(
  private val session: Session,
  private val source: Source,
  block: Size,
  private val writeThrough: Boolean,
) {

  private val options = options(source.name, block)

  /** @param file what the files are named after; null for a place in the home directory */
  fun cache(file: Path?): Cache {
    val place = file ?: session.options().home().resolve("caches").resolve(fileName())
    return Cache(session, null, writeThrough) {
      place.toAbsolutePath().parent?.let { OwnerOnly.makeDirectories(it) }
      val medium = medium()
      closedOnFailure(medium) { session.workspace().caches().open(medium, place, options) }
    }
  }

  fun cache(file: Path, map: Path, overwrite: Boolean): Cache =
    Cache(session, null, writeThrough) {
      val medium = medium()
      closedOnFailure(medium) {
        session.workspace().caches().open(medium, file, map, options, overwrite)
      }
    }

  private fun fileName() = source.name.replace('/', '_')

  private fun medium(): BlockSource {
    val drive = source as? Drive
    return when {
      writeThrough && drive == null ->
        throw BlkshException(
          "write through ${source.name}",
          "only a drive or a file can be written",
        )
      writeThrough && drive != null -> WritableFile.open(drive.path)
      drive != null && drive.isHere -> Caches.open(drive.path)
      else -> source.open()
    }
  }

  private fun <T> closedOnFailure(medium: BlockSource, open: () -> T): T =
    try {
      open()
    } catch (failure: Throwable) {
      medium.close()
      throw failure
    }

  companion object {

    fun options(name: String, block: Size): CacheOptions =
      try {
        CacheOptions.defaults().withBlock(block.bytes)
      } catch (wrong: IllegalArgumentException) {
        throw BlkshException("cache $name", "${wrong.message}", wrong)
      }
  }
}
