package blksh.store.sealed;

import blksh.store.shelf.Blob;
import blksh.store.shelf.DamagedContentException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * A blob that is sealed, read in the clear: only the segments that are asked for. Bytes are handed
 * out when their segment is what was sealed there, as a part of this blob and of no other; the last
 * byte, when the blob ends with it. What is damaged fails by itself, or is zeros to who proves what
 * he reads himself, and the rest can be read.
 *
 * <p>Which blob it is say all of its segments: the last that is whole, the first, or whichever is
 * read; from then on those that say something else are refused.
 */
final class SealedBlob implements Blob {

  /** Segments read at once. */
  private static final int RUN = 64;

  /** How often a part is opened again whose last segment another may be writing. */
  private static final int ATTEMPTS = 100;

  private static final long PAUSE_NANOS = 2_000_000;

  private final Blob blob;
  private final String name;
  private final MasterKey key;

  /** Whether it is a part, which may end with any segment. */
  private final boolean growing;

  private final long stored;
  private final long size;
  private final long segments;
  private volatile BlobSeal seal;
  private volatile boolean endProven;
  private volatile boolean identified;

  /** A segment that was opened. */
  private record Opened(long number, byte[] plain, int length) {}

  /** The one opened last: who reads on goes on in it. */
  private volatile Opened kept;

  /** The last one of a part that another may be writing. */
  private volatile Opened end;

  private SealedBlob(Blob blob, String name, MasterKey key, boolean growing, long stored) {
    this.blob = blob;
    this.name = name;
    this.key = key;
    this.growing = growing;
    this.stored = stored;
    this.size = BlobSeal.plainSize(stored);
    this.segments = BlobSeal.segments(stored);
  }

  /** A blob of the shelf, which is closed with it. */
  static SealedBlob of(Blob blob, String name, MasterKey key) throws IOException {
    boolean opened = false;
    try {
      SealedBlob found = new SealedBlob(blob, name, key, false, blob.size());
      opened = true;
      return found;
    } finally {
      if (!opened) {
        blob.close();
      }
    }
  }

  /** Opens the blob below. */
  interface Opening {
    Blob open() throws IOException;
  }

