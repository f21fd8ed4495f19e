package blksh.parity;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A sum of multiples of sources, each of which counts as zeros behind its end: a block of parity as
 * long as the longest of them, or one of data that comes from others and parity.
 */
public final class CombinedSource implements BlockSource {

  private static final int PIECE = 8 << 10;

  /** Bytes that are read of a source at once. */
  private static final int READ = 128 << 10;

  private final String name;
  private final List<BlockSource> sources;
  private final int[] factors;
  private final long size;

  /** All below takes memory, and is made when something is read. */
  private byte[] some;

  private long[] block;
  private long[] sum;
  private BlockMultiples multiples;

  private CombinedSource(String name, List<BlockSource> sources, int[] factors, long size) {
    this.name = name;
    this.sources = List.copyOf(sources);
    this.factors = factors;
    this.size = size;
  }

  /**
   * A block of parity over some sources.
   *
   * @param data in their order in the code; whoever opened them closes them
   * @param row of parity, from 0 on
   */
  public static BlockSource parity(ReedSolomon code, int row, List<BlockSource> data) {
    int[] factors = new int[data.size()];
    long size = 0;
    for (int i = 0; i < factors.length; i++) {
      factors[i] = code.coefficient(row, i);
      size = Math.max(size, data.get(i).size());
    }
    return new CombinedSource("parity " + row, data, factors, size);
  }

  /**
   * A block of data as it was.
   *
   * @param name for people
   * @param wanted its place among the data
   * @param size bytes it had
   * @param data all of them, null for those that are lost; whoever opened them closes them
   * @param rows of parity, null for those that are lost
   * @return null when too few are there
   */
  public static BlockSource lost(
      String name,
      ReedSolomon code,
      int wanted,
      long size,
      List<BlockSource> data,
      List<BlockSource> rows) {
    int[] lost = places(data, true);
    int[] there = places(rows, false);
    if (there.length < lost.length) {
      return null;
    }
    int[] used = Arrays.copyOf(there, lost.length);
    int[] solution = code.solution(used, lost)[Arrays.binarySearch(lost, wanted)];
    List<BlockSource> sources = new ArrayList<>();
    int[] factors = new int[data.size()];
    int count = 0;
    for (int column = 0; column < data.size(); column++) {
      if (data.get(column) != null) {
        sources.add(data.get(column));
        for (int i = 0; i < used.length; i++) {
          factors[count] ^= Field.product(solution[i], code.coefficient(used[i], column));
        }
        count++;
      }
    }
    for (int i = 0; i < used.length; i++) {
      sources.add(rows.get(used[i]));
      factors[count++] = solution[i];
    }
    return new CombinedSource(name, sources, factors, size);
  }

  private static int[] places(List<BlockSource> sources, boolean lost) {
    int[] places = new int[sources.size()];
    int count = 0;
    for (int i = 0; i < places.length; i++) {
      if (sources.get(i) == null == lost) {
        places[count++] = i;
      }
    }
    return Arrays.copyOf(places, count);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    int done = 0;
    while (done < wanted) {
      if (multiples == null) {
        some = new byte[READ];
        block = new long[PIECE / Long.BYTES];
        sum = new long[READ / Long.BYTES];
        multiples = new BlockMultiples(PIECE / Long.BYTES);
      }
      int length = Math.min(READ, wanted - done);
      sum(position + done, length);
      ByteBuffer made = ByteBuffer.wrap(some).order(ByteOrder.LITTLE_ENDIAN);
      made.asLongBuffer().put(sum);
      target.put(some, 0, length);
      done += length;
    }
    return wanted;
  }

  private void sum(long position, int length) {
    Arrays.fill(sum, 0);
    for (int i = 0; i < sources.size(); i++) {
      ByteBuffer bytes = ByteBuffer.wrap(some).order(ByteOrder.LITTLE_ENDIAN);
      int read = sources.get(i).read(position, bytes.limit(length));
      if (read > 0) {
        Arrays.fill(some, read, READ, (byte) 0);
        LongBuffer longs = bytes.clear().asLongBuffer();
        for (int at = 0; at < (length + PIECE - 1) / PIECE; at++) {
          longs.get(block);
          multiples.of(block, 0);
          multiples.add(factors[i], sum, at * block.length);
        }
      }
    }
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("parity", name, name);
  }

  @Override
  public void close() {
    // whoever opened the sources does
  }
}
