package blksh.block;

import blksh.io.Sha256;
import blksh.io.UnreadableException;
import blksh.task.Task;
import blksh.task.Workers;
import java.security.MessageDigest;
import java.util.HexFormat;

/** The SHA-256 of everything a source holds, as {@code sha256sum} tells it. */
public final class SourceDigest {

  private static final int PIECE = 4 << 20;

  private SourceDigest() {}

  /**
   * Reads a source while digesting what was read before.
   *
   * @param task advances by the bytes digested
   * @return 64 hexadecimal digits in lower case
   * @throws UnreadableException where the source cannot be read
   * @throws blksh.task.CancelledException when the task is cancelled
   */
  public static String sha256(BlockSource source, Task task) {
    return Workers.call(task, () -> digest(source, task));
  }

  private static String digest(BlockSource source, Task task) {
    task.expect(source.size());
    MessageDigest digest = Sha256.begin();
    try (ReadPieces pieces = new ReadPieces(source, source.size(), PIECE)) {
      for (long at = 0; at < source.size(); at += PIECE) {
        task.checkCancelled();
        ReadPieces.Piece piece = pieces.next();
        digest.update(piece.bytes(), 0, piece.length());
        task.advance(piece.length());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
