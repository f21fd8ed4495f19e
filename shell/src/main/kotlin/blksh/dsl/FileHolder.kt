package blksh.dsl

import blksh.filesystem.FileTree
import blksh.filesystem.FileTrees
import blksh.filesystem.UnknownFileSystemException
import blksh.luks.LuksVolume
import blksh.session.Session

/** What has files inside: the file system of a source, a snapshot. */
internal interface FileHolder {
  val session: Session

  /** What it is, for people. */
  val name: String

  /** Does something with its files, while it is open. */
  fun <T> withFiles(use: (FileTree) -> T): T
}

/** A source with a file system on it. */
internal class FileSystemHolder(private val source: Source) : FileHolder {

  override val session: Session
    get() = source.session

  override val name: String
    get() = source.name

  override fun <T> withFiles(use: (FileTree) -> T): T {
    val opened = source.open()
    val tree =
      try {
        FileTrees.open(opened)
      } catch (unknown: UnknownFileSystemException) {
        opened.close()
        val parts = runCatching { source.partitions.keys }.getOrDefault(emptyList())
        if (parts.isEmpty()) throw if (source.isLocked()) locked(unknown) else unknown
        throw UnknownFileSystemException(unknown.action(), "it is divided into partitions")
          .suggest("say which: partitions[\"${parts[0]}\"].files")
      } catch (failure: Throwable) {
        opened.close()
        throw failure
      }
    return tree.use(use)
  }

  private fun Source.isLocked() =
    runCatching { open().use { LuksVolume.on(it).isPresent } }.getOrDefault(false)

  private fun locked(unknown: UnknownFileSystemException) =
    UnknownFileSystemException(unknown.action(), "it is encrypted (LUKS)")
      .suggest("open it with its passphrase: unlock().files")
}
