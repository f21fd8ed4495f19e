package blksh.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.io.UnreadableException;
import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.Reading;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.XZOutputStream;

class CompressedTest {

  private static final int SIZE = 12 << 20;
  private static final byte[] DATA = Content.disk(SIZE, 1);

  private static final Path MADE = Path.of("src/test/resources/images/compressed");

  @TempDir Path directory;

  /** How a stream under test is made. */
  record Maker(String name, String compression, Packer packer) {
    interface Packer {
      byte[] pack(byte[] data) throws IOException;
    }

    /** Less for what takes long to pack. */
    byte[] data() {
      return Arrays.copyOf(
          DATA, List.of("xz", "bzip2", "lzma").contains(compression) ? 3 << 20 : SIZE);
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

  private static Maker single(String name, String compression, Wrapper wrapper) {
    return new Maker(name, compression, data -> pack(data, 0, data.length, wrapper));
  }

  private static Maker several(String name, String compression, Wrapper wrapper) {
    return new Maker(name, compression, data -> several(data, 1_234_567, wrapper));
  }

  /** Data packed by a program, which is there on the machines that test; else by its stand-in. */
  private static byte[] tool(byte[] data, Wrapper otherwise, String... command) throws IOException {
    Process process;
    try {
      process = Child.of(command).start();
    } catch (IOException notInstalled) {
      return pack(data, 0, data.length, otherwise);
    }
    Thread feeder =
        new Thread(
            () -> {
              try (OutputStream in = process.getOutputStream()) {
                in.write(data);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    feeder.start();
    return process.getInputStream().readAllBytes();
  }

  private static OutputStream zstd(OutputStream out) throws IOException {
    return new ZstdOutputStream(out).setChecksum(true);
  }

  private static OutputStream lz4(OutputStream out) throws IOException {
    return new LZ4FrameOutputStream(
        out,
        LZ4FrameOutputStream.BLOCKSIZE.SIZE_256KB,
        LZ4FrameOutputStream.FLG.Bits.BLOCK_INDEPENDENCE,
        LZ4FrameOutputStream.FLG.Bits.CONTENT_CHECKSUM);
  }

  private static OutputStream seekableXz(OutputStream out) throws IOException {
    return new XZOutputStream(out, new LZMA2Options(0)) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        for (int at = 0; at < length; at += 1 << 20) {
          super.write(bytes, offset + at, Math.min(1 << 20, length - at));
          endBlock();
        }
      }
    };
  }

  static Stream<Maker> makers() {
    return Stream.of(
        single("gzip", "gzip", GZIPOutputStream::new),
        several("gzip members", "gzip", GZIPOutputStream::new),
        single("zstd", "zstd", CompressedTest::zstd),
        several("zstd frames", "zstd", CompressedTest::zstd),
        single("xz", "xz", out -> new XZOutputStream(out, new LZMA2Options(0))),
        single("xz blocks", "xz", CompressedTest::seekableXz),
        several("xz streams", "xz", out -> new XZOutputStream(out, new LZMA2Options(0))),
        single("lz4", "lz4", CompressedTest::lz4),
        several("lz4 frames", "lz4", CompressedTest::lz4),
        new Maker(
            "lz4 linked",
            "lz4",
            data -> tool(data, CompressedTest::lz4, "lz4", "-q", "-BD", "-B5", "-c")),
        single("bzip2", "bzip2", BZip2CompressorOutputStream::new),
        several("bzip2 streams", "bzip2", out -> new BZip2CompressorOutputStream(out, 1)),
        single("lzma", "lzma", out -> new LZMAOutputStream(out, new LZMA2Options(0), -1)));
  }

  private static final Map<String, byte[]> PACKED = new ConcurrentHashMap<>();

  /** The whole data packed, once for all tests. */
  private static byte[] packed(Maker maker) {
    return PACKED.computeIfAbsent(
        maker.name,
        name -> {
          try {
            return maker.packer.pack(maker.data());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("makers")
  void readsEveryByteInOrder(Maker maker) throws IOException {
    byte[] data = maker.data();
    try (BlockSource source = open(packed(maker))) {
      assertThat(source.describe().type()).startsWith(maker.compression);
      assertThat(Arrays.mismatch(Reading.read(source, 0, data.length + 10), data)).isEqualTo(-1);
      assertThat(source.size()).isEqualTo(data.length);
      assertThat(Reading.read(source, data.length, 10)).isEmpty();
      assertThat(Reading.read(source, Long.MAX_VALUE, 10)).isEmpty();
    }
  }

  @Test
  void theLibraryForBzip2DecodesWhatJavaWritesAndRefusesWhatIsDamaged() throws IOException {
    Component.need(Bzip2Library.isAvailable(), "libbz2 is not installed");
    byte[] data = Arrays.copyOf(DATA, 2 << 20);
    byte[] packed = pack(data, 0, data.length, BZip2CompressorOutputStream::new);
    try (Bzip2Library decoded = new Bzip2Library(packed)) {
      assertThat(Arrays.mismatch(decoded.readAllBytes(), data)).isEqualTo(-1);
    }
    try (Bzip2Library decoded = new Bzip2Library(Arrays.copyOf(packed, packed.length / 2))) {
      assertThatThrownBy(decoded::readAllBytes).isInstanceOf(IOException.class);
    }
    byte[] damaged = packed.clone();
    damaged[packed.length / 2] ^= 1;
    try (Bzip2Library decoded = new Bzip2Library(damaged)) {
      assertThatThrownBy(decoded::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  /** A bzip2 block of zeros comes to 46 MB, far more than is held of it. */
  @Test
  void readsBzip2BlocksThatComeToMoreThanIsHeld() throws IOException {
    byte[] data = Arrays.copyOf(Content.disk(1 << 20, 3), 60 << 20);
    System.arraycopy(Content.disk(1 << 20, 4), 0, data, 59 << 20, 1 << 20);
    byte[] packed = pack(data, 0, data.length, BZip2CompressorOutputStream::new);
    try (BlockSource source = open(packed)) {
      for (int at : new int[] {50 << 20, 3 << 20, (59 << 20) - 5, 0}) {
        assertThat(Reading.read(source, at, 100_000))
            .isEqualTo(Arrays.copyOfRange(data, at, at + 100_000));
      }
      assertThat(source.size()).isEqualTo(data.length);
      assertThat(Arrays.mismatch(Reading.read(source, 0, data.length), data)).isEqualTo(-1);
    }
    packed[packed.length / 2] ^= 1;
    try (BlockSource source = open(packed)) {
      assertThatThrownBy(() -> Reading.read(source, 0, data.length))
          .isInstanceOf(CompressedCorruptException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void findsItsSizeByItself(Maker maker) throws IOException {
    try (BlockSource source = open(packed(maker))) {
      assertThat(source.size()).isEqualTo(maker.data().length);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void readsAtRandomFromEightThreads(Maker maker) throws Exception {
    try (BlockSource source = open(write(maker))) {
      int late = maker.data().length / 8 * 7;
      assertThat(Reading.read(source, late, 10))
          .isEqualTo(Arrays.copyOfRange(DATA, late, late + 10));
      readAtRandom(source, maker.data(), 8, 1250);
    }
    try (BlockSource again = open(directory.resolve(maker.name))) {
      readAtRandom(again, maker.data(), 8, 10);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void knowsEverythingAtTheSecondOpening(Maker maker) throws Exception {
    int size = maker.data().length;
    Path file = write(maker);
    try (BlockSource source = open(file)) {
      source.size();
    }
    try (CompressedSource again = (CompressedSource) open(file)) {
      assertThat(again.sizeIfKnown()).isEqualTo(size);
      assertThat(Reading.read(again, size - 5, 10))
          .isEqualTo(Arrays.copyOfRange(DATA, size - 5, size));
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatBreaksOffIsTruncatedAndNotZeros(Maker maker) throws IOException {
    byte[] packed = packed(maker);
    for (int part : new int[] {1, 6}) {
      byte[] cut = Arrays.copyOf(packed, packed.length / 8 * part);
      try (BlockSource source = open(cut)) {
        ByteBuffer buffer = ByteBuffer.allocate(SIZE);
        CompressedTruncatedException failure =
            catchThrowableOfType(CompressedTruncatedException.class, () -> source.read(0, buffer));
        assertThat(failure).isNotNull();
        assertThat(failure.start()).isEqualTo(buffer.position()).isLessThan(maker.data().length);
        assertThat(
                Arrays.mismatch(buffer.array(), 0, buffer.position(), DATA, 0, buffer.position()))
            .isEqualTo(-1);
        assertThatThrownBy(source::size).isInstanceOf(CompressedTruncatedException.class);
      }
    }
  }

  static Stream<String> tools() throws IOException {
    try (Stream<Path> files = Files.list(MADE)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.endsWith(".sh"))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("tools")
  void readsWhatTheToolsWrite(String name) {
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= 8000; i++) {
      lines.append("line ").append(i).append(" of the sample\n");
    }
    byte[] sample = lines.toString().getBytes(StandardCharsets.US_ASCII);
    try (BlockSource source = open(MADE.resolve(name))) {
      assertThat(Reading.read(source, 100_000, 1000))
          .isEqualTo(Arrays.copyOfRange(sample, 100_000, 101_000));
      assertThat(Reading.read(source, 0, sample.length + 1)).isEqualTo(sample);
      assertThat(source.size()).isEqualTo(sample.length);
    }
  }

  @ParameterizedTest
  @MethodSource("tools")
  void everyCutOfWhatTheToolsWriteIsNoticed(String name) throws IOException {
    byte[] packed = Files.readAllBytes(MADE.resolve(name));
    boolean separate = name.matches("(members|padded|frames|streams|files|pzstd).*");
    for (int length = 40; length < packed.length; length += 1 + packed.length / 11) {
      try (BlockSource source = open(Arrays.copyOf(packed, length))) {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        if (!separate) {
          assertThatThrownBy(() -> source.read(0, buffer))
              .as("%d bytes of %s", length, name)
              .isInstanceOf(CompressedTruncatedException.class);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void damageEndsInANamedErrorOrInTheRightBytes(Maker maker) throws IOException {
    byte[] packed = maker.packer.pack(Arrays.copyOf(DATA, 700_000));
    Random random = new Random(4);
    int refused = 0;
    for (int round = 0; round < 6; round++) {
      byte[] bad = packed.clone();
      int at = 20 + random.nextInt(bad.length - 20);
      bad[at] ^= (byte) (1 << random.nextInt(8));
      try (BlockSource source = open(bad)) {
        ByteBuffer buffer = ByteBuffer.allocate(4 << 20);
        int count = source.read(0, buffer);
        assertThat(Arrays.equals(buffer.array(), 0, count, DATA, 0, 700_000))
            .as("bit at " + at)
            .isTrue();
      } catch (UnreadableException e) {
        assertThat(e.kind()).startsWith("Compressed");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(4);
  }

  @Test
  void anUnreadableCompressedByteIsUnreadable() throws IOException {
    byte[] packed = pack(DATA, 0, SIZE, GZIPOutputStream::new);
    FaultySource faulty = new FaultySource(new ByteArraySource(packed));
    faulty.unreadable(packed.length / 2, 100);
    try (BlockSource source = Compressed.open(faulty, directory.resolve("index")).orElseThrow()) {
      assertThat(Reading.read(source, 0, 1000)).isEqualTo(Arrays.copyOf(DATA, 1000));
      UnreadableException failure =
          catchThrowableOfType(
              UnreadableException.class, () -> Reading.read(source, SIZE - 10, 10));
      assertThat(failure.start()).isEqualTo(SIZE - 10);
      assertThat(failure.length()).isEqualTo(10);
      faulty.heal();
      assertThat(Reading.read(source, SIZE - 10, 10))
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

  @ParameterizedTest
  @MethodSource("makers")
  void whatIsOpenedAgainLivesOnTheMemoryOfTheFirst(Maker maker) throws IOException {
    byte[] packed = packed(maker);
    long before = 0;
    for (int i = 0; i < 25; i++) {
      if (i == 1) {
        before = directMemory();
      }
      try (BlockSource source = open(packed)) {
        assertThat(Reading.read(source, 7, 100)).isEqualTo(Arrays.copyOfRange(DATA, 7, 107));
      }
    }
    assertThat(directMemory() - before).isLessThan(1 << 20);
  }

  /** Bytes of memory outside the heap that have been made and not been collected. */
  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  @Test
  void anotherFileAtTheSamePathHasAnotherIndex() throws Exception {
    Maker maker = makers().findFirst().orElseThrow();
    Path file = write(maker);
    try (BlockSource source = open(file)) {
      source.size();
    }
    byte[] other = Content.disk(SIZE, 2);
    Files.write(file, maker.packer.pack(other));
    try (BlockSource source = open(file)) {
      assertThat(Reading.read(source, SIZE / 2, 100))
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
        readAtRandom(source, DATA, 1, 5);
        assertThat(source.size()).isEqualTo(SIZE);
      }
    }
  }

  @Test
  void twoOpeningsAtOnceDoNotDisturbEachOther() throws Exception {
    Path file = write(makers().findFirst().orElseThrow());
    try (BlockSource first = open(file);
        BlockSource second = open(file)) {
      readAtRandom(first, DATA, 2, 20);
      readAtRandom(second, DATA, 2, 20);
    }
    try (Stream<Path> files = Files.list(directory.resolve("index"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void whatLiesFarFromAnyCheckpointIsKeptOnDisk() throws Exception {
    int size = 56 << 20;
    byte[] data = new byte[size];
    Random random = new Random(8);
    for (int at = 0; at < size; at += 1 + random.nextInt(5000)) {
      data[at] = (byte) random.nextInt();
    }
    Path file = Files.write(directory.resolve("frame"), pack(data, 0, size, CompressedTest::zstd));
    long kept;
    try (BlockSource source = open(file)) {
      source.size();
      kept = indexBytes();
      assertThat(kept).isPositive();
    }
    try (CompressedSource again = (CompressedSource) open(file)) {
      assertThat(again.sizeIfKnown()).isEqualTo(size);
      ExecutorService pool = Executors.newFixedThreadPool(4);
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        Random places = new Random(thread);
        results.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < 30; i++) {
                    int from = places.nextInt(size - 5000);
                    assertThat(Reading.read(again, from, 5000))
                        .isEqualTo(Arrays.copyOfRange(data, from, from + 5000));
                  }
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
      pool.shutdown();
      assertThat(indexBytes()).isEqualTo(kept);
    }
  }

  private long indexBytes() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("index"))) {
      return files
          .filter(path -> path.toString().endsWith(".data"))
          .mapToLong(path -> path.toFile().length())
          .sum();
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatRotsAfterItsFirstOpeningIsUnreadableWhereItDid(Maker maker) throws Exception {
    byte[] packed = packed(maker);
    Path file = write(maker);
    FileTime time = Files.getLastModifiedTime(file);
    try (BlockSource source = open(file)) {
      Reading.read(source, 0, maker.data().length + 1);
    }
    byte[] data = maker.data();
    for (int place : new int[] {packed.length / 3, packed.length * 3 / 4}) {
      byte[] rotten = packed.clone();
      rotten[place] ^= 4;
      Files.write(file, rotten);
      Files.setLastModifiedTime(file, time);
      try (BlockSource source = open(file)) {
        int unread = 0;
        for (int at = 0; at < data.length; at += 700_000) {
          int length = Math.min(700_000, data.length - at);
          ByteBuffer read = ByteBuffer.allocate(length);
          try {
            source.read(at, read);
          } catch (UnreadableException e) {
            assertThat(e.start()).isBetween((long) at, (long) at + length);
            unread++;
          }
          assertThat(
                  Arrays.equals(read.array(), 0, read.position(), data, at, at + read.position()))
              .as("%d bytes at %d", read.position(), at)
              .isTrue();
        }
        assertThat(unread).as("damage at " + place).isPositive();
      }
    }
  }

  @Test
  void whatWasReadWrongBeforeItWasProvenIsNotHeldAgainstIt() throws Exception {
    byte[] packed = pack(DATA, 0, SIZE, CompressedTest::lz4);
    Path file = Files.write(directory.resolve("disk.lz4"), packed);
    FileTime time = Files.getLastModifiedTime(file);
    byte[] misread = packed.clone();
    misread[packed.length / 2] ^= 1;
    Files.write(file, misread);
    Files.setLastModifiedTime(file, time);
    try (BlockSource source = open(file)) {
      assertThatThrownBy(() -> Reading.read(source, 0, SIZE + 1))
          .isInstanceOf(CompressedCorruptException.class);
    }
    Files.write(file, packed);
    Files.setLastModifiedTime(file, time);
    try (BlockSource source = open(file)) {
      assertThat(Arrays.mismatch(Reading.read(source, 0, SIZE + 1), DATA)).isEqualTo(-1);
    }
  }

  @Test
  void whatIsNotCompressedIsLeftAlone() {
    ByteArraySource plain = new ByteArraySource(DATA);
    assertThat(Compressed.open(plain, directory.resolve("index"))).isEmpty();
    assertThat(Compressed.open(new ByteArraySource(new byte[0]), directory)).isEmpty();
    assertThat(Reading.read(plain, 0, 10)).hasSize(10);
  }

  private static void readAtRandom(BlockSource source, byte[] data, int threads, int reads)
      throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        Random random = new Random(thread);
        results.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < reads; i++) {
                    int from = random.nextInt(data.length);
                    int length = random.nextInt(random.nextInt(20) == 0 ? 1 << 20 : 10_000);
                    int to = Math.min(data.length, from + length);
                    byte[] read = Reading.read(source, from, length);
                    assertThat(Arrays.equals(read, 0, read.length, data, from, to))
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
    return Files.write(directory.resolve(maker.name), packed(maker));
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
