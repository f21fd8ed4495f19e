package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.block.SourceInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Where RAID4, RAID5 and RAID6 have their data and their parity (the kernel's {@code
 * drivers/md/raid5.c}, {@code raid5_compute_sector}).
 */
final class MdStripes5 {

  private static final int LEFT_ASYMMETRIC = 0;
  private static final int RIGHT_ASYMMETRIC = 1;
  private static final int LEFT_SYMMETRIC = 2;
  private static final int RIGHT_SYMMETRIC = 3;
  private static final int PARITY_FIRST = 4;
  private static final int PARITY_LAST = 5;

  private final int members;
  private final int codes;
  private final int layout;
  private final long chunk;

  MdStripes5(MdMember.Terms terms) throws VolumeProblem {
    members = terms.members();
    codes = terms.level() == 6 ? 2 : 1;
    layout = terms.level() == 4 ? PARITY_LAST : terms.layout();
    chunk = terms.chunk();
    VolumeProblem.unless(
        layout >= LEFT_ASYMMETRIC && layout <= (codes == 2 ? RIGHT_SYMMETRIC : PARITY_LAST),
        "it is laid out in way %d, which is not known",
        layout);
    VolumeProblem.unless(members > codes, "it has too few members");
  }

  /**
   * Where a chunk of data is.
   *
   * @param member that holds it
   * @param second that holds the second code of the row; -1 where there is none
   * @param row counted in chunks
   */
  private record Spot(int member, int second, long row) {}

  private Spot spot(long number) {
    int data = members - codes;
    long row = number / data;
    int index = (int) (number % data);
    int turn = (int) (row % members);
    int parity =
        switch (layout) {
          case LEFT_ASYMMETRIC, LEFT_SYMMETRIC -> members - 1 - turn;
          case RIGHT_ASYMMETRIC, RIGHT_SYMMETRIC -> turn;
          case PARITY_FIRST -> 0;
          default -> members - 1;
        };
    int second = codes == 2 ? (parity + 1) % members : -1;
    boolean symmetric = layout == LEFT_SYMMETRIC || layout == RIGHT_SYMMETRIC;
    int member;
    if (symmetric) {
      member = (parity + codes + index) % members;
    } else if (codes == 2 && parity == members - 1) {
      member = index + 1;
    } else {
      member = index >= parity ? index + codes : index;
    }
    return new Spot(member, second, row);
  }

  /**
   * @param data of the members; null of at most one
   * @param synced whether what cannot be read may be made of the others
   * @param used bytes of each member
   */
  Layout layout(BlockSource[] data, boolean synced, long used, SourceInfo info) {
    long whole = used / chunk * chunk;
    return position -> {
      long inside = position % chunk;
      Spot spot = spot(position / chunk);
      // made when asked for: of all pairs of members there are too many to be kept
      BlockSource source = source(data, spot.member, spot.second, synced, whole, info);
      return new Piece(source, spot.row * chunk + inside, chunk - inside);
    };
  }

  /** A member, and where it or some of it is missing what the others come to. */
  private static BlockSource source(
      BlockSource[] data, int member, int second, boolean synced, long size, SourceInfo info) {
    List<BlockSource> others = new ArrayList<>();
    boolean whole = true;
    for (int i = 0; i < data.length; i++) {
      if (i != member && i != second) {
        others.add(data[i]);
        whole &= data[i] != null;
      }
    }
    if (!whole || !synced) {
      return data[member];
    }
    BlockSource parity = new Parity(info, others, size);
    return data[member] == null
        ? parity
        : new Copies(info, List.of(new Piece(data[member], 0, size), new Piece(parity, 0, size)));
  }
}
