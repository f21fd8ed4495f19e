package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.FileStatus;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.StoredPages;
import java.io.Closeable;

/**
 * The snapshot before, from which is taken over what has not changed since: a file whose size,
 * times, inode and device are all the same, and whose time of change is so much older than that
 * snapshot that a later change would show. Used by one thread, but for its pages.
 */
final class EarlierTree implements Closeable {

  private final BlockSource image;
  private final StoredPages pages;
  private final TreeTable table;
  private final TreeTable.Cursor cursor;
  private final TreeTable.Cursor firstNames;
  private boolean atEntry;

  EarlierTree(Store store, Manifest manifest) {
    image = store.treeSource(manifest);
    StoredPages opened = null;
    boolean whole = false;
    try {
      opened = store.pages(manifest);
      table = new TreeTable(image, manifest.reference());
      if (table.pageSize() != store.pageSize()) {
        throw new BlkshException(
            "take over files of " + manifest.reference(),
            "it was taken in a store whose pages have %s bytes".formatted(table.pageSize()));
      }
      cursor = table.cursor();
      firstNames = table.cursor();
      atEntry = cursor.next();
      whole = true;
    } finally {
      if (!whole) {
        image.close();
        if (opened != null) {
          opened.close();
        }
      }
    }
    pages = opened;
  }

  StoredPages pages() {
    return pages;
  }

  /**
   * What was recorded of an entry that has not changed since; null when it was not there, or may
   * have changed.
   *
   * @param now its path
   * @param jumped whether it does not follow the one asked for before in order
   */
  TreeRecord unchanged(TreeRecord now, FileStatus status, boolean jumped) {
    if (jumped) {
      atEntry = cursor.seek(now.pathBytes());
    }
    int compared = -1;
    TreeRecord then = cursor.record();
    while (atEntry
        && (compared = PathOrder.compare(then.path, then.pathLength, now.path, now.pathLength))
            < 0) {
      atEntry = cursor.next();
    }
    return atEntry
            && compared == 0
            && then.state == TreeRecord.State.WHOLE
            && then.isUnchanged(status)
            && FileClock.isBefore(then.changedSeconds, then.changedNanos, table.began())
        ? then
        : null;
  }

  /**
   * The first page of what a file held, whose digest is copied to a record; -1 when it cannot be
   * taken over.
   *
   * @param then of a regular file with some bytes
   * @param to may be the same
   */
  long contents(TreeRecord then, TreeRecord to) {
    TreeRecord holder = then;
    if (then.firstName != null) {
      holder = firstNames.find(then.firstName) ? firstNames.record() : null;
    }
    if (holder == null
        || !holder.hasContents()
        || holder.state != TreeRecord.State.WHOLE
        || holder.size != then.size
        || !pages.holds(holder.firstPage, table.pageSize().count(holder.size))) {
      return -1;
    }
    System.arraycopy(holder.digest, 0, to.digest, 0, to.digest.length);
    return holder.firstPage;
  }

  @Override
  public void close() {
    pages.close();
    image.close();
  }
}
