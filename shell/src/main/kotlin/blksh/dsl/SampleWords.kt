package blksh.dsl

import blksh.image.ImageOptions
import blksh.session.Session
import java.nio.file.Files
import java.nio.file.Path

/** Things to try everything on, made when they are first asked for. */
abstract class SampleWords
internal constructor(private val session: Session, arguments: Arguments) :
  ArgumentWords(arguments) {

  /** Where blksh keeps what it remembers. */
  val home: Path
    get() = session.options().home()

  /**
   * The sample disk that comes with blksh, in two generations a day apart; unpacked on first use.
   *
   * @param generation 1 or 2
   *
   * Example: `sampleDisk(1)`
   */
  fun sampleDisk(generation: Int): Drive = Drive(session, SampleDisk.unpack(generation, home))

  /**
   * A store to try things on: both generations of the sample disk, captured as `disk`; made on
   * first use.
   *
   * Example: `sampleStore().manifests`
   */
  fun sampleStore(): Store {
    val sample = Store(session, Place.of(home.resolve("samples").resolve("store")))
    if (!sample.reachable) {
      sample.create()
      sample.capture(sampleDisk(1), name = "disk")
      sample.capture(sampleDisk(2), name = "disk")
    }
    return sample
  }

  /**
   * An image to try things on: the first generation of the sample disk, made on first use.
   *
   * Example: `sampleImage.info`
   */
  val sampleImage: Image
    get() {
      val path = home.resolve("samples").resolve("disk-1.pcl.zst")
      if (!Files.exists(path))
        sampleDisk(1).convert(path.toString(), compression = ImageCompression.ZSTD)
      return Image.open(session, path, ImageOptions.defaults())
    }

  /**
   * Snapshots to try things on: of a small directory as it was on two days, `monday` and `tuesday`.
   *
   * Example: `sampleSnapshots()`
   */
  fun sampleSnapshots(): Snapshots {
    val samples = home.resolve("samples")
    val place = Place.of(samples.resolve("snapshots"))
    val kept = Snapshots(session, place) { _ -> session.waiting { it.snapshots(place) } }
    if (!Files.exists(samples.resolve("snapshots"))) {
      val letters = samples.resolve("letters")
      SampleLetters.onMonday(letters)
      kept.take(letters, "monday")
      SampleLetters.onTuesday(letters)
      kept.take(letters, "tuesday")
    }
    return kept
  }

  /**
   * A catalogue to try things on: of a few letters; made on first use.
   *
   * Example: `sampleCatalogue()`
   */
  fun sampleCatalogue(): Catalogue {
    val samples = home.resolve("samples")
    val sample = Catalogue(session, "${samples.resolve("letters.catalogue")}")
    if (!sample.exists) {
      SampleLetters.onMonday(samples.resolve("catalogued"))
      sample.scan(samples.resolve("catalogued"))
    }
    return sample
  }
}
