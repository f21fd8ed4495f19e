package blksh.image;

import java.nio.ByteBuffer;

/**
 * Reads the stored blocks of an image for one thread at a time. Keeps the piece of the file it read
 * last, so that data is read once to be proven and to be used.
 */
final class BlockReader {

  /** What a group turned out to be. */
  enum Verdict {
    GOOD,
    /** It does not match its checksum. */
    BAD,
    /** The image ends before the end of its checksum. */
    CUT
  }

  /** Data in one piece from this size on is read straight to where it is wanted. */
  private static final int DIRECT = 64 << 10;

  private final StoredBlocks blocks;
  private final ImageFile file;
  private final Layout layout;
  private final Proof proof;
  private final GroupDigest digest;
  private final byte[] held;
  private long heldFrom;
  private long heldTo;

  /**
   * @param capacity bytes kept at most
   */
  BlockReader(StoredBlocks blocks, int capacity) {
    this.blocks = blocks;
    this.file = blocks.file();
    this.layout = blocks.layout();
    this.proof = blocks.proof();
    this.digest = proof.digests().get();
    this.held = new byte[(int) Math.min(capacity, file.knownSize().orElse(capacity))];
  }

  /** Proves a group that stands alone, or goes on from the checksum before it. */
  Verdict prove(long group) {
    return prove(group, digest);
  }

  /**
   * Proves a group with a digest that has seen all it goes on from.
   *
   * @param group 0 or more, below the groups that have a checksum
   */
  Verdict prove(long group, GroupDigest summed) {
    long start = layout.offset(group * proof.perGroup());
    long data = blocks.groupBytes(group);
    byte[] previous = null;
    if (proof.goesOn() == Proof.GoesOn.CHECKSUM && group > 0) {
      previous = new byte[proof.trailer()];
      if (take(start - proof.trailer(), previous) < previous.length) {
        return Verdict.CUT;
      }
    }
    summed.begin(previous);
    for (long done = 0; done < data; ) {
      long at = start + done;
      if (at < heldFrom || at >= heldTo) {
        hold(at, blocks.unitEnd(group));
        if (heldTo == at) {
          return Verdict.CUT;
        }
      }
      int count = (int) Math.min(data - done, heldTo - at);
      summed.add(held, (int) (at - heldFrom), count);
      done += count;
    }
    byte[] trailer = new byte[proof.trailer()];
    if (take(start + data, trailer) < trailer.length) {
      return Verdict.CUT;
    }
    return summed.matches(trailer) ? Verdict.GOOD : Verdict.BAD;
  }

  /** Fills a small buffer from what is kept or from the file; short at the end of the file. */
  private int take(long from, byte[] target) {
    if (from >= heldFrom && from + target.length <= heldTo) {
      System.arraycopy(held, (int) (from - heldFrom), target, 0, target.length);
      return target.length;
    }
    return file.read(from, target, 0, target.length);
  }

  private void hold(long from, long end) {
    heldFrom = from;
    heldTo = from;
    heldTo = from + file.read(from, held, 0, (int) Math.min(held.length, end - from));
  }

  /**
   * Copies stored data, whatever its checksums say.
   *
   * @param from byte among the data of the stored blocks, back to back without trailers
   * @param length bytes, within the stored blocks
   * @return bytes copied: less than {@code length} when the image ends before
   */
  long copy(long from, long length, ByteBuffer target) {
    int blockSize = blocks.blockSize();
    long done = 0;
    while (done < length) {
      long rank = (from + done) / blockSize;
      int inside = (int) ((from + done) % blockSize);
      long at = layout.offset(rank) + inside;
      long adjacent = Math.min(layout.adjacent(rank), (length - done) / blockSize + 2) * blockSize;
      int count = (int) Math.min(Math.min(length - done, adjacent - inside), Integer.MAX_VALUE);
      if (at >= heldFrom && at < heldTo) {
        count = (int) Math.min(count, heldTo - at);
        target.put(held, (int) (at - heldFrom), count);
        done += count;
      } else if (count >= DIRECT || count == length) {
        int copied = direct(at, count, target);
        done += copied;
        if (copied < count) {
          return done;
        }
      } else {
        long last = (from + length - 1) / blockSize;
        hold(at, layout.offset(last) + blockSize);
        if (heldTo == at) {
          return done;
        }
      }
    }
    return done;
  }

  private int direct(long at, int count, ByteBuffer target) {
    int start = target.position();
    int limit = target.limit();
    target.limit(start + count);
    boolean read = false;
    try {
      int copied = file.read(at, target);
      read = true;
      return copied;
    } finally {
      target.limit(limit);
      if (!read) {
        target.position(start);
      }
    }
  }
}
