package blksh.store.sealed;

import blksh.store.shelf.DamagedContentException;
import blksh.store.shelf.Part;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A part that grows sealed: nothing of it lies on the shelf in the clear at any time, and what was
 * written is there for whoever takes it over, as without sealing.
 *
 * <p>Each write seals the segments it touches anew and writes them as a whole; so the last one,
 * when it is not full, is written again by each that appends. No segment is sealed as the last of
 * its blob before it is published: then that one is written once more, before the part is made
 * durable and gets its name. So a part that appears under a name always has an end, and one whose
 * writer was killed at any instant is right up to a segment that was being written; from there on
 * it counts as never written. A capture finds its whole frames before that place again.
 */
final class SealedPart implements Part {

  /** Segments written at once. */
  private static final int RUN = 64;

  private static final byte[] ZEROS = new byte[BlobSeal.PLAIN];

  private final Part part;
  private final SealedShelf shelf;
  private final String name;
  private BlobSeal seal;
  private long size;

  /** The last segment, so that it can be written again, whatever became of it on the shelf. */
  private final byte[] tail = new byte[BlobSeal.PLAIN];

  /** Whether what is on the shelf is known. */
  private boolean looked;

  /** Whether a write failed, and may have left anything in the last segment and behind it. */
  private boolean torn;

  /** Whether the last segment is sealed as the last of its blob. */
  private boolean ended;

  private SealedPart(Part part, SealedShelf shelf, String name) {
    this.part = part;
    this.shelf = shelf;
    this.name = name;
  }

  /** An empty one. */
  static SealedPart begun(Part part, SealedShelf shelf, String name) {
    SealedPart begun = new SealedPart(part, shelf, name);
    begun.seal = BlobSeal.fresh(shelf.key());
    begun.looked = true;
    return begun;
  }

  /** A dead writer's, which is looked into when its contents are needed. */
  static SealedPart takenOver(Part part, SealedShelf shelf, String name) {
    return new SealedPart(part, shelf, name);
  }

  /** Finds how far it is right. */
  private void look() throws IOException {
    if (looked) {
      return;
    }
    long stored = part.size();
    byte[] plain = new byte[BlobSeal.PLAIN];
    for (long number = 0; !ended && number < BlobSeal.segments(stored); number++) {
      long at = number * BlobSeal.SEALED;
      byte[] sealed = part.read(at, (int) Math.min(BlobSeal.SEALED, stored - at));
      if (sealed.length < BlobSeal.OVERHEAD) {
        break;
      }
      BlobSeal by = seal == null ? BlobSeal.of(shelf.key(), sealed, 0) : seal;
      boolean last = by.open(number, true, sealed, 0, sealed.length, plain);
      if (!last && !by.open(number, false, sealed, 0, sealed.length, plain)) {
        break;
      }
      seal = by;
      ended = last;
      int length = sealed.length - BlobSeal.OVERHEAD;
      System.arraycopy(plain, 0, tail, 0, length);
      size = number * BlobSeal.PLAIN + length;
    }
    if (seal == null) {
      seal = BlobSeal.fresh(shelf.key());
    }
    torn = stored != BlobSeal.storedSize(size);
    looked = true;
  }

  /** The number of the last segment of so many bytes, 1 or more. */
  private static long last(long bytes) {
    return (bytes - 1) / BlobSeal.PLAIN;
  }

  private static int within(long segment, long bytes) {
    return (int) Math.min(BlobSeal.PLAIN, Math.max(0, bytes - segment * BlobSeal.PLAIN));
  }

  /** Makes the shelf hold what it should, and no end. */
  private void mend() throws IOException {
    look();
    if (torn || ended) {
      if (size > 0) {
        putTail(false);
      }
      part.truncate(BlobSeal.storedSize(size));
      torn = false;
      ended = false;
    }
  }

  private void putTail(boolean end) throws IOException {
    long number = size == 0 ? 0 : last(size);
    byte[] sealed = new byte[BlobSeal.SEALED];
    int length = seal.seal(number, end, tail, 0, within(number, size), sealed, 0);
    torn = true;
    part.write(number * BlobSeal.SEALED, sealed, 0, length);
    torn = false;
  }

  @Override
  public synchronized long size() throws IOException {
    look();
    return size;
  }

