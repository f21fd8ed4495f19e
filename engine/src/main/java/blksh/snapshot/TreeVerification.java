package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.io.NameText;
import blksh.store.RootDigest;
import blksh.store.pack.Page;
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
  private final byte[] page = new byte[Page.SIZE];
  private final byte[] pageDigest = new byte[Page.DIGEST];
  private long entries;
  private long bytes;

  TreeVerification(StoredTree tree, Problems problems, Task task) {
    this.tree = tree;
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
    long from = r.firstPage * Page.SIZE;
    long length = Page.count(r.size) * Page.SIZE;
    if (from > tree.image().size() - length) {
      throw new BlkshException("read it", "its contents are not where the table says");
    }
    Iterator<Extent> extents = tree.image().extents(from, length);
    while (extents.hasNext()) {
      Extent extent = extents.next();
      if (extent.kind().readsAsZeros()) {
        digest.add(Extent.Kind.ZERO, extent.length() / Page.SIZE);
        continue;
      }
      long at = extent.start();
      while (at < extent.end()) {
        buffer.clear().limit((int) Math.min(SOME, extent.end() - at));
        int count = buffer.remaining();
        tree.image().read(at, buffer);
        for (int i = 0; i < count; i += Page.SIZE) {
          buffer.get(i, page);
          Page.digest(sha, page, 0, Page.SIZE, pageDigest, 0);
          digest.addData(pageDigest, 0, 1);
        }
        at += count;
      }
    }
    return digest.finished(r.size);
  }
}
