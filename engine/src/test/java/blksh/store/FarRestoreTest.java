package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageTarget;
import blksh.block.SourceInfo;
import blksh.kit.Content;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Restores to what is far away: what goes through the image more than once, and how it ends. */
class FarRestoreTest {

  private static final int SIZE = 6 * MIB + 100;
  private static final Extent ALL = new Extent(0, SIZE, Extent.Kind.DATA);
  private static final RestoreOptions OVERWRITE = RestoreOptions.defaults().withOverwrite(true);

  @TempDir Path folder;
  private Store store;
  private byte[] bytes;
  private Manifest manifest;

  @BeforeEach
  void capturedImage() throws IOException {
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    bytes = Content.random(SIZE, 1);
    Arrays.fill(bytes, MIB, 2 * MIB, (byte) 0);
    manifest = capture(store, Images.write(folder.resolve("image"), bytes), "disk").manifest();
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** A drive in memory, which nothing is compared with. */
  private static class MemoryTarget implements PageTarget {
    final byte[] held = new byte[SIZE];
    private final List<Long> reached = new ArrayList<>();
    private final List<Extent> ends;
    long written;
    private boolean closed;

    /**
     * @param again the ranges it wants once more
     */
    MemoryTarget(Extent... again) {
      ends = new ArrayList<>(List.of(again));
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("block device", "sdx", "ssh://srv/dev/sdx");
    }

    @Override
    public boolean isDevice() {
      return true;
    }

    @Override
    public int sectorSize() {
      return 512;
    }

    @Override
    public boolean isInPlace() {
      return true;
    }

    @Override
    public Optional<PageOffer> look(long position, int length) {
      return Optional.empty();
    }

    @Override
    public int ahead() {
      return 4;
    }

    @Override
    public synchronized void write(
        long position, byte[] from, int offset, int length, BitSet pages) {
      System.arraycopy(from, offset, held, (int) position, length);
      written += length;
    }

    @Override
    public void keep(long position, int length, BitSet pages, byte[] digests, int at) {}

    @Override
    public synchronized void zeros(long position, long length) {
      Arrays.fill(held, (int) position, (int) (position + length), (byte) 0);
    }

    @Override
    public synchronized void reached(long position) {
      reached.add(position);
    }

    @Override
    public synchronized Optional<Extent> finish() {
      return ends.isEmpty() ? Optional.empty() : Optional.of(ends.remove(0));
    }

    @Override
    public List<String> notKept() {
      return List.of();
    }

    @Override
    public synchronized long writtenBytes() {
      return written;
    }

    @Override
    public long movedBytes() {
      return 0;
    }

    @Override
    public void giveUp() {}

    @Override
    public Optional<String> left() {
      assertThat(closed).isTrue();
      return Optional.of("it is partly written");
    }

    @Override
    public void tell(Task task) {}

    @Override
    public void close() {
      closed = true;
    }
  }

  /** One that tells the digests of its pages of 4096 bytes. */
  private static final class Comparing extends MemoryTarget {
    @Override
    public Optional<PageOffer> look(long position, int length) {
      byte[] digests = new byte[(int) PageSize.USUAL.count(length) * Page.DIGEST];
      for (int page = 0; page < PageSize.USUAL.count(length); page++) {
        int at = (int) position + PageSize.USUAL.at(page);
        int count = PageSize.USUAL.lengthOf(page, length);
        Page.digest(Page.sha256(), held, at, count, digests, page * Page.DIGEST);
      }
      return Optional.of(new Looked(digests));
    }

    @Override
    public synchronized void write(
        long position, byte[] from, int offset, int length, BitSet pages) {
      pages.stream()
          .forEach(
              page -> {
                int at = PageSize.USUAL.at(page);
                int count = PageSize.USUAL.lengthOf(page, length);
                System.arraycopy(from, offset + at, held, (int) position + at, count);
                written += count;
              });
    }
  }

  private record Looked(byte[] digests) implements PageOffer {
    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void await() {}

    @Override
    public boolean isZero(int page) {
      return false;
    }

    @Override
    public List<Extent> bad() {
      return List.of();
    }

    @Override
    public void want(BitSet pages) {}

    @Override
    public void take(ByteBuffer target) {}
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 16384, 65536})
  void onlyWhatDiffersIsWrittenWhateverPagesTheStoreHas(int size) {
    Arrays.fill(bytes, 5 * MIB + 20_480, 5 * MIB + 28_672, (byte) 0); // within a larger page
    Comparing target = new Comparing();
    System.arraycopy(bytes, 0, target.held, 0, SIZE);
    target.held[5 * MIB + 24_000] = 1;
    target.held[3 * MIB + 5] ^= 1;
    target.held[SIZE - 1] ^= 1;
    StoreOptions options = new StoreOptions(CodecChoice.LZ4, PageSize.of(size), 0);
    try (Store other = Store.create(folder.resolve("other"), options)) {
      Manifest same =
          other
              .capture(
                  new ByteArraySource(bytes), "disk", CaptureOptions.defaults(), Task.unwatched())
              .manifest();
      other.restore(same, target, OVERWRITE, Task.unwatched());
    }
    assertThat(target.held).isEqualTo(bytes);
    assertThat(target.written).isEqualTo(4096 + 100);
  }

