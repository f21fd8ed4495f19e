package blksh.tree;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import java.time.Instant;
import java.util.List;

/**
 * A directory a walk came to, or a part of one with many entries. A directory that cannot be read,
 * or is not entered, comes as one part without entries.
 */
public final class TreePart {

  private final WalkedDirectory directory;
  private final int number;
  private final List<TreeEntry> entries;
  private final List<Unread> unread;
  private final List<LeftOut> leftOut;
  private final Instant began;

  TreePart(
      WalkedDirectory directory,
      int number,
      List<TreeEntry> entries,
      List<Unread> unread,
      List<LeftOut> leftOut,
      Instant began) {
    this.directory = directory;
    this.number = number;
    this.entries = List.copyOf(entries);
    this.unread = List.copyOf(unread);
    this.leftOut = List.copyOf(leftOut);
    this.began = began;
  }

  /** Path of the directory, relative to the root of the walk; empty for the root itself. */
  public byte[] path() {
    return directory.path;
  }

  /**
   * What its entry said of the directory, in the part of its parent; it may have changed since. Of
   * the root as {@link #status}.
   */
  public FileStatus entryStatus() {
    return directory.entry;
  }

  /** What was known of the directory when it was opened. */
  public FileStatus status() {
    return directory.status;
  }

  /**
   * The directory, open until the visit ends, or {@link #release} after {@link #retain}; null when
   * it was not opened.
   */
  public DirectoryHandle handle() {
    return directory.handle();
  }

  /** Which part of the directory it is, 0 for the first. */
  public int number() {
    return number;
  }

  /** Whether it is the last part of the directory. */
  public boolean isLast() {
    return number + 1 >= directory.parts();
  }

  /** Whether the directory only leads to what is walked: none of its other entries are given. */
  public boolean isOnTheWay() {
    return directory.starts != null;
  }

  /** The entries, by name in the order of bytes. */
  public List<TreeEntry> entries() {
    return entries;
  }

  /** What could not be read; with an empty name the directory itself. */
  public List<Unread> unread() {
    return unread;
  }

  public List<LeftOut> leftOut() {
    return leftOut;
  }

  /** A moment before anything of it was read. */
  public Instant began() {
    return began;
  }

  /** Keeps the handle open for another thread. */
  public void retain() {
    directory.retain();
  }

  /** Ends a {@link #retain}. */
  public void release() {
    directory.release();
  }
}
