package blksh.tree;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import java.util.List;

/** A directory of a walk, from when its parent was read until its last part is done with. */
final class WalkedDirectory {

  /** Relative to the root of the walk. */
  final byte[] path;

  /** As it was when its parent was read. */
  final FileStatus entry;

  /** As it was when it was opened, once it is. */
  FileStatus status;

  /** The directory it is in; null for the root. To tell a loop of mounts. */
  final WalkedDirectory above;

  /** What is walked below it, as paths relative to it; null when all of it is. */
  final List<byte[]> starts;

  /** Bytes of {@link #path} up to what patterns are relative to; of no use above the starts. */
  final int anchor;

  /** Why it is not entered, or null. */
  final LeftOut.Why closed;

  SortedNames names;

  private DirectoryHandle handle;

  /** Parts not yet delivered, and threads that use the handle. Guarded by this. */
  private int users = 1;

  private volatile int parts = 1;

  WalkedDirectory(
      byte[] path,
      FileStatus status,
      WalkedDirectory above,
      List<byte[]> starts,
      int anchor,
      LeftOut.Why closed) {
    this.path = path;
    this.entry = status;
    this.status = status;
    this.above = above;
    this.starts = starts;
    this.anchor = anchor;
    this.closed = closed;
  }

  synchronized DirectoryHandle handle() {
    return handle;
  }

  synchronized void opened(DirectoryHandle opened) {
    handle = opened;
  }

  /** Says in how many parts it comes; each of them uses the handle. */
  synchronized void parts(int count) {
    users += count - 1;
    parts = count;
  }

  int parts() {
    return parts;
  }

  synchronized void retain() {
    users++;
  }

  synchronized void release() {
    users--;
    if (users == 0 && handle != null) {
      handle.close();
      handle = null;
      names = null;
    }
  }

  /** Whether a directory is this one or one above: to enter it would never end. */
  boolean isBelow(FileStatus other) {
    for (WalkedDirectory each = this; each != null; each = each.above) {
      if (each.status != null && each.status.isFile(other)) {
        return true;
      }
    }
    return false;
  }
}
