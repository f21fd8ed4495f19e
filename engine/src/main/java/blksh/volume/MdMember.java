package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource;
import blksh.block.MappedSource.Piece;
import blksh.block.SliceSource;
import blksh.io.UnreadableException;
import java.util.List;

/**
 * A member of an array of Linux' MD, as its own superblock tells of it and of the array.
 *
 * @param place what the source is called, for people
 * @param terms what the array is
 * @param number of the member among all devices the array ever had
 * @param roles by such numbers which member of the array each is; below 0 of what is none
 * @param start first byte of its data
 * @param length bytes of its data
 * @param events counts the changes of the array: those of members left behind are lower
 * @param rebuilt whether all of it was written that the array knew when it was written
 * @param bad ranges that could not be written or read, in bytes of its data, in order and apart
 */
record MdMember(
    String place,
    BlockSource source,
    Terms terms,
    int number,
    int[] roles,
    long start,
    long length,
    long events,
    boolean rebuilt,
    List<Range> bad) {

  /** Bytes from one up to another. */
  record Range(long start, long end) {}

  /**
   * What all members say alike.
   *
   * @param uuid of the array
   * @param name of the array, or empty
   * @param level 0, 1, 4, 5, 6, 10, or -1 of a linear one
   * @param layout what that is depends on the level
   * @param size bytes of each member that are used; 0 where each has its own
   * @param chunk bytes
   * @param members how many it has when none is missing
   * @param synced whether the parity, or the copies, agreed with the data
   * @param problem why it is not read whatever there is of it, as a clause; or empty
   */
  record Terms(
      String uuid,
      String name,
      int level,
      int layout,
      long size,
      long chunk,
      int members,
      boolean synced,
      String problem) {}

  /** Its data, as long as it is used. */
  BlockSource data(long used) {
    BlockSource all = new SliceSource(source, start, used);
    if (bad.isEmpty()) {
      return all;
    }
    return new MappedSource(
        all.describe(), used, List.of(source), at -> good(all, at, used), () -> {});
  }

  private Piece good(BlockSource all, long at, long used) {
    int low = 0; // the first range that does not end before
    int high = bad.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (bad.get(middle).end <= at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == bad.size() || bad.get(low).start >= used) {
      return new Piece(all, at, used - at);
    }
    Range range = bad.get(low);
    if (at < range.start) {
      return new Piece(all, at, range.start - at);
    }
    throw new UnreadableException(
        place, at, range.end - at, "the array noted that it could not be read", null);
  }
}
