package blksh.kit;

import blksh.block.BlockSource;
import blksh.block.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** What is found in a source. */
public final class Reading {

  private Reading() {}

  /** The bytes at a position; fewer than asked for at the end of the source. */
  public static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = source.read(position, buffer);
    return Arrays.copyOf(buffer.array(), count);
  }

  public static List<Extent> list(Iterator<Extent> extents) {
    List<Extent> list = new ArrayList<>();
    extents.forEachRemaining(list::add);
    return list;
  }
}
