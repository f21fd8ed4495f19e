package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.io.UnreadableException;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackFiles;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Reads here and there: of a few pages, which take no more of a frame than they must, and of many,
 * which do not keep the frames.
 */
class ManifestReadsTest {

  private static final int PAGES = 5000;
  private static final int FEW = 5;
  private static final int MANY = 200;

  @TempDir Path folder;

  /** Pages that compress in all degrees, and some that do not at all. */
  private byte[] image() {
    byte[] bytes = new byte[PAGES * Page.SIZE];
    Random random = new Random(4);
    random.nextBytes(bytes);
    for (int page = 0; page < PAGES; page++) {
      int same = page / 200 % 3 == 0 ? 0 : random.nextInt(Page.SIZE);
      Arrays.fill(bytes, page * Page.SIZE, page * Page.SIZE + same, (byte) page);
    }
    return bytes;
  }

  private Store capture(byte[] bytes, CodecChoice.Kind codec) throws IOException {
    Path image = Files.write(folder.resolve("image"), bytes);
    Store store =
        Store.create(folder.resolve("store"), new StoreOptions(CodecChoice.parse(codec.name())));
    try (BlockSource source = BlockSources.open(image)) {
      store.capture(source, "image", CaptureOptions.defaults(), Task.unwatched());
    }
    return store;
  }

  /** Reads up to so many pages at random; returns how many reads failed. */
  private static int readAround(BlockSource source, byte[] bytes, int reads, int most) {
    Random random = new Random(5);
    int failed = 0;
    for (int i = 0; i < reads; i++) {
      int count = 1 + random.nextInt(most);
      int page = random.nextInt(PAGES - count);
      ByteBuffer target = ByteBuffer.allocateDirect(count * Page.SIZE);
      int good;
      try {
        good = source.read((long) page * Page.SIZE, target);
        assertThat(good).isEqualTo(count * Page.SIZE);
      } catch (UnreadableException e) {
        good = (int) (e.start() - (long) page * Page.SIZE);
        assertThat(target.position()).isEqualTo(good);
        failed++;
      }
      byte[] found = new byte[good];
      target.get(0, found);
      int at = page * Page.SIZE;
      assertThat(Arrays.mismatch(found, 0, good, bytes, at, at + good))
          .as("first wrong byte of %d pages from page %d", count, page)
          .isEqualTo(-1);
    }
    return failed;
  }

  @ParameterizedTest
  @EnumSource(CodecChoice.Kind.class)
  void theyAreTheBytesOfTheirPlace(CodecChoice.Kind codec) throws IOException {
    byte[] bytes = image();
    try (Store store = capture(bytes, codec);
        BlockSource source = store.source(store.manifest("image"))) {
      assertThat(readAround(source, bytes, 20_000, FEW)).isZero();
      assertThat(readAround(source, bytes, 1_000, MANY)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(CodecChoice.Kind.class)
  void whatIsDamagedFailsAndNothingElseDoes(CodecChoice.Kind codec) throws IOException {
    byte[] bytes = image();
    try (Store store = capture(bytes, codec)) {
      List<Path> packs;
      try (Stream<Path> files = Files.walk(store.path().resolve("packs"))) {
        packs = files.filter(file -> file.toString().endsWith(".pack")).toList();
      }
      Random random = new Random(6);
      for (Path pack : packs) {
        try (RandomAccessFile file = new RandomAccessFile(pack.toFile(), "rw")) {
          for (int i = 0; i < 30; i++) {
            long at =
                PackFiles.HEADER
                    + (long) (random.nextDouble() * (file.length() - PackFiles.HEADER));
            file.seek(at);
            int old = file.read();
            file.seek(at);
            file.write(old ^ 1 << random.nextInt(8));
          }
        }
      }
      try (BlockSource source = store.source(store.manifest("image"))) {
        assertThat(readAround(source, bytes, 1_000, MANY)).isPositive();
        int failed = readAround(source, bytes, 20_000, FEW);
        assertThat(failed).isBetween(1, 10_000);
      }
    }
  }
}
