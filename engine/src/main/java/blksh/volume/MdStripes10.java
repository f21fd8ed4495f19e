package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.block.SourceInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Where RAID10 has the copies of its chunks: near each other, far from each other, or at an offset
 * (the kernel's {@code drivers/md/raid10.c}, {@code __raid10_find_phys} and {@code calc_sectors}).
 */
final class MdStripes10 {

  private static final int OFFSET = 1 << 16;

  private final int members;
  private final long chunk;
  private final int near;
  private final int far;
  private final boolean offset;
  private final int set;
  private final long stride;

  /**
   * @param used bytes of each member
   */
  MdStripes10(MdMember.Terms terms, long used) throws VolumeProblem {
    int layout = terms.layout();
    members = terms.members();
    chunk = terms.chunk();
    near = layout & 0xff;
    far = layout >> 8 & 0xff;
    offset = (layout & OFFSET) != 0;
    int sets = layout >>> 17;
    VolumeProblem.unless(
        near > 0 && far > 0 && near * far <= members && sets <= 2,
        "it is laid out in way 0x%x, which is not known",
        layout);
    set = sets == 0 ? members : sets == 1 ? members / far : far * near;
    long chunks = size(terms, used) / chunk;
    long each = (chunks * near * far + members - 1) / members;
    stride = offset ? chunk : each / far * chunk;
  }

  /** Bytes of the array. */
  static long size(MdMember.Terms terms, long used) {
    int far = Math.max(1, terms.layout() >> 8 & 0xff);
    int near = Math.max(1, terms.layout() & 0xff);
    return used / terms.chunk() / far * terms.members() / near * terms.chunk();
  }

  /** A copy of a chunk: its member, and where on that. */
  private record Copy(int member, long position) {}

  private List<Copy> copies(long number) {
    long first = number * near;
    int member = (int) (first % members);
    long row = first / members * (offset ? far : 1);
    long position = row * chunk;
    int last = (members / set - 1) * set;
    List<Copy> copies = new ArrayList<>();
    for (int n = 0; n < near; n++) {
      int at = member;
      copies.add(new Copy(at, position));
      for (int f = 1; f < far; f++) {
        int begin = at / set * set;
        at += near;
        at =
            members % set != 0 && at > last
                ? last + (at - last) % (members - last)
                : begin + at % set;
        copies.add(new Copy(at, position + f * stride));
      }
      member++;
      if (member >= members) {
        member = 0;
        position += chunk;
      }
    }
    return copies;
  }

  /**
   * @param data of the members; null of those that are missing
   * @param synced whether the copies agree; else the first that is there is read
   * @throws VolumeProblem when of some chunk no copy is there
   */
  Layout layout(BlockSource[] data, boolean synced, SourceInfo info) throws VolumeProblem {
    for (int number = 0; number < members; number++) {
      VolumeProblem.unless(
          copies(number).stream().anyMatch(copy -> data[copy.member] != null),
          "too many of its members are missing");
    }
    return position -> {
      long inside = position % chunk;
      List<Piece> pieces = new ArrayList<>();
      for (Copy copy : copies(position / chunk)) {
        if (data[copy.member] != null && (synced || pieces.isEmpty())) {
          pieces.add(new Piece(data[copy.member], copy.position + inside, chunk - inside));
        }
      }
      return pieces.size() == 1
          ? pieces.get(0)
          : new Piece(new Copies(info, pieces), 0, chunk - inside);
    };
  }
}
