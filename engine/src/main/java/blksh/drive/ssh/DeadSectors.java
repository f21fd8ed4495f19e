package blksh.drive.ssh;

import blksh.block.Extent;
import blksh.io.IoFailure;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which sectors of a block the dd(1) of GNU could not read that goes on after each error and puts
 * zeros in the place of what is missing (conv=noerror,sync). Each time it says so, and counts what
 * it has read so far: records that came whole, and those that did not.
 */
final class DeadSectors {

  private static final Pattern COUNT = Pattern.compile("([0-9]{1,9})\\+([0-9]{1,9}) records in");

  /** What the system says of a medium that does not give the bytes, as the agent knows it. */
  private static final List<String> UNREADABLE =
      List.of(
          IoFailure.text(5),
          "No data available",
          "Remote I/O error",
          "Invalid or incomplete multibyte or wide character",
          "Connection timed out");

  private static final int LINES_EACH = 4;

  private final int sector;
  private final int sectors;
  private final BitSet dead = new BitSet();

  /** Whether the next count is that of an error. */
  private boolean failed;

  /** How many lines there may be still. */
  private int lines;

  /**
   * @param sector bytes of a record
   * @param length bytes of the block
   */
  DeadSectors(int sector, int length) {
    this.sector = sector;
    this.sectors = length / sector;
    this.lines = LINES_EACH * (sectors + 2);
  }

  /** Takes a line that it said. @return false when it tells of something else that is wrong */
  boolean said(String line) {
    if (--lines < 0) {
      return false;
    }
    if (line.startsWith("dd: ") && UNREADABLE.stream().anyMatch(line::endsWith)) {
      failed = true;
      return true;
    }
    Matcher count = COUNT.matcher(line);
    if (failed && count.matches()) {
      failed = false;
      long at = Long.parseLong(count.group(1)) + Long.parseLong(count.group(2));
      if (at >= sectors) {
        return false;
      }
      dead.set((int) at);
    }
    return !line.startsWith("dd: ") || line.startsWith("dd: warning: ");
  }

  /** Those before some byte of the block, as ranges. @param start of the block */
  List<Extent> in(long start, int length) {
    List<Extent> bad = new ArrayList<>();
    for (int from = dead.nextSetBit(0); from >= 0 && from * sector < length; ) {
      int to = dead.nextClearBit(from);
      long end = Math.min(length, (long) to * sector);
      bad.add(
          new Extent(start + (long) from * sector, end - (long) from * sector, Extent.Kind.BAD));
      from = dead.nextSetBit(to);
    }
    return bad;
  }
}
