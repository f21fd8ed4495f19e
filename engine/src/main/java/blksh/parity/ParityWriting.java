package blksh.parity;

import blksh.io.LittleEndian;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Puts digests and parity behind an image, whose data it reads once: band after band of stripes,
 * each by one thread, in memory for the parity of a band. The same image gets the same parity.
 */
public final class ParityWriting {

  private static final int SECTOR = ParityLayout.SECTOR;
  private static final int LONGS = SECTOR / Long.BYTES;

  /** Bytes of parity that a thread has in memory, about. */
  private static final int MEMORY = 8 << 20;

  /** Stripes of a band, at most. */
  private static final int MOST_STRIPES = 256;

  private static final int THREADS = 2;

  private final ParityLayout layout;
  private final Medium medium;
  private final Task task;
  private final ReedSolomon code;
  private final AtomicLong next = new AtomicLong();

  private ParityWriting(ParityLayout layout, Medium medium, Task task) {
    this.layout = layout;
    this.medium = medium;
    this.task = task;
    this.code = layout.code();
  }

  /** What an image is on, to be read and written at positions by any number of threads. */
  public interface Medium {

    /** Fills a buffer. */
    void read(long position, ByteBuffer to) throws IOException;

    /** Writes all that remains of a buffer. */
    void write(long position, ByteBuffer from) throws IOException;
  }

  /**
   * Writes all that comes behind an image; the image itself, with two headers in it, and the last
   * sector are there. What it does not write must be zeros. It advances the task by the bytes of
   * parity and digests.
   */
  public static void write(ParityLayout layout, Medium medium, Task task) throws IOException {
    ParityWriting writing = new ParityWriting(layout, medium, task);
    Workers.run(task, THREADS, writing::bands, () -> writing.next.set(layout.stripes()));
    task.checkCancelled();
    medium.write(layout.lastHeader() * SECTOR, ByteBuffer.wrap(layout.header()));
  }

  private void bands() throws IOException {
    int most = Math.max(1, Math.min(MOST_STRIPES, MEMORY / (SECTOR * layout.rows())));
    Band band = new Band((int) Math.min(most, layout.stripes()));
    while (true) {
      long first = next.getAndAdd(band.most);
      if (first >= layout.stripes()) {
        return;
      }
      task.checkCancelled();
      band.write(first, (int) Math.min(band.most, layout.stripes() - first));
    }
  }

  /** Some stripes, one behind the other. */
  private final class Band {

    final int most;
    private final long[][] parity;
    private final byte[] digests;
    private final ByteBuffer segment;
    private final long[] block = new long[LONGS];
    private final BlockMultiples multiples = new BlockMultiples(LONGS);
    private final SectorDigest digest = new SectorDigest();
    private final int[][] factors;

    Band(int most) {
      this.most = most;
      parity = new long[layout.rows()][most * LONGS];
      digests = new byte[most * SECTOR];
      segment = ByteBuffer.allocate(most * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
      factors = new int[layout.columns()][layout.rows()];
      for (int column = 0; column < layout.columns(); column++) {
        for (int row = 0; row < layout.rows(); row++) {
          factors[column][row] = code.coefficient(row, column);
        }
      }
    }

    void write(long first, int stripes) throws IOException {
      for (long[] each : parity) {
        Arrays.fill(each, 0);
      }
      Arrays.fill(digests, (byte) 0);
      for (int column = 0; column < layout.columns(); column++) {
        add(column, first, stripes);
      }
      for (int row = 0; row < layout.rows(); row++) {
        segment.clear().limit(stripes * SECTOR);
        segment.asLongBuffer().put(parity[row], 0, stripes * LONGS);
        for (int i = 0; i < stripes; i++) {
          note(i, layout.columns() + row, digest.of(segment.slice(i * SECTOR, SECTOR)));
        }
        put((layout.row(row) + first) * SECTOR, segment);
      }
      for (int i = 0; i < stripes; i++) {
        LittleEndian.putI64(
            digests,
            i * SECTOR + ParityLayout.OWN_DIGEST,
            digest.of(digests, i * SECTOR, ParityLayout.OWN_DIGEST));
      }
      for (int copy = 0; copy < ImageParity.DIGESTS; copy++) {
        put((layout.digests(copy) + first) * SECTOR, ByteBuffer.wrap(digests, 0, stripes * SECTOR));
      }
    }

    private void put(long position, ByteBuffer bytes) throws IOException {
      int length = bytes.remaining();
      medium.write(position, bytes);
      task.advance(length);
    }

    private void note(int stripe, int column, long value) {
      LittleEndian.putI64(digests, stripe * SECTOR + column * ParityLayout.DIGEST, value);
    }

    /** Adds what the stripes have of a column. */
    private void add(int column, long first, int stripes) throws IOException {
      long index = column * layout.stripes() + first;
      int there = (int) Math.max(0, Math.min(stripes, layout.dataSectors() - index));
      if (there == 0) {
        return;
      }
      segment.clear().limit(there * SECTOR);
      boolean withLast = index + there > layout.image();
      int plain = withLast ? there - 1 : there;
      if (plain > 0) {
        medium.read(index * SECTOR, segment.slice(0, plain * SECTOR));
      }
      if (withLast) {
        medium.read(layout.place(layout.image()) * SECTOR, segment.slice(plain * SECTOR, SECTOR));
      }
      for (int i = 0; i < there; i++) {
        ByteBuffer bytes = segment.slice(i * SECTOR, SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        note(i, column, digest.of(bytes));
        bytes.asLongBuffer().get(block);
        multiples.of(block, 0);
        for (int row = 0; row < factors[column].length; row++) {
          multiples.add(factors[column][row], parity[row], i * LONGS);
        }
      }
    }
  }
}
