package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import blksh.kit.Content;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures of a source whose changes somebody has recorded. */
class ChangedInputTest {

  /** Not of whole pages, nor of whole segments. */
  private static final int SIZE = (4 << 20) + 3 * Page.SIZE + 100;

  @TempDir Path folder;
  private Store store;
  private Task task;
  private byte[] bytes;

  @BeforeEach
  void make() {
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    bytes = Content.disk(SIZE, 1);
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** Bytes, some of which are said to have changed. */
  private static class Recorded implements BlockSource, Changes {
    private final BlockSource below;
    private final List<Extent> changed;
    private final Optional<String> doubt;

    /** What no file system uses, or null. */
    Extent free;

    boolean little;
    boolean interrupted;

    /** Asked at the end of a capture. */
    Supplier<Optional<String>> lost = Optional::empty;

    Optional<String> mixed = Optional.empty();

    Recorded(BlockSource below, List<Extent> changed, Optional<String> doubt) {
      this.below = below;
      this.changed = changed;
      this.doubt = doubt;
    }

    @Override
    public long size() {
      return below.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int first = target.position();
      int count = below.read(position, target);
      for (int i = 0; free != null && i < count; i++) {
        if (position + i >= free.start() && position + i < free.end()) {
          target.put(first + i, (byte) 0);
        }
      }
      return count;
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      if (free == null) {
        return below.extents(position, length);
      }
      long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
      return Stream.of(
              new Extent(0, free.start(), Extent.Kind.DATA),
              free,
              new Extent(free.end(), size() - free.end(), Extent.Kind.DATA))
          .filter(extent -> extent.start() < end && extent.end() > position)
          .map(extent -> extent.clip(position, end))
          .iterator();
    }

    @Override
    public Optional<Changes> recordedChanges() {
      return Optional.of(this);
    }

    @Override
    public SourceInfo describe() {
      return below.describe();
    }

    @Override
    public Optional<String> doubt(Map<String, String> then, long size) {
      assertThat(then).containsEntry("mark", "1");
      return doubt;
    }

    @Override
    public Iterator<Extent> changed(long position, long length) {
      long end = position + length;
      return changed.stream()
          .filter(range -> range.start() < end && range.end() > position)
          .map(range -> range.clip(position, end))
          .iterator();
    }

    @Override
    public boolean provesLittle() {
      return little;
    }

    @Override
    public boolean wasInterrupted() {
      return interrupted;
    }

    @Override
    public Optional<String> lost() {
      return lost.get();
    }

    @Override
    public Optional<String> twoInstants() {
      return mixed;
    }

    @Override
    public Map<String, String> marks() {
      return Map.of("mark", "1");
    }

    @Override
    public String recorder() {
      return "the recorder";
    }

    @Override
    public void close() {}
  }

  private CaptureResult capture(BlockSource below, List<Extent> changed, String doubt) {
    return capture(new Recorded(below, changed, Optional.ofNullable(doubt)));
  }

  private CaptureResult capture(BlockSource source) {
    task = new Task("capture", "a");
    return store.capture(source, "a", CaptureOptions.defaults(), task);
  }

  private Recorded recorded(List<Extent> changed) {
    return new Recorded(new ByteArraySource(bytes), changed, Optional.empty());
  }

  private CaptureResult capture(List<Extent> changed) {
    return capture(new ByteArraySource(bytes), changed, null);
  }

  private void mustHold(CaptureResult captured) {
    byte[] held = new byte[bytes.length];
    try (BlockSource source = store.source(captured.manifest())) {
      assertThat(source.read(0, ByteBuffer.wrap(held))).isEqualTo(bytes.length);
    }
    assertThat(held).isEqualTo(bytes);
    CaptureResult whole =
        store.capture(
            new ByteArraySource(bytes), "whole", CaptureOptions.defaults(), Task.unwatched());
    assertThat(captured.manifest().root()).isEqualTo(whole.manifest().root());
    assertThat(captured.manifest().figures().dataBytes())
        .isEqualTo(whole.manifest().figures().dataBytes());
    assertThat(captured.manifest().figures().zeroBytes())
        .isEqualTo(whole.manifest().figures().zeroBytes());
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
  }

  /** Ranges anywhere, of any lengths, in order. */
  private List<Extent> change(Random random, int count) {
    List<Extent> ranges = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < count; i++) {
      at += random.nextInt(2 * SIZE / count);
      int length = 1 + random.nextInt(SIZE / 20);
      if (at + length > SIZE) {
        break;
      }
      byte[] other =
          random.nextInt(4) == 0 ? new byte[length] : Content.random(length, random.nextLong());
      System.arraycopy(other, 0, bytes, (int) at, length);
      ranges.add(new Extent(at, length, Extent.Kind.DATA));
      at += length;
    }
    return ranges;
  }

