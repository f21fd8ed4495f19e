package blksh.dsl

import blksh.block.SourceInfo
import blksh.block.SpooledSource
import blksh.image.ImageOptions
import blksh.session.Session
import java.nio.file.Path

/** What opens images. */
abstract class ImageWords internal constructor(private val session: Session, arguments: Arguments) :
  SampleWords(session, arguments) {

  /**
   * A backup of a partition, a drive or a disc, opened by its content: partclone, ntfsclone,
   * partimage, raw, ISO or a disk of a virtual machine, plain, compressed or split; or a directory
   * of Clonezilla's.
   *
   * @param path the file, the first part of a split one, or the directory; `-` for standard input,
   *   all of which is kept where temporary files are
   * @param tolerant whether to read what is damaged as it is, and to open what was cut short
   * @param raw whether to take it for the bytes of a partition or a drive, whatever it begins with
   * @param snapshot of a qcow2 image: the name of the snapshot inside that is meant
   * @param elsewhere whether files that a disk of a virtual machine names, such as the one it was
   *   laid on, may lie outside its directory
   *
   * Example: `image(sampleImage.path)`
   */
  fun image(
    path: Path,
    tolerant: Boolean = false,
    raw: Boolean = false,
    snapshot: String? = null,
    elsewhere: Boolean = false,
  ): Image {
    val options =
      ImageOptions.defaults()
        .withTolerant(tolerant)
        .withRaw(raw)
        .withSnapshot(snapshot)
        .withElsewhere(elsewhere)
    return Image.open(session, path, options, if (path.toString() == "-") spooled else null)
  }

  /** A backup of a partition, a drive or a disc, by its path. */
  fun image(
    path: String,
    tolerant: Boolean = false,
    raw: Boolean = false,
    snapshot: String? = null,
    elsewhere: Boolean = false,
  ): Image = image(Place.parse(path).path("open", "images"), tolerant, raw, snapshot, elsewhere)

  /** All that arrives on standard input, to be read anywhere; it arrives once. */
  private val spooled: SpooledSource by lazy {
    session.run("read", "standard input") { task ->
      SpooledSource.of(session.dataIn(), SourceInfo("stream", "stdin", "-"), task)
    }
  }
}