  private RestoreResult restore(PageTarget target, Task task) {
    return store.restore(manifest, target, OVERWRITE, task);
  }

  @Test
  void itGoesThroughTheImageAsOftenAsIsWanted() {
    MemoryTarget target = new MemoryTarget(ALL, ALL, ALL, ALL, ALL);
    Task task = new Task("restore", "disk");
    RestoreResult done = restore(target, task);
    assertThat(target.held).isEqualTo(bytes);
    assertThat(task.total()).isEqualTo(task.done()).isEqualTo(6L * SIZE);
    assertThat(target.reached).hasSizeGreaterThan(6).contains((long) SIZE);
    assertThat(target.reached.subList(0, target.reached.size() / 6)).isSorted();
    assertThat(done.writtenBytes()).isGreaterThan(SIZE);
    assertThat(done.skippedBytes()).isZero();
  }

  @Test
  void onlyARangeIsWrittenOnceMore() {
    Extent range = new Extent(MIB / 2, 5 * MIB, Extent.Kind.DATA);
    MemoryTarget target =
        new MemoryTarget(range) {
          @Override
          public synchronized Optional<Extent> finish() {
            Optional<Extent> again = super.finish();
            again.ifPresent(from -> Arrays.fill(super.held, (byte) 9));
            return again;
          }
        };
    Task task = new Task("restore", "disk");
    restore(target, task);
    byte[] expected = bytes.clone();
    Arrays.fill(expected, 0, (int) range.start(), (byte) 9);
    Arrays.fill(expected, (int) range.end(), SIZE, (byte) 9);
    assertThat(target.held).isEqualTo(expected);
    assertThat(target.written).isEqualTo(SIZE - MIB + range.length() - MIB);
    assertThat(task.done()).isEqualTo(SIZE + range.length());
  }

  @Test
  void whateverEndsItWhatIsLeftIsTold() throws IOException {
    Task task = new Task("restore", "disk");
    MemoryTarget cancelling =
        new MemoryTarget() {
          @Override
          public synchronized void reached(long position) {
            task.cancel();
          }
        };
    assertThatThrownBy(() -> restore(cancelling, task))
        .isInstanceOf(CancelledException.class)
        .hasMessageEndingWith("interrupted; it is partly written");
    MemoryTarget refusing =
        new MemoryTarget() {
          @Override
          public synchronized Optional<Extent> finish() {
            throw new BlkshException("restore", "it is mounted").suggest("unmount it first");
          }
        };
    assertThatThrownBy(() -> restore(refusing, Task.unwatched()))
        .hasMessage("cannot restore: it is mounted; unmount it first; it is partly written");
    MemoryTarget failing =
        new MemoryTarget() {
          @Override
          public synchronized void zeros(long position, long length) {
            throw new OutOfMemoryError("Java heap space");
          }
        };
    assertThatThrownBy(() -> restore(failing, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("Java heap space")
        .hasMessageEndingWith("; it is partly written");
    store.close();
    try (Stream<Path> packs = Files.walk(folder.resolve("store/packs"))) {
      Path pack = packs.filter(Files::isRegularFile).findAny().orElseThrow();
      Images.flip(pack, Files.size(pack) / 2, 255);
    }
    store = Store.open(folder.resolve("store"));
    assertThatThrownBy(() -> restore(new MemoryTarget(), Task.unwatched()))
        .hasMessageContaining("verify the store")
        .hasMessageEndingWith("; it is partly written");
  }
}
