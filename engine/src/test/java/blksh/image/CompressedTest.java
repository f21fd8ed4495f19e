package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.block.UnreadableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompressedTest {

  private static final int SIZE = 20 << 20;
  private static final byte[] DATA = Sample.disk(SIZE, 1);

  @TempDir Path directory;

  /** How a stream under test is made. */
  record Maker(String name, String compression, Packer packer) {
    interface Packer {
      byte[] pack(byte[] data) throws IOException;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  interface Wrapper {
    OutputStream around(OutputStream out) throws IOException;
  }

  private static byte[] pack(byte[] data, int from, int to, Wrapper wrapper) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream packed = wrapper.around(out)) {
      packed.write(data, from, to - from);
    }
    return out.toByteArray();
  }

  /** Streams one after the other, cut at odd places. */
  private static byte[] several(byte[] data, int each, Wrapper wrapper) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < data.length; at += each) {
      out.write(pack(data, at, Math.min(data.length, at + each), wrapper));
    }
    return out.toByteArray();
  }

  static Stream<Maker> makers() {
    return Stream.of(
        new Maker("gzip", "gzip", data -> pack(data, 0, data.length, GZIPOutputStream::new)),
        new Maker("gzip members", "gzip", data -> several(data, 1_234_567, GZIPOutputStream::new)));
  }

  @ParameterizedTest
  @MethodSource("makers")
  void readsEveryByteInOrder(Maker maker) throws IOException {
    try (BlockSource source = open(maker.packer.pack(DATA))) {
      assertThat(source.describe().type()).startsWith(maker.compression);
      assertThat(Arrays.mismatch(Sample.read(source, 0, SIZE + 10), DATA)).isEqualTo(-1);
      assertThat(source.size()).isEqualTo(SIZE);
      assertThat(Sample.read(source, SIZE, 10)).isEmpty();
      assertThat(Sample.read(source, Long.MAX_VALUE, 10)).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void findsItsSizeByItself(Maker maker) throws IOException {
    try (BlockSource source = open(maker.packer.pack(DATA))) {
      assertThat(source.size()).isEqualTo(SIZE);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void readsAtRandomFromEightThreads(Maker maker) throws Exception {
    try (BlockSource source = open(write(maker))) {
      assertThat(Sample.read(source, SIZE * 9L / 10, 10))
          .isEqualTo(Arrays.copyOfRange(DATA, SIZE / 10 * 9, SIZE / 10 * 9 + 10));
      readAtRandom(source, 8, 200);
    }
    try (BlockSource again = open(directory.resolve(maker.name))) {
      readAtRandom(again, 8, 50);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void knowsEverythingAtTheSecondOpening(Maker maker) throws Exception {
    Path file = write(maker);
    try (BlockSource source = open(file)) {
      source.size();
    }
    try (CompressedSource again = (CompressedSource) open(file)) {
      assertThat(again.sizeIfKnown()).isEqualTo(SIZE);
      assertThat(Sample.read(again, SIZE - 5, 10))
          .isEqualTo(Arrays.copyOfRange(DATA, SIZE - 5, SIZE));
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatBreaksOffIsTruncatedAndNotZeros(Maker maker) throws IOException {
    byte[] packed = maker.packer.pack(DATA);
    for (int part = 1; part < 8; part++) {
      byte[] cut = Arrays.copyOf(packed, packed.length / 8 * part);
      try (BlockSource source = open(cut)) {
        ByteBuffer buffer = ByteBuffer.allocate(SIZE);
        CompressedTruncatedException failure =
            catchThrowableOfType(CompressedTruncatedException.class, () -> source.read(0, buffer));
        assertThat(failure).isNotNull();
        assertThat(failure.start()).isEqualTo(buffer.position()).isLessThan(SIZE);
        assertThat(
                Arrays.mismatch(buffer.array(), 0, buffer.position(), DATA, 0, buffer.position()))
            .isEqualTo(-1);
        assertThatThrownBy(source::size).isInstanceOf(CompressedTruncatedException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void damageEndsInANamedErrorOrInTheRightBytes(Maker maker) throws IOException {
    byte[] packed = maker.packer.pack(Arrays.copyOf(DATA, 3 << 20));
    Random random = new Random(4);
    int refused = 0;
    for (int round = 0; round < 40; round++) {
      byte[] bad = packed.clone();
      int at = 20 + random.nextInt(bad.length - 20);
      bad[at] ^= (byte) (1 << random.nextInt(8));
      try (BlockSource source = open(bad)) {
        ByteBuffer buffer = ByteBuffer.allocate(4 << 20);
        int count = source.read(0, buffer);
        assertThat(Arrays.equals(buffer.array(), 0, count, DATA, 0, 3 << 20))
            .as("bit at " + at)
            .isTrue();
      } catch (UnreadableException e) {
        assertThat(e.kind()).startsWith("Compressed");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(30);
  }

  @Test
  void anUnreadableCompressedByteIsUnreadable() throws IOException {
    byte[] packed = pack(DATA, 0, SIZE, GZIPOutputStream::new);
    FaultySource faulty = new FaultySource(new ByteArraySource(packed));
    faulty.unreadable(packed.length / 2, 100);
    try (BlockSource source = Compressed.open(faulty, directory.resolve("index")).orElseThrow()) {
      assertThat(Sample.read(source, 0, 1000)).isEqualTo(Arrays.copyOf(DATA, 1000));
      UnreadableException failure =
          catchThrowableOfType(UnreadableException.class, () -> Sample.read(source, SIZE - 10, 10));
      assertThat(failure.start()).isEqualTo(SIZE - 10);
      assertThat(failure.length()).isEqualTo(10);
      faulty.heal();
      assertThat(Sample.read(source, SIZE - 10, 10))
          .isEqualTo(Arrays.copyOfRange(DATA, SIZE - 10, SIZE));
    }
  }

  @Test
  void extentsAreDataUpToTheEnd() throws IOException {
    try (BlockSource source = open(pack(DATA, 0, SIZE, GZIPOutputStream::new))) {
      long[] at = {100};
      source
          .extents(100, Long.MAX_VALUE)
          .forEachRemaining(
              extent -> {
                assertThat(extent.start()).isEqualTo(at[0]);
                at[0] = extent.end();
              });
      assertThat(at[0]).isEqualTo(SIZE);
    }
  }

  @Test
  void anotherFileAtTheSamePathHasAnotherIndex() throws Exception {
    Maker maker = makers().findFirst().orElseThrow();
    Path file = write(maker);
    try (BlockSource source = open(file)) {
      source.size();
    }
    byte[] other = Sample.disk(SIZE, 2);
    Files.write(file, maker.packer.pack(other));
    try (BlockSource source = open(file)) {
      assertThat(Sample.read(source, SIZE / 2, 100))
          .isEqualTo(Arrays.copyOfRange(other, SIZE / 2, SIZE / 2 + 100));
    }
  }

  @Test
  void aDamagedIndexIsNotBelieved() throws Exception {
    Maker maker = makers().findFirst().orElseThrow();
    Path file = write(maker);
    try (BlockSource source = open(file)) {
      source.size();
    }
    Random random = new Random(5);
    for (int round = 0; round < 20; round++) {
      try (Stream<Path> files = Files.list(directory.resolve("index"))) {
        for (Path index : files.toList()) {
          byte[] bytes = Files.readAllBytes(index);
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
          Files.write(index, Arrays.copyOf(bytes, bytes.length - random.nextInt(3)));
        }
      }
      try (BlockSource source = open(file)) {
        readAtRandom(source, 1, 5);
        assertThat(source.size()).isEqualTo(SIZE);
      }
    }
  }

  @Test
  void twoOpeningsAtOnceDoNotDisturbEachOther() throws Exception {
    Path file = write(makers().findFirst().orElseThrow());
    try (BlockSource first = open(file);
        BlockSource second = open(file)) {
      readAtRandom(first, 2, 20);
      readAtRandom(second, 2, 20);
    }
    try (Stream<Path> files = Files.list(directory.resolve("index"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void whatIsNotCompressedIsLeftAlone() {
    ByteArraySource plain = new ByteArraySource(DATA);
    assertThat(Compressed.open(plain, directory.resolve("index"))).isEmpty();
    assertThat(Compressed.open(new ByteArraySource(new byte[0]), directory)).isEmpty();
    assertThat(Sample.read(plain, 0, 10)).hasSize(10);
  }

  private static void readAtRandom(BlockSource source, int threads, int reads) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        Random random = new Random(thread);
        results.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < reads; i++) {
                    int from = random.nextInt(SIZE);
                    int length = random.nextInt(random.nextInt(20) == 0 ? 1 << 20 : 10_000);
                    int to = Math.min(SIZE, from + length);
                    byte[] read = Sample.read(source, from, length);
                    assertThat(Arrays.equals(read, 0, read.length, DATA, from, to))
                        .as("%d bytes at %d", length, from)
                        .isTrue();
                  }
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private Path write(Maker maker) throws IOException {
    return Files.write(directory.resolve(maker.name), maker.packer.pack(DATA));
  }

  private BlockSource open(byte[] packed) {
    return open(new ByteArraySource(packed));
  }

  private BlockSource open(Path file) {
    return open(FileSource.open(file));
  }

  private BlockSource open(BlockSource raw) {
    return Compressed.open(raw, directory.resolve("index")).orElseThrow();
  }
}