  @Test
  void soItIsInAStoreOfLargerPages() {
    store.close();
    StoreOptions options = new StoreOptions(CodecChoice.LZ4, PageSize.LARGEST, 0);
    store = Store.create(folder.resolve("large"), options);
    assertThat(capture(List.of()).readBytes()).isEqualTo(SIZE);
    for (int seed = 0; seed < 4; seed++) {
      List<Extent> changed = change(new Random(seed), 1 + seed);
      CaptureResult next = capture(changed);
      assertThat(task.notes()).hasSize(1);
      assertThat(next.readBytes()).isLessThan(SIZE);
      mustHold(next);
    }
  }

  @Test
  void whatHasNotChangedIsTakenFromTheVersionBefore() {
    assertThat(capture(List.of()).readBytes()).isEqualTo(SIZE);
    for (int seed = 0; seed < 12; seed++) {
      List<Extent> changed = change(new Random(seed), 1 + seed);
      CaptureResult next = capture(changed);
      assertThat(task.notes())
          .containsExactly(
              "what the recorder does not tell to have changed was taken from a@" + (seed + 1));
      long all = changed.stream().mapToLong(range -> range.length() + 2 * Page.SIZE).sum();
      // The last page, which is no whole one, and the sample are read as well.
      long sample = (30 + 2L * changed.size()) * Page.SIZE;
      assertThat(next.readBytes()).isLessThanOrEqualTo(all + sample);
      mustHold(next);
    }
  }

  @Test
  void whatIsDoubtfulIsReadWhole() {
    capture(List.of());
    bytes[SIZE / 2]++;
    CaptureResult read = capture(new ByteArraySource(bytes), List.of(), "somebody says so");
    assertThat(read.readBytes()).isEqualTo(SIZE);
    assertThat(task.notes()).containsExactly("all of it is read: somebody says so");
    mustHold(read);
  }

  @Test
  void aDiskThatBeginsOtherwiseThoughNothingIsSaidToHaveChangedIsReadWhole() {
    capture(List.of());
    bytes = Content.disk(SIZE, 2);
    bytes[0] = 77;
    CaptureResult read = capture(List.of());
    assertThat(read.readBytes()).isGreaterThanOrEqualTo(SIZE);
    assertThat(task.notes()).anyMatch(note -> note.contains("is not as the version before has it"));
    mustHold(read);
  }

  /** Which has zeros where a part of a page was free: what is there is not known. */
  @Test
  void aVersionThatAnOlderOneCapturedWithoutWhatWasFreeIsNotGoneBy() {
    Map<String, String> details = new HashMap<>();
    details.put(SourceInfo.FREE_SKIPPED, "4096");
    for (boolean older : new boolean[] {true, false}) {
      Recorded source =
          new Recorded(new ByteArraySource(bytes), List.of(), Optional.empty()) {
            @Override
            public SourceInfo describe() {
              return new SourceInfo("disk", "a", "a", details);
            }
          };
      capture(source);
      assertThat(capture(source).readBytes() == SIZE).isEqualTo(older);
      assertThat(task.notes().get(0)).contains(older ? "an older blksh" : "was taken from");
      details.put(SourceInfo.FREE_PAGES, "4096");
    }
  }

  @Test
  void whatCouldNotBeReadBeforeIsTriedAgain() {
    int at = 1 << 20;
    FaultySource faulty = new FaultySource(new ByteArraySource(bytes)).unreadable(at + 1000, 512);
    CaptureResult first = capture(faulty, List.of(), null);
    assertThat(first.bad()).isNotEmpty();
    CaptureResult second = capture(List.of(new Extent(0, Page.SIZE, Extent.Kind.DATA)));
    assertThat(second.bad()).isEmpty();
    assertThat(second.readBytes()).isLessThan(SIZE / 4);
    mustHold(second);
  }

  /** What is lost meanwhile is found out at the end: by then pages of the version are kept. */
  @Test
  void whatIsLostDuringACaptureIsNotPublished() {
    capture(List.of());
    bytes[SIZE / 2]++;
    Recorded reset = recorded(List.of(new Extent(SIZE / 2, 1, Extent.Kind.DATA)));
    reset.lost = () -> Optional.of("it was reset meanwhile");
    CaptureResult read = capture(reset);
    assertThat(read.manifest().version()).isEqualTo(2);
    assertThat(read.readBytes()).isGreaterThanOrEqualTo(SIZE);
    assertThat(task.notes())
        .containsExactly(
            "all of it is read: it was reset meanwhile",
            "the next capture will read all of it: it was reset meanwhile");
    assertThat(read.manifest().source().details()).doesNotContainKey("mark");
    mustHold(read);
  }

  @Test
  void afterACutWhatIsSaidNotToHaveChangedIsComparedOnceMore() {
    capture(List.of());
    Recorded other = recorded(List.of(new Extent(SIZE / 2, Page.SIZE, Extent.Kind.DATA)));
    other.interrupted = true;
    mustHold(capture(other));
    assertThat(task.notes()).noneMatch(note -> note.contains("all of it is read"));
    byte another = (byte) (bytes[7] + 1);
    other.lost =
        () -> {
          bytes[7] = another; // of another disk, which begins otherwise
          return Optional.empty();
        };
    CaptureResult read = capture(other);
    assertThat(task.notes())
        .contains("all of it is read: byte 0 is not as the version before has it any more");
    mustHold(read);
  }