  /**
   * As above, a part that another may be writing, as it is in one instant. Whoever appends seals
   * its last segment anew, in place of what was there: so that one is kept in memory, and the part
   * is opened again until it is right. Where it never is, nothing is known of what it held.
   *
   * @throws DamagedContentException when it never is
   */
  static SealedBlob growing(Opening opening, String name, MasterKey key) throws IOException {
    for (int left = ATTEMPTS; ; left--) {
      Blob blob = opening.open();
      boolean opened = false;
      try {
        SealedBlob found = new SealedBlob(blob, name, key, true, blob.size());
        if (found.holdsItsEnd()) {
          opened = true;
          return found;
        }
        if (left == 0) {
          throw found.damaged(found.segments - 1);
        }
      } finally {
        if (!opened) {
          blob.close();
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private boolean holdsItsEnd() throws IOException {
    if (segments == 0) {
      return true;
    }
    try {
      end = open(segments - 1, stored(segments - 1, 1), 0, new byte[BlobSeal.PLAIN]);
    } catch (EOFException e) {
      return false; // it was truncated
    }
    return end != null;
  }

  /** By how long it is; that it ends there is proven to who reads its last byte. */
  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    fill(position, buffer, true);
  }

  @Override
  public boolean readSound(long position, ByteBuffer buffer) throws IOException {
    return fill(position, buffer, false);
  }

  /**
   * @param refusing whether what is damaged fails, or else is zeros
   * @return whether nothing was damaged
   */
  private boolean fill(long position, ByteBuffer buffer, boolean refusing) throws IOException {
    if (position < 0 || position + buffer.remaining() > size) {
      throw new EOFException("%s ends at byte %d".formatted(name, size));
    }
    identify();
    if (refusing && position + buffer.remaining() == size) {
      proveEnd();
    }
    boolean sound = true;
    long past = position + buffer.remaining();
    while (buffer.hasRemaining()) {
      long at = past - buffer.remaining();
      long number = at / BlobSeal.PLAIN;
      Opened ready = end != null && end.number == number ? end : kept;
      if (ready != null && ready.number == number) {
        give(ready, at, buffer);
      } else {
        long behind =
            Math.min((past - 1) / BlobSeal.PLAIN + 1, end == null ? segments : end.number);
        sound &= readRun(number, (int) Math.min(behind - number, RUN), at, buffer, refusing);
      }
    }
    return sound;
  }

  /** How many bytes of a segment were given. */
  private static int give(Opened from, long at, ByteBuffer buffer) {
    int within = (int) (at - from.number * BlobSeal.PLAIN);
    int count = Math.min(from.length - within, buffer.remaining());
    buffer.put(from.plain, within, count);
    return count;
  }

  /** Whether nothing of some segments was damaged. */
  private boolean readRun(long first, int count, long from, ByteBuffer buffer, boolean refusing)
      throws IOException {
    byte[] sealed = stored(first, count);
    byte[] plain = new byte[BlobSeal.PLAIN];
    boolean sound = true;
    long at = from;
    for (int i = 0; i < count; i++) {
      long number = first + i;
      Opened opened = open(number, sealed, i * BlobSeal.SEALED, plain);
      if (opened == null) {
        opened = again(number); // it may have been damaged on its way
      }
      if (opened == null && refusing) {
        if (number == segments - 1) {
          proveEnd(); // tells what is cut off from what is damaged
        }
        throw damaged(number);
      }
      if (opened == null) {
        sound = false;
        opened = cutOff(number);
      }
      at += opened == null ? giveZeros(number, at, buffer) : give(opened, at, buffer);
      if (i == count - 1 && opened != null) {
        kept = opened; // and the array is its own
      }
    }
    return sound;
  }

  private int giveZeros(long number, long at, ByteBuffer buffer) {
    long end = Math.min(size, (number + 1) * BlobSeal.PLAIN);
    int count = (int) Math.min(end - at, buffer.remaining());
    buffer.put(new byte[count]);
    return count;
  }

  /** What a segment holds with which the blob ends and should not; null when it is damaged. */
  private Opened cutOff(long number) throws IOException {
    return number == segments - 1
        ? open(number, false, stored(number, 1), 0, new byte[BlobSeal.PLAIN])
        : null;
  }

  /** A segment, asked for once more. */
  private Opened again(long number) throws IOException {
    if (!blob.forget()) {
      return null;
    }
    Opened opened = open(number, stored(number, 1), 0, new byte[BlobSeal.PLAIN]);
    if (opened != null) {
      kept = opened;
    }
    return opened;
  }

  private byte[] stored(long first, int count) throws IOException {
    long at = first * BlobSeal.SEALED;
    return blob.read(at, (int) Math.min((long) count * BlobSeal.SEALED, stored - at));
  }

  private IOException damaged(long number) {
    long at = number * BlobSeal.PLAIN;
    return new DamagedContentException(
        name, at, Math.min(size, at + BlobSeal.PLAIN), "they are not what was encrypted");
  }

  /** Null when it is not what was sealed there. */
  private Opened open(long number, byte[] sealed, int at, byte[] plain) {
    boolean last = number == segments - 1;
    Opened opened = open(number, last, sealed, at, plain);
    return opened == null && growing && last ? open(number, false, sealed, at, plain) : opened;
  }

  private Opened open(long number, boolean last, byte[] sealed, int at, byte[] plain) {
    int length = Math.min(BlobSeal.SEALED, sealed.length - at);
    if (length < BlobSeal.OVERHEAD) {
      return null;
    }
    BlobSeal by = seal;
    if (by == null) {
      by = BlobSeal.of(key, sealed, at);
    }
    if (!by.open(number, last, sealed, at, length, plain) || !isIt(by, sealed, at)) {
      return null;
    }
    return new Opened(number, plain, length - BlobSeal.OVERHEAD);
  }

  /** Whether a segment that is right is of this blob; the first one says which it is. */
  private synchronized boolean isIt(BlobSeal by, byte[] sealed, int at) {
    if (seal == null) {
      seal = by;
    }
    return seal.isOf(sealed, at);
  }

  private void identify() throws IOException {
    if (!identified) {
      identifyOnce();
    }
  }

  private synchronized void identifyOnce() throws IOException {
    if (identified) {
      return;
    }
    if (segments > 0) {
      tryLast();
      if (seal == null) {
        tryFirst();
      }
    }
    identified = true;
  }

  private void tryLast() throws IOException {
    byte[] sealed;
    try {
      sealed = stored(segments - 1, 1);
    } catch (IOException e) {
      return; // said to who reads it
    }
    Opened last = open(segments - 1, sealed, 0, new byte[BlobSeal.PLAIN]);
    if (last != null) {
      kept = last;
      endProven = true;
    } else {
      open(segments - 1, false, sealed, 0, new byte[BlobSeal.PLAIN]); // cut off behind it, perhaps
    }
  }

  private void tryFirst() {
    try {
      open(0, stored(0, 1), 0, new byte[BlobSeal.PLAIN]);
    } catch (IOException e) {
      // said to who reads it
    }
  }

  private void proveEnd() throws IOException {
    if (endProven || growing) {
      return;
    }
    if (segments == 0) {
      throw endMissing();
    }
    byte[] sealed = stored(segments - 1, 1);
    if (open(segments - 1, sealed, 0, new byte[BlobSeal.PLAIN]) == null) {
      boolean more = open(segments - 1, false, sealed, 0, new byte[BlobSeal.PLAIN]) != null;
      throw more || sealed.length <= BlobSeal.OVERHEAD ? endMissing() : damaged(segments - 1);
    }
    endProven = true;
  }

  private IOException endMissing() {
    return new DamagedContentException(name, size, size, "its end is missing");
  }

  @Override
  public boolean forget() {
    kept = null;
    return blob.forget();
  }

  @Override
  public void close() {
    blob.close();
  }
}