  // ---- reading -------------------------------------------------------------------------------

  @Override
  public synchronized void read(long position, ByteBuffer buffer) throws IOException {
    look();
    if (position < 0 || position + buffer.remaining() > size) {
      throw new EOFException("%s ends at byte %d".formatted(name, size));
    }
    byte[] plain = new byte[BlobSeal.PLAIN];
    long at = position;
    while (buffer.hasRemaining()) {
      long number = at / BlobSeal.PLAIN;
      load(number, plain);
      int from = (int) (at - number * BlobSeal.PLAIN);
      int count = Math.min(within(number, size) - from, buffer.remaining());
      buffer.put(plain, from, count);
      at += count;
    }
  }

  /** Reads what a segment holds. */
  private void load(long number, byte[] plain) throws IOException {
    int length = within(number, size);
    if (number == last(size)) {
      System.arraycopy(tail, 0, plain, 0, length);
      return;
    }
    byte[] sealed = part.read(number * BlobSeal.SEALED, length + BlobSeal.OVERHEAD);
    if (!seal.open(number, false, sealed, 0, sealed.length, plain)) {
      long at = number * BlobSeal.PLAIN;
      throw new DamagedContentException(name, at, at + length, "they are not what was encrypted");
    }
  }

  // ---- writing -------------------------------------------------------------------------------

  @Override
  public synchronized void write(long position, ByteBuffer bytes) throws IOException {
    mend();
    while (position > size) {
      int gap = (int) Math.min(ZEROS.length, position - size);
      put(size, ByteBuffer.wrap(ZEROS, 0, gap));
    }
    long at = position;
    while (bytes.hasRemaining()) {
      at += put(at, bytes);
    }
  }

  /**
   * Writes some.
   *
   * @param position not past the end
   * @return how many bytes
   */
  private int put(long position, ByteBuffer bytes) throws IOException {
    if (!bytes.hasRemaining()) {
      return 0;
    }
    long first = position / BlobSeal.PLAIN;
    long end = Math.min(position + bytes.remaining(), (first + RUN) * BlobSeal.PLAIN);
    long grown = Math.max(size, end);
    byte[] sealed = new byte[(int) (last(end) - first + 1) * BlobSeal.SEALED];
    byte[] plain = new byte[BlobSeal.PLAIN];
    byte[] lastOfAll = null;
    int length = 0;
    for (long number = first; number <= last(end); number++) {
      int from = number == first ? (int) (position - first * BlobSeal.PLAIN) : 0;
      int to = within(number, end);
      if (from > 0 || to < within(number, size)) {
        load(number, plain);
      }
      bytes.get(plain, from, to - from);
      length += seal.seal(number, false, plain, 0, within(number, grown), sealed, length);
      lastOfAll = number == last(grown) ? plain : null;
    }
    torn = true;
    part.write(first * BlobSeal.SEALED, sealed, 0, length);
    torn = false;
    if (lastOfAll != null) {
      System.arraycopy(lastOfAll, 0, tail, 0, within(last(grown), grown));
    }
    size = grown;
    return (int) (end - position);
  }

  @Override
  public synchronized void truncate(long length) throws IOException {
    mend();
    if (length >= size) {
      return;
    }
    if (length > 0) {
      byte[] plain = new byte[BlobSeal.PLAIN];
      load(last(length), plain);
      System.arraycopy(plain, 0, tail, 0, within(last(length), length));
    }
    boolean whole = length % BlobSeal.PLAIN == 0;
    size = length;
    torn = true;
    if (!whole) {
      putTail(false);
      torn = true; // what was behind it is still there
    }
    part.truncate(BlobSeal.storedSize(length));
    torn = false;
  }

  @Override
  public void force() throws IOException {
    part.force();
  }

  @Override
  public synchronized void publish(String name) throws IOException {
    end();
    part.publish(shelf.stored(name));
  }

  @Override
  public synchronized boolean publishIfAbsent(String name) throws IOException {
    end();
    return part.publishIfAbsent(shelf.stored(name));
  }

  private void end() throws IOException {
    look();
    if (torn) {
      mend();
    }
    if (!ended) {
      putTail(true);
      ended = true;
    }
  }

  @Override
  public void discard() {
    part.discard();
  }

  @Override
  public void close() {
    part.close();
  }
}
