package blksh.dsl

import blksh.io.OwnerOnly
import blksh.mount.fuse.MountOptions
import blksh.session.Session
import java.nio.file.Path

/** Sources and stores as others see them: mounted, served, and with what is written beside them. */
abstract class MountWords internal constructor(private val session: Session, arguments: Arguments) :
  VolumeWords(session, arguments) {

  /**
   * Lays a file over a source, which then can be written while the source stays as it is.
   *
   * @param file what is written, with a map beside it; made when it is new, and as it was left when
   *   it was laid over the same source before
   *
   * Example: `overlay(sampleDisk(1), home.resolve("samples/changes"))`
   */
  fun overlay(source: Source, file: Path): Overlay = Overlay(source, file)

  /** Lays a file over a source. */
  fun overlay(source: Source, file: String): Overlay = overlay(source, Path.of(file))

  /**
   * Mounts a source on a directory, as a file of its name with its partitions beside it: `disk`,
   * `disk.p1`, and the logical volumes in it as `disk.GROUP-VOLUME`. It ends with this process,
   * unless another one does it in the background.
   *
   * @param dir an empty directory, or one to be made
   * @param overlay a file that takes what is written, see [overlay]; without one nothing can be
   * @param pageCache whether the kernel remembers what was read
   * @param allowOther whether other users may see it
   * @param background whether a process of its own serves it, which stays; `mounts` lists it
   *
   * Example: `mount(sampleDisk(1), "$home/samples/mounted").unmount()`
   */
  fun mount(
    source: Source,
    dir: Path,
    overlay: Path? = null,
    pageCache: Boolean = false,
    allowOther: Boolean = false,
    background: Boolean = false,
  ): Mount =
    Mounting(session)
      .mount(
        if (overlay == null) source else overlay(source, overlay),
        dir,
        MountOptions(false, allowOther, pageCache),
        background,
      )

  /** Mounts a source on a directory. */
  fun mount(
    source: Source,
    dir: String,
    overlay: String? = null,
    pageCache: Boolean = false,
    allowOther: Boolean = false,
    background: Boolean = false,
  ): Mount =
    mount(source, Path.of(dir), overlay?.let { Path.of(it) }, pageCache, allowOther, background)

  /**
   * Mounts a source on a directory so that it can be written: with `overlay = true` what is written
   * goes to a file below [home], by the source's name, and is there again the next time.
   */
  fun mount(source: Source, dir: String, overlay: Boolean): Mount =
    mount(source, Path.of(dir), if (overlay) overlayOf(source) else null)

  private fun overlayOf(source: Source): Path {
    val file = home.resolve("overlays").resolve(source.name.replace('/', '_'))
    OwnerOnly.makeDirectories(file.parent)
    return file
  }

  /**
   * Mounts a whole store: a directory for each name, with a file for each version and the link
   * `latest`.
   *
   * Example: `mount(sampleStore(), "$home/samples/versions").unmount()`
   */
  fun mount(
    store: Store,
    dir: Path,
    pageCache: Boolean = false,
    allowOther: Boolean = false,
    background: Boolean = false,
  ): Mount =
    Mounting(session).mount(store, dir, MountOptions(false, allowOther, pageCache), background)

  /** Mounts a whole store of diskdump: its dumps by name and version, with the link `latest`. */
  fun mount(
    store: DiskdumpStore,
    dir: Path,
    pageCache: Boolean = false,
    allowOther: Boolean = false,
    background: Boolean = false,
  ): Mount =
    Mounting(session).mount(store, dir, MountOptions(false, allowOther, pageCache), background)

  /** Mounts a whole store of diskdump. */
  fun mount(store: DiskdumpStore, dir: String): Mount = mount(store, Path.of(dir))

  /** Mounts a whole store. */
  fun mount(
    store: Store,
    dir: String,
    pageCache: Boolean = false,
    allowOther: Boolean = false,
    background: Boolean = false,
  ): Mount = mount(store, Path.of(dir), pageCache, allowOther, background)

  /**
   * Serves a source to clients of the network block device protocol, by its name, which is also the
   * default, with its partitions as `NAME.p1`; a directory of Clonezilla's as `sda1`, `sda2` …. It
   * ends with this process, unless another one does it in the background.
   *
   * @param socket a Unix socket that only this user may use; below [home] unless it is given
   * @param port a port of this machine instead, or 0 for one that is free
   * @param overlay a file that takes what is written; without one nothing can be
   * @param listen an address whose port it is, where that is not this machine's own; others than
   *   programs of this machine are served by TLS only, unless it is [insecure]
   * @param tls what it shows by TLS, without which it tells nobody anything then
   * @param insecure whether others may reach it without TLS
   *
   * Example: `serve(sampleDisk(1)).unmount()`
   */
  fun serve(
    source: Source,
    socket: Path? = null,
    port: Int? = null,
    overlay: Path? = null,
    background: Boolean = false,
    listen: String? = null,
    tls: Tls? = null,
    insecure: Boolean = false,
  ): Mount =
    Mounting(session)
      .serve(
        if (overlay == null) source else overlay(source, overlay),
        Serving(socket, port, listen, tls, insecure),
        background,
      )

  /**
   * Serves several sources, each by a name.
   *
   * @param sources the first is also the default
   * @param socket a Unix socket that only this user may use; below [home] unless it is given
   * @param port a port of this machine instead, or 0 for one that is free
   *
   * Example: `serve(mapOf("before" to sampleDisk(1), "after" to sampleDisk(2))).unmount()`
   */
  fun serve(
    sources: Map<String, Source>,
    socket: Path? = null,
    port: Int? = null,
    listen: String? = null,
    tls: Tls? = null,
    insecure: Boolean = false,
  ): Mount = Mounting(session).serve(sources, Serving(socket, port, listen, tls, insecure))

  /**
   * Serves a whole store: each version as `NAME/VERSION`, the last also as `NAME/latest`.
   *
   * @param socket a Unix socket that only this user may use; below [home] unless it is given
   * @param port a port of this machine instead, or 0 for one that is free
   *
   * Example: `serve(sampleStore()).unmount()`
   */
  fun serve(
    store: Store,
    socket: Path? = null,
    port: Int? = null,
    background: Boolean = false,
    listen: String? = null,
    tls: Tls? = null,
    insecure: Boolean = false,
  ): Mount =
    Mounting(session).serve(store, Serving(socket, port, listen, tls, insecure), background)

  /**
   * What blksh has mounted and serves now, in this and in other processes.
   *
   * Example: `mounts`
   */
  val mounts: Mounts
    get() = Mounts(session)

  /** Takes away what blksh has mounted on a directory or serves at an address. */
  fun unmount(place: String): Unmounted = mounts[place].unmount()

  /** Takes away what blksh has mounted on a directory. */
  fun unmount(dir: Path): Unmounted = unmount(dir.toString())
}
