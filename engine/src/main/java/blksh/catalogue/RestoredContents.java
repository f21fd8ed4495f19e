package blksh.catalogue;

import blksh.block.BlockSource;
import blksh.io.EntryFile;
import blksh.io.Sha256;
import blksh.io.UnreadableException;
import blksh.iso.DiscPlan;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * Contents of files as they come from discs: each is compared, and comes from a disc that has it.
 */
final class RestoredContents {

  private RestoredContents() {}

  /** That contents are not what they were. */
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String problem) {
      super(problem);
    }
  }

  /**
   * Copies a content from whichever discs have it as it was; one that has not is passed over.
   *
   * @throws Damaged when none has
   */
  static void copy(ContentCopies copies, byte[] sha256, EntryFile to, ByteBuffer memory, Task task)
      throws IOException {
    Damaged damaged = null;
    for (List<ContentCopies.Piece> pieces = copies.choose();
        pieces != null;
        pieces = copies.choose()) {
      try {
        copy(copies, pieces, sha256, to, memory, task);
        return;
      } catch (Damaged e) {
        damaged = damaged == null ? e : damaged;
        if (pieces.isEmpty()) {
          break; // nothing is there that could be left out
        }
      }
    }
    throw damaged != null ? damaged : new Damaged("no disc that is here has it whole");
  }

  private static void copy(
      ContentCopies copies,
      List<ContentCopies.Piece> pieces,
      byte[] sha256,
      EntryFile to,
      ByteBuffer memory,
      Task task)
      throws IOException {
    MessageDigest digest = Sha256.begin();
    for (ContentCopies.Piece each : pieces) {
      MessageDigest own = each.sha256() == null ? null : Sha256.begin();
      try {
        copy(each, own == null ? List.of(digest) : List.of(digest, own), to, memory, task);
        if (own != null && each.isOther(own.digest())) {
          throw new Damaged("its contents on the disc are not what they were");
        }
      } catch (Damaged e) {
        copies.leaveOut(List.of(each));
        throw e;
      }
    }
    if (!Arrays.equals(digest.digest(), sha256)) {
      copies.leaveOut(pieces);
      throw new Damaged("its contents on the disc are not what they were");
    }
  }

  private static void copy(
      ContentCopies.Piece piece,
      List<MessageDigest> digests,
      EntryFile to,
      ByteBuffer memory,
      Task task)
      throws IOException {
    BlockSource disc = piece.disc();
    long from = piece.part().sector() * DiscPlan.SECTOR + piece.from() - piece.part().start();
    long at = 0;
    while (at < piece.length()) {
      task.checkCancelled();
      ByteBuffer some =
          memory.clear().limit((int) Math.min(memory.capacity(), piece.length() - at));
      int read;
      try {
        read = disc.read(from + at, some);
      } catch (UnreadableException e) {
        throw new Damaged("a part of it cannot be read: " + e.problem());
      }
      if (read == 0) {
        throw new Damaged("the disc is cut short");
      }
      some.flip();
      digests.forEach(each -> each.update(some.duplicate()));
      to.write(piece.from() + at, some);
      at += read;
      task.advance(read);
    }
  }
}
