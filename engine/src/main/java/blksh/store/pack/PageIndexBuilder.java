package blksh.store.pack;

import blksh.io.OpenFile;
import blksh.io.PartFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a page index of any number of pages as one stream: entries are gathered in sorted runs, put
 * away in a file without a name beside the index, and merged. As a slot's place is the top bits of
 * its key, sorted entries fill the table from its first slot to its last. Uses some 45 MB, and on
 * disk 16 bytes a page until the index is there.
 */
public final class PageIndexBuilder implements Closeable {

  /** Entries of a run. */
  private static final int RUN = 1 << 20;

  private static final int FIRST = 1 << 14;

  /** The low bits of a key give way to the number of the entry in its run while that is sorted. */
  private static final long NUMBER = RUN - 1;

  private static final int BUFFER = 1 << 20;

  private final Path path;
  private final int limit;
  private long[] keys;
  private long[] addresses;
  private int count;
  private long total;

  /** One more than the highest ordinal. */
  private long past = 1;

  private OpenFile file;
  private long written;
  private final List<Integer> runs = new ArrayList<>();

  /**
   * @param path of the index, which stays as it is until another takes its place
   */
  public PageIndexBuilder(Path path) {
    this(path, RUN);
  }

  /**
   * @param limit entries of a run, at most {@value #RUN}
   */
  PageIndexBuilder(Path path, int limit) {
    this.path = path;
    this.limit = limit;
    this.keys = new long[Math.min(limit, FIRST)];
    this.addresses = new long[keys.length];
  }

  /** Adds the pages of a pack, but those whose digests are zeros. */
  public void addAll(long ordinal, byte[] digests, int pages) throws IOException {
    past = Math.max(past, ordinal + 1);
    for (int page = 0; page < pages; page++) {
      if (!Page.isZero(digests, page * Page.DIGEST, Page.DIGEST)) {
        if (count == limit) {
          putAway();
        } else if (count == keys.length) {
          keys = Arrays.copyOf(keys, Math.min(limit, 2 * count));
          addresses = Arrays.copyOf(addresses, keys.length);
        }
        keys[count] = PageIndex.keyOf(digests, page * Page.DIGEST);
        addresses[count++] = PageIndex.address(ordinal, page);
        total++;
      }
    }
  }

  /**
   * Sorts the entries gathered.
   *
   * @return their numbers, each in the low bits of a value, in the order of their keys' high bits
   */
  private long[] sorted() {
    long[] order = new long[count];
    for (int i = 0; i < count; i++) {
      order[i] = (keys[i] & ~NUMBER | i) ^ Long.MIN_VALUE;
    }
    Arrays.parallelSort(order);
    return order;
  }

  private void putAway() throws IOException {
    if (file == null) {
      Path runsFile = path.resolveSibling(path.getFileName() + ".runs");
      Files.deleteIfExists(runsFile); // of one who was killed before it lost its name
      file = OpenFile.open(runsFile, OpenFile.Use.CREATE_NEW, OpenFile.WhenInterrupted.FINISH);
      Files.delete(runsFile);
    }
    ByteBuffer buffer = buffer();
    for (long each : sorted()) {
      int number = (int) (each & NUMBER);
      buffer.putLong(keys[number]).putLong(addresses[number]);
      if (!buffer.hasRemaining()) {
        flush(buffer);
      }
    }
    flush(buffer);
    runs.add(count);
    count = 0;
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void flush(ByteBuffer buffer) throws IOException {
    buffer.flip();
    int length = buffer.remaining();
    file.write(written, buffer);
    written += length;
    buffer.clear();
  }

  /** Gives the index its name, in place of any other. */
  public PageIndex finish() throws IOException {
    if (file != null && count > 0) {
      putAway();
    }
    long slots = PageIndex.slotsFor(total);
    PartFile fresh = PageTable.begin(path, PageIndex.newGeneration(), slots, past);
    boolean whole = false;
    PageTable table;
    try {
      Slots to = new Slots(fresh.file(), slots);
      if (file == null) {
        for (long each : sorted()) {
          int number = (int) (each & NUMBER);
          to.put(keys[number], addresses[number]);
        }
      } else {
        merge(to);
      }
      to.end();
      table = PageTable.map(fresh.path(), true);
      long used = to.used;
      for (int i = 0; i < to.left.size(); i += 2) {
        used += Math.max(0, table.insert(to.left.get(i), to.left.get(i + 1)));
      }
      table.used(used);
      whole = true;
    } finally {
      if (!whole) {
        fresh.discard();
      }
    }
    PageIndex.publish(fresh, path);
    return new PageIndex(path, true, table);
  }

  // ---- merging --------------------------------------------------------------------------------

  /** Gives the entries of all runs, in the order of their keys' high bits. */
  private void merge(Slots to) throws IOException {
    LongBuffer[] heap = new LongBuffer[runs.size()];
    long at = 0;
    for (int i = 0; i < heap.length; i++) {
      long bytes = (long) runs.get(i) * PageTable.SLOT;
      heap[i] =
          file.map(FileChannel.MapMode.READ_ONLY, at, bytes)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      at += bytes;
    }
    int size = heap.length;
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(heap, i, size);
    }
    while (size > 0) {
      to.put(heap[0].get(), heap[0].get());
      if (!heap[0].hasRemaining()) {
        heap[0] = heap[--size];
      }
      sink(heap, 0, size);
    }
  }

  private static long rank(LongBuffer run) {
    return (run.get(run.position()) & ~NUMBER) ^ Long.MIN_VALUE;
  }

  private static void sink(LongBuffer[] heap, int from, int size) {
    if (size == 0) {
      return;
    }
    LongBuffer sinking = heap[from];
    long rank = rank(sinking);
    int at = from;
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && rank(heap[child + 1]) < rank(heap[child])) {
        child++;
      }
      if (rank(heap[child]) >= rank) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = sinking;
  }

  // ---- filling --------------------------------------------------------------------------------

  /** The slots of a table, written from first to last. */
  private static final class Slots {
    private final OpenFile file;
    private final long slots;
    private final int shift;
    private final ByteBuffer buffer = buffer();
    private long next;
    private long used;

    /** Keys and addresses of entries that came to no slot before the end of the table. */
    private final List<Long> left = new ArrayList<>();

    Slots(OpenFile file, long slots) {
      this.file = file;
      this.slots = slots;
      this.shift = PageTable.shift(slots);
    }

    void put(long key, long address) throws IOException {
      long home = key >>> shift;
      while (next < home) {
        slot(0, 0);
      }
      if (next == slots) {
        left.add(key);
        left.add(address);
      } else {
        slot(key, address);
        used++;
      }
    }

    private void slot(long key, long address) throws IOException {
      buffer.putLong(key).putLong(address);
      next++;
      if (!buffer.hasRemaining()) {
        flush();
      }
    }

    private void flush() throws IOException {
      buffer.flip();
      file.write(PageTable.HEADER + next * PageTable.SLOT - buffer.remaining(), buffer);
      buffer.clear();
    }

    void end() throws IOException {
      while (next < slots) {
        slot(0, 0);
      }
      flush();
    }
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
