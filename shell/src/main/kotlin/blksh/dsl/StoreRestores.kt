package blksh.dsl

import blksh.BlkshException
import blksh.session.Session
import blksh.store.RestoreOptions
import blksh.view.Size
import java.io.OutputStream
import java.time.Duration

/** How versions get out of a store again. */
abstract class StoreRestores internal constructor(private val user: Session) : StoreUpkeep(user) {

  /**
   * Restores a version to a file or a drive, proven page by page. To one of another machine only
   * what differs is moved.
   *
   * @param to a path, `ssh://USER@HOST/PATH`, or `-` for standard output
   * @param overwrite whether a file or drive that is there may be written over
   * @param onlyChanged whether to read what is there and write only what differs
   * @param anySectors whether a partition table may go to a drive whose sectors it does not count
   *   in
   * @param sudo whether to write to another machine as root by sudo there
   * @param timeout how long is waited for another machine; as for [Vocabulary.drive]
   * @param bandwidth what may be moved in a second to another machine, both ways
   * @param partitions those to restore, by name, number or label, into the same partitions of what
   *   is there; all of the image unless some are given
   * @param fit whether it may go to a drive of another size, if its partitions fit: the second copy
   *   of a GPT goes to the end of that
   * @param verify whether to read back what was written and compare it
   *
   * Example: `sampleStore().restore("disk@1", to = "$home/samples/copy.img", overwrite = true)`
   */
  fun restore(
    manifest: Manifest,
    to: String,
    overwrite: Boolean = false,
    onlyChanged: Boolean = false,
    anySectors: Boolean = false,
    sudo: Boolean = false,
    timeout: Duration? = null,
    bandwidth: Size? = null,
    partitions: List<String> = emptyList(),
    fit: Boolean = false,
    verify: Boolean = false,
  ): Restored {
    val limits = RemoteAccess.limits(user, timeout, bandwidth)
    val access = RemoteAccess.toWrite(user, Place.parse(to), sudo, limits)
    val options =
      RestoreOptions.defaults()
        .withOverwrite(overwrite || onlyChanged)
        .withOnlyChanged(onlyChanged)
        .withAnySectors(anySectors)
        .withPartitions(partitions)
        .withFit(fit)
        .withVerify(verify)
        .withDryRun(dryRun)
    if (to == "-" && (fit || verify || partitions.isNotEmpty()))
      throw BlkshException("restore ${manifest.reference}", "a stream gets all of it, unread")
        .suggest("restore to a file or a drive")
    return user.run("restore", manifest.reference) { task ->
      val result =
        if (to == "-" && dryRun) {
          engine.restore(manifest.stored, OutputStream.nullOutputStream(), task)
        } else if (to == "-") {
          engine.restore(manifest.stored, user.dataOut(), task)
        } else if (access != null) {
          val there = access.target(manifest.stored.size(), options)
          engine.restore(manifest.stored, there, options, task)
        } else {
          engine.restore(manifest.stored, target(to), options, task)
        }
      Restored(manifest, result, dryRun)
    }
  }

  /** Restores a version by its reference, `NAME` or `NAME@VERSION`. */
  fun restore(
    reference: String,
    to: String,
    overwrite: Boolean = false,
    onlyChanged: Boolean = false,
    anySectors: Boolean = false,
    sudo: Boolean = false,
    timeout: Duration? = null,
    bandwidth: Size? = null,
    partitions: List<String> = emptyList(),
    fit: Boolean = false,
    verify: Boolean = false,
  ): Restored =
    restore(
      manifest(reference),
      to,
      overwrite,
      onlyChanged,
      anySectors,
      sudo,
      timeout,
      bandwidth,
      partitions,
      fit,
      verify,
    )
}