  /** What the second connection serves need not be what the first did. */
  @Test
  void whatWasReadOverTwoConnectionsIsReadOnceMoreOverOne() {
    capture(List.of());
    int at = SIZE / 2 / Page.SIZE * Page.SIZE;
    Extent changed = new Extent(at, 2L * Page.SIZE, Extent.Kind.DATA);
    int[] begun = {0};
    Recorded cut =
        new Recorded(new ByteArraySource(bytes), List.of(changed), Optional.empty()) {
          @Override
          public void begin() {
            begun[0]++;
          }

          @Override
          public boolean wasInterrupted() {
            if (begun[0] == 1) {
              bytes[at + 7] = (byte) ~Content.disk(SIZE, 1)[at + 7];
            }
            return begun[0] == 1;
          }
        };
    CaptureResult read = capture(cut);
    assertThat(begun[0]).isEqualTo(2);
    assertThat(read.readBytes()).isLessThan(SIZE / 4);
    assertThat(task.notes())
        .containsExactly(
            "the connection was cut: what has changed is read once more",
            "what the recorder does not tell to have changed was taken from a@1");
    assertThat(task.done()).isLessThanOrEqualTo(task.total());
    mustHold(read);
  }

  /** Nobody can tell for certain what was served after a cut. */
  @Test
  void aCutOfWhatIsReadWholeIsTold() {
    BlockSource cut =
        new BlockSource() {
          @Override
          public long size() {
            return SIZE;
          }

          @Override
          public int read(long position, ByteBuffer target) {
            return new ByteArraySource(bytes).read(position, target);
          }

          @Override
          public int cuts() {
            return 2;
          }

          @Override
          public SourceInfo describe() {
            return new SourceInfo("device", "vm1", "nbd://srv/vm1");
          }

          @Override
          public void close() {}
        };
    task = new Task("capture", "a");
    store.capture(new FaultySource(cut), "a", CaptureOptions.defaults(), task);
    assertThat(task.notes())
        .singleElement()
        .asString()
        .startsWith("the connection to nbd://srv/vm1 was cut and made again (2)");
  }

  @Test
  void whatIsOfTwoInstantsIsReadAllAnewOrSaidToBe() {
    capture(List.of());
    Recorded mixed = recorded(List.of(new Extent(0, Page.SIZE, Extent.Kind.DATA)));
    mixed.interrupted = true;
    mixed.mixed = Optional.of("it is of two instants");
    mustHold(capture(mixed));
    assertThat(task.notes()).contains("all of it is read: it is of two instants");
    assertThat(task.findings()).containsExactly("it is of two instants");
    Task plain = new Task("capture", "b");
    store.capture(new FaultySource(mixed), "b", CaptureOptions.defaults(), plain);
    assertThat(plain.findings()).containsExactly("it is of two instants");
  }

  @Test
  void whereLittleSpeaksForWhatIsSaidMoreIsCompared() {
    bytes = Content.random(32 << 20, 3);
    capture(List.of());
    List<Extent> changed = List.of(new Extent(16 << 20, Page.SIZE, Extent.Kind.DATA));
    long usual = capture(recorded(changed)).readBytes();
    Recorded little = recorded(changed);
    little.little = true;
    assertThat(capture(little).readBytes()).isGreaterThan(usual + 15 * Page.SIZE);
    // What was lost lies beside what was not: it is found though it is one page of 8192.
    bytes[(16 << 20) + Page.SIZE]++;
    mustHold(capture(recorded(changed)));
    assertThat(task.notes()).anyMatch(note -> note.contains("is not as the version before has it"));
  }

  /** What was lost is found some day, and a long stretch of it at once. */
  @Test
  void fromOneVersionToTheNextOtherPagesAreCompared() {
    bytes = Content.random(8 << 20, 3);
    capture(List.of());
    for (int version = 1; version <= 3; version++) {
      int lost = (512 + version) * Page.SIZE;
      bytes[lost]++;
      mustHold(capture(List.of()));
      assertThat(task.notes()).anyMatch(note -> note.contains("byte " + lost + " is not as"));
    }
  }

  /** A file was removed: what it had reads as zeros, though nobody wrote there. */
  @Test
  void whatHasBecomeFreeIsNoSignOfALostChange() {
    bytes = Content.random(SIZE, 5);
    capture(List.of());
    Recorded removed =
        recorded(List.of(new Extent((1 << 20) - Page.SIZE, Page.SIZE, Extent.Kind.DATA)));
    removed.free = new Extent((1 << 20) + 512, 1 << 20, Extent.Kind.FREE);
    CaptureResult next = capture(removed);
    assertThat(task.notes())
        .containsExactly("what the recorder does not tell to have changed was taken from a@1");
    assertThat(next.readBytes()).isLessThan(SIZE / 4);
    assertThat(next.manifest().figures().freeBytes()).isGreaterThan(1 << 19);
  }
}
