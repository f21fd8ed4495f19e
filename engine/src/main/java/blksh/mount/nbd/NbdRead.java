package blksh.mount.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Bytes that were asked for. Each must come once. */
final class NbdRead extends NbdRequest {

  private final byte[] bytes;

  /** What has come: ends by beginnings, in bytes of the answer; neighbours are one. */
  private final TreeMap<Integer, Integer> come = new TreeMap<>();

  NbdRead(long position, int length) {
    super(NbdProtocol.CMD_READ, position, length);
    this.bytes = new byte[length];
  }

  @Override
  void takeSimple(NbdWire wire) throws IOException {
    takeData(position, length, wire);
  }

  @Override
  void takeData(long at, int count, NbdWire wire) throws IOException {
    int from = add(at, count);
    wire.get(ByteBuffer.wrap(bytes, from, count));
  }

  @Override
  void takeHole(long at, long count) throws NbdGarbage {
    int from = add(at, count);
    Arrays.fill(bytes, from, from + (int) count, (byte) 0);
  }

  /** Notes that a range comes; where it is in the answer. */
  private int add(long at, long count) throws NbdGarbage {
    if (count < 1 || count > length || at < position || at - position > length - count) {
      throw new NbdGarbage("it sends bytes that nobody asked for");
    }
    int from = (int) (at - position);
    int to = from + (int) count;
    Map.Entry<Integer, Integer> before = come.floorEntry(from);
    Map.Entry<Integer, Integer> after = come.ceilingEntry(from);
    if (before != null && before.getValue() > from || after != null && after.getKey() < to) {
      throw new NbdGarbage("it sends bytes twice");
    }
    int first = from;
    int last = to;
    if (before != null && before.getValue() == from) {
      first = before.getKey();
    }
    if (after != null && after.getKey() == to) {
      come.remove(after.getKey());
      last = after.getValue();
    }
    come.put(first, last);
    return from;
  }

  @Override
  void mustBeWhole() throws NbdGarbage {
    if (good() < length) {
      throw new NbdGarbage("it does not send all that was asked for");
    }
  }

  /** Bytes from the beginning on that came and that no error touches. */
  int good() {
    Map.Entry<Integer, Integer> first = come.firstEntry();
    int came = first == null || first.getKey() > 0 ? 0 : first.getValue();
    return Math.min(came, untouched());
  }

  /** What came. */
  byte[] bytes() {
    return bytes;
  }
}
