package blksh.store;

import blksh.block.Extent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The unreadable ranges of an image, told in order, each passed on once it is known where it ends.
 * Only the first of them are kept: a dying drive has millions.
 */
final class BadTally {

  /** Ranges that are listed to people. */
  static final int LISTED = 1000;

  /** Is told of each range. */
  interface Receiver {
    void add(long start, long length) throws IOException;
  }

  private final Receiver receiver;
  private final List<Extent> first = new ArrayList<>();
  private long start;
  private long end;
  private long count;
  private long bytes;
  private long lastStart;
  private long lastEnd;

  /** Passes nothing on. */
  BadTally() {
    this((start, length) -> {});
  }

  BadTally(Receiver receiver) {
    this.receiver = receiver;
  }

  /** Adds a range that begins where the last one ends, or after it. */
  void add(long from, long length) throws IOException {
    if (from != end) {
      end();
      start = from;
    }
    end = from + length;
  }

  /** After the last range. */
  void end() throws IOException {
    if (end > start) {
      lastStart = start;
      lastEnd = end;
      receiver.add(start, end - start);
      count(new Extent(start, end - start, Extent.Kind.BAD));
    }
    start = end;
  }

  /** Counts a range that has its end; true, as more are wanted. */
  boolean count(Extent range) {
    if (first.size() < LISTED) {
      first.add(range);
    }
    count++;
    bytes += range.length();
    return true;
  }

  long count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  /** Whether the last range that was passed on ends at a byte. */
  boolean endsAt(long position) {
    return lastEnd == position;
  }

  /** Bytes of the last range that was passed on. */
  long lastLength() {
    return lastEnd - lastStart;
  }

  /** The first of them. */
  List<Extent> first() {
    return Collections.unmodifiableList(first);
  }
}
