package blksh.drive.ssh;

import blksh.block.Extent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The ranges of some bytes that an agent says cannot be read: in order, apart from each other, and
 * no more than there are sectors. Who tells others would have them kept here.
 */
final class UnreadableRanges {

  private static final int SECTOR = 512;

  private UnreadableRanges() {}

  /**
   * Takes them from an answer: how many, and offset and length of each.
   *
   * @param start of the bytes on the drive
   * @param length of them
   * @return in bytes of the drive
   * @throws blksh.BlkshException when they cannot be so
   */
  static List<Extent> of(RemoteChannel drive, ByteBuffer content, long start, int length) {
    if (content.remaining() < Integer.BYTES) {
      throw drive.garbage("it does not tell what cannot be read");
    }
    long count = Integer.toUnsignedLong(content.getInt());
    if (content.remaining() < count * 2 * Integer.BYTES) {
      throw drive.garbage("it tells fewer unreadable ranges than it says");
    }
    if (count > length / SECTOR + 1) {
      throw drive.garbage("it tells of more unreadable ranges than there are sectors");
    }
    List<Extent> ranges = new ArrayList<>((int) count);
    long end = -1;
    for (int i = 0; i < count; i++) {
      long at = Integer.toUnsignedLong(content.getInt());
      long bytes = Integer.toUnsignedLong(content.getInt());
      if (at <= end || bytes == 0 || at + bytes > length) {
        throw drive.garbage("it tells of an unreadable range that is not in what was asked for");
      }
      ranges.add(new Extent(start + at, bytes, Extent.Kind.BAD));
      end = at + bytes;
    }
    return ranges;
  }
}
