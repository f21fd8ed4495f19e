package blksh.store;

import static blksh.kit.Await.await;
import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.io.UnreadableException;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.CountedSource;
import blksh.kit.Effort;
import blksh.kit.LoopDevice;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CaptureTest {

  @TempDir Path folder;
  private Store store;

  @BeforeEach
  void create() {
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private Path image(String name, byte[] bytes) throws IOException {
    return Images.write(folder.resolve(name), bytes);
  }

  private CaptureResult captureBytes(byte[] bytes, String name) {
    return store.capture(
        new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched());
  }

  /** As a file that is cut short while it is captured, at any moment; one try a segment. */
  @Test
  void whatWasCutOffTheSourceIsOneBadRangeAndNotTriedBySectors() throws IOException {
    Path image = image("image", Content.random(8 * MIB, 3));
    try (CountedSource source = new CountedSource(FileSource.open(image))) {
      Images.truncate(image, MIB + 1024);
      CaptureResult result =
          store.capture(source, "cut", CaptureOptions.defaults(), Task.unwatched());
      assertThat(result.bad())
          .containsExactly(new Extent(MIB + 1024, 7 * MIB - 1024, Extent.Kind.BAD));
      assertThat(source.requests.get()).isLessThan(100);
    }
  }

  @Test
  void aVersionHasTheSectorsOfItsDrive() throws IOException {
    Path image = image("image", Content.random(MIB, 4));
    try (LoopDevice drive = LoopDevice.attach(image, 4096)) {
      Manifest manifest = capture(store, drive.path(), "4kn").manifest();
      try (BlockSource source = store.source(manifest)) {
        assertThat(source.sectorSize()).isEqualTo(4096);
      }
    }
  }

  // ---- sharing -------------------------------------------------------------------------------

  @Test
  void aPageIsStoredOnceAcrossNamesAndVersions() throws IOException {
    byte[] bytes = Content.random(5 * MIB, 1);
    Path image = image("image", bytes);
    Manifest first = capture(store, image, "one").manifest();
    Manifest second = capture(store, image, "two").manifest();
    bytes[2 * MIB] ^= 1;
    Path changed = image("changed", bytes);
    Manifest third = capture(store, changed, "one").manifest();
    assertThat(first.figures().newPages()).isEqualTo(5 * MIB / PAGE);
    assertThat(second.figures().newPages()).isZero();
    assertThat(third.figures().newPages()).isEqualTo(1);
    assertThat(third.version()).isEqualTo(2);
    assertThat(second.root()).isEqualTo(first.root()).isNotEqualTo(third.root());
    assertRestores(store, first, image, folder);
    assertRestores(store, second, image, folder);
    assertRestores(store, third, changed, folder);
    assertClean(store);
  }

  @Test
  void dataShiftedByPagesIsFoundAgainAndDataShiftedByLessIsNot() {
    byte[] bytes = Content.random(MIB, 1);
    captureBytes(bytes, "one");
    byte[] shifted = new byte[MIB + 7 * PAGE];
    System.arraycopy(bytes, 0, shifted, 7 * PAGE, MIB);
    assertThat(captureBytes(shifted, "pages").manifest().figures().newPages()).isZero();
    byte[] crooked = new byte[MIB + PAGE];
    System.arraycopy(bytes, 0, crooked, 512, MIB);
    assertThat(captureBytes(crooked, "sectors").manifest().figures().newPages())
        .isEqualTo(MIB / PAGE + 1);
  }

  @Test
  void pagesThatRepeatInsideOneImageAreStoredOnce() throws IOException {
    byte[] bytes = new byte[20 * MIB];
    byte[] pages = Content.random(50 * PAGE, 4);
    Random random = new Random(4);
    for (int at = 0; at < bytes.length; at += PAGE) {
      System.arraycopy(pages, random.nextInt(50) * PAGE, bytes, at, PAGE);
    }
    Path image = image("image", bytes);
    Manifest manifest = capture(store, image, "repeats").manifest();
    assertThat(manifest.figures().newPages()).isEqualTo(50);
    assertThat(manifest.figures().extents()).isGreaterThan(4096); // more than a chunk
    assertRestores(store, manifest, image, folder);
    assertClean(store);
  }

  @Test
  void theLastShortPageIsSharedWithItsLikeOnly() throws IOException {
    byte[] bytes = Content.random(3 * PAGE + 100, 1);
    captureBytes(bytes, "one");
    assertThat(captureBytes(bytes, "two").manifest().figures().newPages()).isZero();
    Path longer = image("longer", Arrays.copyOf(bytes, 4 * PAGE));
    Manifest padded = capture(store, longer, "padded").manifest();
    assertThat(padded.figures().newPages()).isEqualTo(1);
    assertRestores(store, padded, longer, folder);
  }

  @Test
  void generationsOfARealFileSystemShareMostOfTheirPages() throws IOException {
    Path content = Files.createDirectories(folder.resolve("content"));
    for (int i = 0; i < 20; i++) {
      Files.write(content.resolve("file" + i), Content.compressible(300_000 + i, i));
    }
    Path one = Images.ext4(folder.resolve("one.img"), content, "24M");
    Files.write(content.resolve("new"), Content.random(200_000, 77));
    Files.delete(content.resolve("file3"));
    Path two = Images.ext4(folder.resolve("two.img"), content, "24M");
    Manifest first = capture(store, one, "disk").manifest();
    Manifest second = capture(store, two, "disk").manifest();
    assertThat(second.figures().newBytes()).isLessThan(1_500_000);
    assertThat(second.figures().newBytes()).isLessThan(first.figures().newBytes() / 4);
    assertRestores(store, first, one, folder);
    assertRestores(store, second, two, folder);
    assertClean(store);
  }

  @Test
  void whatWasStoredBeforeClosingIsFoundAfterOpening() throws IOException {
    Path image = image("image", Content.random(2 * MIB, 9));
    capture(store, image, "one");
    store.close();
    store = Store.open(folder.resolve("store"));
    assertThat(capture(store, image, "two").manifest().figures().newPages()).isZero();
  }

  // ---- unreadable ranges ---------------------------------------------------------------------

  @Test
  void unreadableRangesAreRecordedToTheSectorAndThrowExactlyThere() throws IOException {
    int size = 5 * MIB + 700;
    byte[] bytes = Content.random(size, 8);
    List<Extent> bad =
        List.of(
            new Extent(512, 512, Extent.Kind.BAD),
            new Extent(10 * PAGE, 3 * PAGE, Extent.Kind.BAD),
            new Extent(20 * PAGE - 512, 1024, Extent.Kind.BAD),
            new Extent(MIB - 2 * PAGE, 4 * PAGE + 512, Extent.Kind.BAD),
            new Extent(3 * MIB, MIB, Extent.Kind.BAD),
            new Extent(5 * MIB + 512, 188, Extent.Kind.BAD));
    FaultySource source = new FaultySource(new ByteArraySource(bytes));
    bad.forEach(range -> source.unreadable(range.start(), range.length()));
    Task task = new Task("capture", "bad");
    CaptureResult result = store.capture(source, "bad", CaptureOptions.defaults(), task);
    Manifest manifest = result.manifest();

    assertThat(result.bad()).isEqualTo(bad);
    assertThat(manifest.figures().badBytes())
        .isEqualTo(bad.stream().mapToLong(Extent::length).sum());
    assertThat(task.findings()).isNotEmpty().allMatch(f -> f.contains("cannot be read"));

    byte[] expected = bytes.clone();
    bad.forEach(r -> Arrays.fill(expected, (int) r.start(), (int) r.end(), (byte) 0));
    Path target = folder.resolve("back");
    Task restoring = new Task("restore", "bad");
    RestoreResult restored = store.restore(manifest, target, RestoreOptions.defaults(), restoring);
    assertThat(restored.bad()).isEqualTo(bad);
    assertThat(restoring.findings()).singleElement().asString().contains("" + bad.size());
    assertThat(Files.readAllBytes(target)).isEqualTo(expected);
    assertThat(Images.allocated(target)).isLessThanOrEqualTo(size - MIB - 3 * PAGE);

    try (BlockSource captured = store.source(manifest)) {
      List<Extent> seen = new ArrayList<>();
      captured
          .extents()
          .forEachRemaining(
              e -> {
                if (e.kind() == Extent.Kind.BAD) {
                  seen.add(e);
                }
              });
      assertThat(seen).isEqualTo(bad);
      for (Extent range : bad) {
        long from = Math.max(0, range.start() - 100);
        ByteBuffer buffer = ByteBuffer.allocate((int) (range.length() + 100));
        UnreadableException thrown =
            catchThrowableOfType(UnreadableException.class, () -> captured.read(from, buffer));
        assertThat(thrown.start()).isEqualTo(range.start());
        assertThat(thrown.length())
            .isEqualTo(Math.min(range.length(), from + buffer.capacity() - range.start()));
        assertThat(Arrays.copyOf(buffer.array(), (int) (range.start() - from)))
            .isEqualTo(Arrays.copyOfRange(bytes, (int) from, (int) range.start()));
        ByteBuffer after = ByteBuffer.allocate(64);
        int count = captured.read(range.end(), after);
        assertThat(Arrays.copyOf(after.array(), count))
            .isEqualTo(Arrays.copyOfRange(bytes, (int) range.end(), (int) range.end() + count));
      }
    }
    assertClean(store);
  }

  /** Bytes that cannot be read, in an image of 4 MiB, and the most reads that may take. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 16",
    "1048576, 512, 30", // a sector, in the middle of what is read at once
    "1049088, 7680, 50",
    "1048576, 2097152, 4120", // a read for each sector, and one for each segment
  })
  void aBadAreaCostsNoMoreReadsThanItsSectorsAndAFewMore(int start, int length, int most)
      throws IOException {
    byte[] bytes = Content.random(4 * MIB, 8);
    CountedSource counted = new CountedSource(bytes);
    if (length > 0) {
      counted.source.unreadable(start, length);
    }
    CaptureResult result =
        store.capture(counted, "bad", CaptureOptions.defaults(), Task.unwatched());
    assertThat(result.manifest().figures().badBytes()).isEqualTo(length);
    assertThat(counted.requests.get()).isLessThanOrEqualTo(most);
    Arrays.fill(bytes, start, start + length, (byte) 0);
    assertRestores(store, result.manifest(), image("image", bytes), folder);
  }

  @Test
  void aDriveThatReadsOnTheSecondTryIsCapturedWhole() throws IOException {
    byte[] bytes = Content.random(2 * MIB, 8);
    FaultySource source = new FaultySource(new ByteArraySource(bytes)).unreadable(MIB, 8 * PAGE, 1);
    CaptureResult result =
        store.capture(source, "shaky", CaptureOptions.defaults(), Task.unwatched());
    assertThat(result.bad()).isEmpty();
    assertRestores(store, result.manifest(), image("image", bytes), folder);
  }

  @Test
  void anImageNobodyCanReadIsAllBad() throws IOException {
    FaultySource source =
        new FaultySource(new ByteArraySource(new byte[MIB + 5])).unreadable(0, MIB + 5);
    CaptureResult result =
        store.capture(source, "dead", CaptureOptions.defaults(), Task.unwatched());
    assertThat(result.bad()).containsExactly(new Extent(0, MIB + 5, Extent.Kind.BAD));
    Path target = folder.resolve("back");
    Images.restore(store, result.manifest(), target);
    assertThat(Files.readAllBytes(target)).isEqualTo(new byte[MIB + 5]);
    assertThat(Images.allocated(target)).isLessThanOrEqualTo(PAGE);
    assertClean(store);
  }

  @Test
  void moreBadRangesThanAChunkHoldsAreAllRecorded() throws IOException {
    int count = 5000;
    byte[] bytes = Content.random(count * PAGE, 2);
    FaultySource source = new FaultySource(new ByteArraySource(bytes));
    for (int i = 0; i < count; i++) {
      source.unreadable((long) i * PAGE + 1024, 512);
    }
    CaptureResult result =
        store.capture(source, "worn", CaptureOptions.defaults(), Task.unwatched());
    assertThat(result.manifest().figures().badBytes()).isEqualTo(count * 512L);
    try (BlockSource captured = store.source(result.manifest())) {
      for (int i = 0; i < count; i += 499) {
        long page = (long) i * PAGE;
        assertThatThrownBy(() -> captured.read(page, ByteBuffer.allocate(PAGE)))
            .isInstanceOfSatisfying(
                UnreadableException.class,
                e -> {
                  assertThat(e.start()).isEqualTo(page + 1024);
                  assertThat(e.length()).isEqualTo(512);
                });
      }
    }
    assertClean(store);
  }

  @Test
  void aMillionBadSectorsNeedNoMoreMemoryThanAFew() throws Exception {
    int count = Effort.of("blksh.bad", 300_000, 1_000_000);
    Path output = folder.resolve("output");
    Process child =
        ChildJvm.start(
            output,
            List.of("-Xmx48m"),
            WornProgram.class,
            folder.resolve("worn").toString(),
            Integer.toString(count));
    assertThat(child.waitFor()).isZero();
    assertThat(Files.readString(output).strip())
        .matches("%d 1000 \\d{1,3}".formatted(count * 512L));
  }

  @Test
  void aFileCutShortWhileItIsCapturedIsBadFromThere() throws IOException {
    Path image = image("image", Content.random(2 * MIB, 3));
    try (BlockSource source = BlockSources.open(image)) {
      Images.truncate(image, MIB + 100);
      CaptureResult result =
          store.capture(source, "cut", CaptureOptions.defaults(), Task.unwatched());
      assertThat(result.bad()).containsExactly(new Extent(MIB + 100, MIB - 100, Extent.Kind.BAD));
    }
  }

  // ---- options, names, failures --------------------------------------------------------------

  @Test
  void aDryRunTellsWhatWouldBeStoredAndWritesNothing() throws IOException {
    captureBytes(Content.random(MIB, 1), "known");
    byte[] bytes = Content.random(3 * MIB, 1); // begins as the one that is known
    List<Path> before = files();
    CaptureResult result =
        store.capture(
            new ByteArraySource(bytes),
            "known",
            CaptureOptions.defaults().withDryRun(true),
            Task.unwatched());
    assertThat(result.dryRun()).isTrue();
    assertThat(result.manifest().figures().newPages()).isEqualTo(2 * MIB / PAGE);
    assertThat(files()).isEqualTo(before);
    Manifest real = captureBytes(bytes, "known").manifest();
    assertThat(real.version()).isEqualTo(2);
    assertThat(real.root()).isEqualTo(result.manifest().root());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        ".hidden",
        "-",
        "--help",
        "a/b",
        "/abs",
        "../../etc",
        "a\\b",
        "a@1",
        "a\nb",
        "a\u0000b",
        "a\u007fb",
        " a",
        "a ",
        "\u0085x"
      })
  void aNameThatIsNoPlainFileNameIsRefused(String name) throws IOException {
    List<Path> before = files();
    assertThatThrownBy(() -> captureBytes(new byte[10], name))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("name");
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void aNameThatIsTooLongIsRefusedAndTheLongestIsNot() {
    assertThatThrownBy(() -> captureBytes(new byte[10], "é".repeat(101)))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("200 bytes");
    assertThat(captureBytes(new byte[10], "é".repeat(100)).manifest().version()).isEqualTo(1);
    assertThat(store.names()).containsExactly("é".repeat(100));
  }

  @Test
  void aClosedSourceFailsInItsOwnWordsAndLeavesNoManifest() {
    ByteArraySource source = new ByteArraySource(Content.random(MIB, 1));
    source.close();
    assertThatThrownBy(
            () -> store.capture(source, "x", CaptureOptions.defaults(), Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("closed");
    assertThat(store.manifests()).isEmpty();
    assertClean(store);
  }

  @Test
  void anInterruptCancelsAndWhatWasStoredIsFoundAgain() throws Exception {
    byte[] bytes = Content.random(24 * MIB, 5);
    FaultySource source =
        new FaultySource(new ByteArraySource(bytes)).slow(0, 12 * MIB, Duration.ofMillis(20));
    source.slow(12 * MIB, 12 * MIB, Duration.ofMillis(200));
    Task task = new Task("capture", "slow");
    Throwable[] thrown = new Throwable[1];
    boolean[] interrupted = new boolean[1];
    Thread caller =
        new Thread(
            () -> {
              thrown[0] =
                  catchThrowable(
                      () -> store.capture(source, "slow", CaptureOptions.defaults(), task));
              interrupted[0] = Thread.currentThread().isInterrupted();
            });
    caller.start();
    await(() -> task.done() >= 4 * MIB);
    caller.interrupt();
    caller.join(20_000);
    assertThat(caller.isAlive()).isFalse();
    assertThat(thrown[0]).isInstanceOf(CancelledException.class);
    assertThat(interrupted[0]).isTrue();
    assertThat(task.isCancelled()).isTrue();
    assertThat(store.manifests()).isEmpty();
    assertThat(files()).noneMatch(file -> file.toString().endsWith(".part"));
    assertClean(store);

    Manifest manifest = captureBytes(bytes, "slow").manifest();
    assertThat(manifest.figures().newPages()).isLessThanOrEqualTo((24L * MIB - task.done()) / PAGE);
    assertRestores(store, manifest, image("image", bytes), folder);
    assertClean(store);
  }

  @Test
  void anInterruptBeforeTheCallCancelsIt() {
    Thread.currentThread().interrupt();
    try {
      FaultySource slow =
          new FaultySource(new ByteArraySource(Content.random(8 * MIB, 1)))
              .slow(Duration.ofMillis(100));
      assertThatThrownBy(
              () -> store.capture(slow, "x", CaptureOptions.defaults(), Task.unwatched()))
          .isInstanceOf(CancelledException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(store.manifests()).isEmpty();
    assertClean(store);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve("store"))) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
