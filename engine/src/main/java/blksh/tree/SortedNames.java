package blksh.tree;

import blksh.io.Scratch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The names of a directory in the order of bytes, in pieces of the same number. Of very many only a
 * part is in memory at a time.
 */
final class SortedNames {

  /** Names of a piece. */
  static final int PIECE = 1024;

  /** Names sorted in memory: of the longest some tens of megabytes. */
  private static final int RUN = 128 * PIECE;

  private static final Comparator<byte[]> ORDER = Arrays::compareUnsigned;

  private final int run;
  private List<byte[]> names = new ArrayList<>();
  private final List<ByteBuffer> runs = new ArrayList<>();
  private final List<ByteBuffer> merged = new ArrayList<>();
  private int count;

  SortedNames() {
    this(RUN);
  }

  /**
   * @param run names that are sorted in memory, a multiple of {@link #PIECE}
   */
  SortedNames(int run) {
    this.run = run;
  }

  void add(byte[] name) {
    names.add(name);
    count++;
    if (names.size() == run) {
      runs.add(packed(sorted()));
    }
  }

  private List<byte[]> sorted() {
    List<byte[]> all = names;
    all.sort(ORDER);
    names = new ArrayList<>();
    return all;
  }

  /** Returns once all were added. */
  void sort() {
    if (runs.isEmpty()) {
      names.sort(ORDER);
      return;
    }
    if (!names.isEmpty()) {
      runs.add(packed(sorted()));
    }
    merge();
    runs.clear();
  }

  private static ByteBuffer packed(List<byte[]> all) {
    int bytes = 0;
    for (byte[] each : all) {
      bytes += 2 + each.length;
    }
    ByteBuffer packed = ByteBuffer.allocate(bytes);
    for (byte[] each : all) {
      packed.putShort((short) each.length).put(each);
    }
    return Scratch.keep(packed.flip()).duplicate();
  }

  private static final class Head {
    final ByteBuffer from;
    byte[] name;

    Head(ByteBuffer from) {
      this.from = from;
    }

    boolean next() {
      name = from.hasRemaining() ? unpacked(from) : null;
      return name != null;
    }
  }

  private static byte[] unpacked(ByteBuffer from) {
    byte[] name = new byte[from.getShort()];
    from.get(name);
    return name;
  }

  private void merge() {
    PriorityQueue<Head> heads = new PriorityQueue<>((a, b) -> ORDER.compare(a.name, b.name));
    for (ByteBuffer each : runs) {
      Head head = new Head(each);
      if (head.next()) {
        heads.add(head);
      }
    }
    List<byte[]> some = new ArrayList<>();
    while (!heads.isEmpty()) {
      Head first = heads.poll();
      some.add(first.name);
      if (first.next()) {
        heads.add(first);
      }
      if (some.size() == run) {
        merged.add(packed(some));
        some.clear();
      }
    }
    if (!some.isEmpty()) {
      merged.add(packed(some));
    }
  }

  int count() {
    return count;
  }

  int pieces() {
    return Math.max(1, (count + PIECE - 1) / PIECE);
  }

  /** The names of a piece; to be asked for one after the other, at best. */
  List<byte[]> piece(int number) {
    int from = number * PIECE;
    int to = Math.min(count, from + PIECE);
    if (merged.isEmpty()) {
      return names.subList(from, to);
    }
    ByteBuffer part = merged.get(from / run).duplicate();
    for (int i = 0; i < from % run; i++) {
      part.position(part.position() + 2 + part.getShort(part.position()));
    }
    List<byte[]> piece = new ArrayList<>();
    for (int i = from; i < to; i++) {
      piece.add(unpacked(part));
    }
    return piece;
  }

  /** Whether there is such a name. */
  boolean contains(byte[] name) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int compared = ORDER.compare(piece(middle / PIECE).get(middle % PIECE), name);
      if (compared == 0) {
        return true;
      }
      low = compared < 0 ? middle + 1 : low;
      high = compared < 0 ? high : middle - 1;
    }
    return false;
  }
}
