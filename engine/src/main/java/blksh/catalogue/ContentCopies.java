package blksh.catalogue;

import blksh.block.BlockSource;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What discs that are here have of a content: it can be there as a whole, or in parts of any way to
 * divide it, more than once, and of a disc there can be several copies. Which of them are good is
 * only known once they were read.
 */
final class ContentCopies {

  private final long size;
  private final List<Copy> copies;

  /**
   * A part on a copy of a disc.
   *
   * @param effort 0 as it is, 1 by the parity of the disc, 2 by that of its set
   * @param sha256 null when only the digest of the whole is known
   */
  private record Copy(PartRow part, boolean missing, int effort, byte[] sha256, BlockSource disc) {

    long end() {
      return part.start() + part.length();
    }
  }

  /**
   * What is taken of a part.
   *
   * @param from its first byte in the content
   * @param length bytes, 1 or more
   * @param sha256 of what is taken; null when nobody knows it
   * @param disc where it is taken from
   */
  record Piece(PartRow part, long from, long length, byte[] sha256, BlockSource disc) {

    boolean isOther(byte[] digest) {
      return sha256 != null && !Arrays.equals(sha256, digest);
    }
  }

  private ContentCopies(long size, List<Copy> copies) {
    this.size = size;
    this.copies = copies;
  }

  /** To be used within a call of the file. @param open the discs that are here */
  static ContentCopies of(CatalogueFile file, long content, long size, OpenDiscs open)
      throws SQLException {
    List<Copy> copies = new ArrayList<>();
    try (ResultSet rows =
        file.prepared(
                """
                SELECT p.disc, p.content, p.number, p.parts, p.start, p.length, p.suffix, p.sector,
                  p.missing OR %s, p.sha256
                FROM part p WHERE p.content = ? ORDER BY p.disc, p.number"""
                    .formatted(LostContents.OF_PART),
                content)
            .executeQuery()) {
      while (rows.next()) {
        PartRow part = PartTable.row(rows, 1);
        if (part.sector() > 0) {
          for (BlockSource each : open.copies(part.disc())) {
            copies.add(new Copy(part, rows.getBoolean(9), 0, rows.getBytes(10), each));
          }
          for (BlockSource each : open.repaired(part.disc())) {
            copies.add(new Copy(part, rows.getBoolean(9), 1, rows.getBytes(10), each));
          }
          BlockSource rebuilt = open.rebuilt(part.disc());
          if (rebuilt != null) {
            copies.add(new Copy(part, rows.getBoolean(9), 2, rows.getBytes(10), rebuilt));
          }
        }
      }
    }
    // What a disc has not got as it should comes last: it may be all there is. What is put right by
    // the parity of its disc costs more than what is as it was, by that of its set still more.
    copies.sort(
        Comparator.comparing((Copy each) -> each.missing)
            .thenComparing(each -> each.effort)
            .thenComparing(Comparator.comparing(Copy::end).reversed()));
    return new ContentCopies(size, copies);
  }

  /** Whether they can make up all of it. */
  boolean isWhole() {
    return choose() != null;
  }

  /** Pieces that make up all of it, in order; null when there are none. */
  List<Piece> choose() {
    List<Piece> chosen = new ArrayList<>();
    long at = 0;
    while (at < size) {
      Copy next = at(at);
      if (next == null) {
        return null;
      }
      boolean all = next.part.start() == at;
      chosen.add(new Piece(next.part, at, next.end() - at, all ? next.sha256 : null, next.disc));
      at = next.end();
    }
    return chosen;
  }

  private Copy at(long position) {
    for (Copy each : copies) {
      if (each.part.start() <= position && position < each.end()) {
        return each;
      }
    }
    return null;
  }

  /** Has parts not be chosen any more. */
  void leaveOut(List<Piece> pieces) {
    copies.removeIf(
        each ->
            pieces.stream()
                .anyMatch(piece -> piece.disc == each.disc && piece.part.equals(each.part)));
  }
}
