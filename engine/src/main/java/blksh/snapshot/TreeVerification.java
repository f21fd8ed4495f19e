package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.io.NameText;
import blksh.store.RootDigest;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Iterator;

/** Reads all a stored tree holds, and compares it with the digests in its table. */
final class TreeVerification {

  private static final int SOME = 1 << 20;

  private final StoredTree tree;
  private final Problems problems;
  private final Task task;
  private final RootDigest digest = new RootDigest();
  private final MessageDigest sha = Page.sha256();
  private final PageSize pageSize;
  private final byte[] page;
  private final byte[] pageDigest = new byte[Page.DIGEST];
  private long entries;
  private long bytes;

  TreeVerification(StoredTree tree, Problems problems, Task task) {
    this.tree = tree;
    this.pageSize = tree.table().pageSize();
    this.page = new byte[pageSize.bytes()];
    this.problems = problems;
    this.task = task;
  }

  void run() {
    TreeTable.Cursor cursor = tree.table().cursor();
    try (DirectBuffer memory = DirectBuffer.borrow(SOME)) {
      ByteBuffer buffer = memory.bytes();
      while (cursor.next()) {
        task.checkCancelled();
        entries++;
        TreeRecord r = cursor.record();
        if (r.hasContents()) {
          check(r, buffer);
          bytes += r.size;
          task.advance(r.size);
        }
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // The walk itself failed: what follows cannot be told.
      problems.add(tree.manifest().reference() + ": " + e.getMessage());
    }
  }

  long entries() {
    return entries;
  }

  long bytes() {
    return bytes;
  }

  private void check(TreeRecord r, ByteBuffer buffer) {
    String problem = null;
    try {
      byte[] found = digest(r, buffer);
      if (!Arrays.equals(found, r.digest)) {
        problem = "its contents are not those that were taken";
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      digest.finished(0);
      problem = e.problem();
    }
    if (problem != null) {
      problems.add(
          "%s: /%s: %s"
              .formatted(tree.manifest().reference(), NameText.of(r.pathBytes()), problem));
    }
  }

  private byte[] digest(TreeRecord r, ByteBuffer buffer) {
    long from = pageSize.at(r.firstPage);
    long length = pageSize.at(pageSize.count(r.size));
    if (from > tree.image().size() - length) {
      throw new BlkshException("read it", "its contents are not where the table says");
    }
    long end = from + length;
    Iterator<Extent> extents = tree.image().extents(from, length);
    Extent extent = null;
    for (long at = from; at < end; ) {
      while (extent == null || extent.end() <= at) {
        extent = extents.next();
      }
      // In a copy with smaller pages an extent need not be of whole pages of the tree.
      long whole = pageSize.pageOf(extent.end() - at);
      if (extent.kind().readsAsZeros() && whole > 0) {
        digest.add(Extent.Kind.ZERO, whole);
        at += pageSize.at(whole);
      } else {
        long pages = Math.min(pageSize.pageOf(SOME), Math.max(1, whole));
        at += pageSize.at(addRead(at, (int) pages, buffer));
      }
    }
    return digest.finished(r.size);
  }

  /** Reads pages and adds them to the digest. @return how many */
  private long addRead(long at, int pages, ByteBuffer buffer) {
    buffer.clear().limit(pageSize.at(pages));
    tree.image().read(at, buffer);
    for (int i = 0; i < pages; i++) {
      buffer.get(pageSize.at(i), page);
      if (Page.isZero(page, 0, page.length)) {
        digest.add(Extent.Kind.ZERO, 1);
      } else {
        Page.digest(sha, page, 0, page.length, pageDigest, 0);
        digest.addData(pageDigest, 0, 1);
      }
    }
    return pages;
  }
}
