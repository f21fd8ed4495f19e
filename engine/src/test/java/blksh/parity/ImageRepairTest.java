package blksh.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SourceInfo;
import blksh.block.WritableFile;
import blksh.block.WritableSource;
import blksh.io.UnreadableException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of 10 percent parity, damaged in every way, and put right. */
class ImageRepairTest {

  private static final int SECTOR = 2048;
  private static final int IMAGE = 4000;
  private static final ParityLayout LAYOUT =
      new ParityLayout("0123456789abcdef", IMAGE, ImageParity.of(0.1));

  @TempDir Path dir;
  private byte[] whole;

  /** An image in memory. */
  private record Memory(byte[] bytes) implements ParityWriting.Medium {

    @Override
    public void read(long position, ByteBuffer to) {
      to.put(bytes, (int) position, to.remaining());
    }

    @Override
    public void write(long position, ByteBuffer from) {
      from.get(bytes, (int) position, from.remaining());
    }
  }

  @BeforeEach
  void makeImage() throws IOException {
    whole = new byte[(int) LAYOUT.total() * SECTOR];
    Random random = new Random(16);
    byte[] sector = new byte[SECTOR];
    for (int i = 0; i < IMAGE; i++) {
      if (i % 10 != 3) { // some are zeros, as in any image
        random.nextBytes(sector);
        System.arraycopy(sector, 0, whole, i * SECTOR, SECTOR);
      }
    }
    for (int each : ParityLayout.HEADERS) {
      System.arraycopy(LAYOUT.header(), 0, whole, each * SECTOR, SECTOR);
    }
    random.nextBytes(sector);
    System.arraycopy(sector, 0, whole, whole.length - SECTOR, SECTOR);
    ParityWriting.write(LAYOUT, new Memory(whole), Task.unwatched());
  }

  private static BlockSource source(byte[] bytes) {
    return new ByteArraySource("disc", bytes);
  }

  private static void wipe(byte[] bytes, long sector) {
    Arrays.fill(bytes, (int) sector * SECTOR, (int) (sector + 1) * SECTOR, (byte) 0);
  }

  private byte[] repaired(BlockSource... copies) throws IOException {
    Path to = dir.resolve("repaired.iso");
    Files.deleteIfExists(to);
    ParityLayout found = ParityLayout.find(copies[0]);
    ImageRepair.copy(List.of(copies), found, to, false, Task.unwatched());
    return Files.readAllBytes(to);
  }

  @Test
  void aWholeImageIsWholeAndTheSameEachTime() throws IOException {
    byte[] before = whole.clone();
    assertThat(ImageRepair.check(source(whole), LAYOUT, Task.unwatched()).lost()).isZero();
    makeImage();
    assertThat(whole).isEqualTo(before);
    assertThat(repaired(source(whole))).isEqualTo(whole);
  }

  @Test
  void twoPercentOfSectorsZeroedAtRandomComeBack() throws IOException {
    for (int seed = 0; seed < 3; seed++) {
      byte[] damaged = whole.clone();
      new Random(seed)
          .ints(LAYOUT.total() / 50, 0, (int) LAYOUT.total())
          .forEach(each -> wipe(damaged, each));
      ImageRepair.Report told = ImageRepair.check(source(damaged), LAYOUT, Task.unwatched());
      assertThat(told.lost()).isGreaterThan(50);
      assertThat(repaired(source(damaged))).isEqualTo(whole);
    }
  }

  @Test
  void aScratchOfThePercentageComesBackWhereverItIs() throws IOException {
    int length = (int) (LAYOUT.total() / 10);
    for (int from = 0; from <= LAYOUT.total() - length; from += from == 0 ? 401 : 733) {
      byte[] damaged = whole.clone();
      for (int i = from; i < from + length; i++) {
        wipe(damaged, i);
      }
      assertThat(repaired(source(damaged))).as("scratch from %s", from).isEqualTo(whole);
    }
    byte[] cut = Arrays.copyOf(whole, whole.length - length * SECTOR);
    assertThat(repaired(source(cut))).as("cut short").isEqualTo(whole);
  }

  @Test
  void whatIsTurnedSilentlyAndWhatCannotBeReadComesBack() throws IOException {
    byte[] damaged = whole.clone();
    Random random = new Random(5);
    for (int i = 0; i < 90; i++) {
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
    }
    BitSet unreadable = new BitSet();
    random.ints(80, 300, (int) LAYOUT.total()).forEach(unreadable::set);
    assertThat(repaired(new Scratched(damaged, unreadable))).isEqualTo(whole);
  }

  @Test
  void stripesWithoutDigestsComeBackWhenWhatIsLeftAgrees() throws IOException {
    byte[] damaged = whole.clone();
    for (long stripe = 0; stripe < LAYOUT.stripes(); stripe++) {
      for (int copy = 0; copy < 3; copy++) {
        wipe(damaged, LAYOUT.digests(copy) + stripe);
      }
    }
    wipe(damaged, 700);
    // In every other stripe a fifth of the sectors are zeros: nobody can say which of them should
    // be.
    assertThatThrownBy(() -> repaired(source(damaged))).isInstanceOf(BlkshException.class);

    byte[] one = whole.clone();
    for (int copy = 0; copy < 3; copy++) {
      wipe(one, LAYOUT.digests(copy) + 4);
    }
    for (int column = 20; column < 40; column += 4) {
      wipe(one, column * LAYOUT.stripes() + 4);
    }
    wipe(one, LAYOUT.row(7) + 4);
    assertThat(repaired(source(one))).isEqualTo(whole);
    one[(int) (60 * LAYOUT.stripes() + 4) * SECTOR + 99] ^= 1;
    assertThatThrownBy(() -> repaired(source(one)))
        .as("nothing that is not proven")
        .isInstanceOf(BlkshException.class);
  }

  @Test
  void moreThanParityCanDoIsToldAndNoFileLeft() throws IOException {
    byte[] damaged = whole.clone();
    int length = (int) (LAYOUT.total() / 7);
    for (int i = 1000; i < 1000 + length; i++) {
      wipe(damaged, i);
    }
    assertThatThrownBy(() -> repaired(source(damaged)))
        .hasMessageContaining("cannot be put right")
        .hasMessageContaining("byte");
    try (var files = Files.list(dir)) {
      assertThat(files).isEmpty();
    }
    byte[] other = whole.clone();
    for (int i = 0; i < 1200; i++) {
      wipe(other, i + 2500);
    }
    assertThat(repaired(source(damaged), source(other)))
        .as("two copies have it together")
        .isEqualTo(whole);
  }

  @Test
  void anImageIsPutRightWhereItIs() throws IOException {
    byte[] damaged = whole.clone();
    new Random(2).ints(90, 0, (int) LAYOUT.total()).forEach(each -> wipe(damaged, each));
    Path image = Files.write(dir.resolve("image.iso"), damaged);
    try (WritableFile file = WritableFile.open(image)) {
      ImageRepair.Report report = ImageRepair.inPlace(file, List.of(), LAYOUT, Task.unwatched());
      assertThat(report.lost()).isZero();
      assertThat(report.repaired()).isBetween(60L, 90L);
    }
    assertThat(image).hasBinaryContent(whole);
  }

  @Test
  void aRepairThatIsEndedAnywhereLeavesNoSectorWorse() throws IOException {
    byte[] damaged = whole.clone();
    new Random(3).ints(60, 0, (int) LAYOUT.total()).forEach(each -> wipe(damaged, each));
    for (int writes = 0; writes < 50; writes += 7) {
      Path image = Files.write(dir.resolve("image.iso"), damaged);
      try (WritableFile file = WritableFile.open(image)) {
        WritableSource ending = new Ending(file, writes);
        assertThatThrownBy(() -> ImageRepair.inPlace(ending, List.of(), LAYOUT, Task.unwatched()))
            .hasMessageContaining("power cut");
      }
      byte[] now = Files.readAllBytes(image);
      for (int sector = 0; sector < LAYOUT.total(); sector++) {
        int from = sector * SECTOR;
        if (!Arrays.equals(now, from, from + SECTOR, whole, from, from + SECTOR)) {
          assertThat(Arrays.equals(damaged, from, from + SECTOR, whole, from, from + SECTOR))
              .as("sector %s", sector)
              .isFalse();
        }
      }
      try (WritableFile file = WritableFile.open(image)) {
        ImageRepair.inPlace(file, List.of(), LAYOUT, Task.unwatched());
      }
      assertThat(image).hasBinaryContent(whole);
    }
  }

  @Test
  void aDamagedImageReadsAsItWas() {
    byte[] damaged = whole.clone();
    new Random(4).ints(90, 0, (int) LAYOUT.total()).forEach(each -> wipe(damaged, each));
    for (int i = 1500; i < 1700; i++) {
      wipe(damaged, i);
    }
    try (BlockSource disc = new RepairedSource(source(damaged), LAYOUT)) {
      assertThat(disc.size()).isEqualTo(whole.length);
      Random random = new Random(6);
      for (int i = 0; i < 60; i++) {
        int at = random.nextInt(IMAGE * SECTOR);
        ByteBuffer some =
            ByteBuffer.allocate(Math.min(1 + random.nextInt(900_000), IMAGE * SECTOR - at));
        assertThat(disc.read(at, some)).isEqualTo(some.capacity());
        assertThat(some.array()).isEqualTo(Arrays.copyOfRange(whole, at, at + some.capacity()));
      }
      ByteBuffer last = ByteBuffer.allocate(SECTOR);
      disc.read(whole.length - SECTOR, last);
      assertThat(last.array())
          .isEqualTo(Arrays.copyOfRange(whole, whole.length - SECTOR, whole.length));
    }
  }

  @Test
  void anImageWhoseFirstDigestsAreLostReadsAsItWas() {
    byte[] damaged = whole.clone();
    for (long stripe = 0; stripe < LAYOUT.stripes(); stripe++) {
      wipe(damaged, LAYOUT.digests(0) + stripe);
    }
    wipe(damaged, 77);
    wipe(damaged, LAYOUT.digests(1) + 4);
    wipe(damaged, LAYOUT.digests(2) + 4);
    try (BlockSource disc = new RepairedSource(source(damaged), LAYOUT)) {
      ByteBuffer all = ByteBuffer.allocate(IMAGE * SECTOR);
      disc.read(0, all);
      assertThat(all.array()).isEqualTo(Arrays.copyOf(whole, IMAGE * SECTOR));
    }
  }

  @Test
  void aScratchOverTheBeginningComesBackFromALongerDrive() throws IOException {
    byte[] damaged = Arrays.copyOf(whole, whole.length + 150 * SECTOR);
    Arrays.fill(damaged, 0, whole.length / 11, (byte) 0);
    Arrays.fill(damaged, whole.length, damaged.length, (byte) 0x55);
    assertThat(repaired(source(damaged))).isEqualTo(whole);
  }

  @Test
  void whatCannotBePutRightIsNoData() {
    byte[] damaged = whole.clone();
    for (int i = 1000; i < 2000; i++) {
      wipe(damaged, i);
    }
    try (BlockSource disc = new RepairedSource(source(damaged), LAYOUT)) {
      ByteBuffer some = ByteBuffer.allocate(10 * SECTOR);
      assertThatThrownBy(() -> disc.read(995L * SECTOR, some))
          .isInstanceOfSatisfying(
              UnreadableException.class, e -> assertThat(e.start()).isEqualTo(1000L * SECTOR));
      assertThat(Arrays.copyOf(some.array(), 5 * SECTOR))
          .isEqualTo(Arrays.copyOfRange(whole, 995 * SECTOR, 1000 * SECTOR));
    }
  }

  @Test
  void aHeaderIsFoundWhereOneIsLeft() {
    byte[] damaged = whole.clone();
    wipe(damaged, 128);
    assertThat(ParityLayout.find(source(damaged)).total()).isEqualTo(LAYOUT.total());
    wipe(damaged, 192);
    assertThat(ParityLayout.find(source(damaged)).label()).isEqualTo("0123456789abcdef");
    damaged[damaged.length - 2 * SECTOR + 40] ^= 1;
    assertThat(ParityLayout.find(source(damaged))).isNull();
  }

  /** A drive may be far longer than the image in it: who knows where that ends says so. */
  @Test
  void aSourceIsNotSearchedFromEndToEnd() {
    byte[] damaged = whole.clone();
    wipe(damaged, 16);
    wipe(damaged, 128);
    wipe(damaged, 192);
    AtomicLong reads = new AtomicLong();
    BlockSource bytes = source(damaged);
    BlockSource drive =
        new BlockSource() {
          @Override
          public long size() {
            return 1L << 40;
          }

          @Override
          public int read(long position, ByteBuffer target) {
            reads.incrementAndGet();
            return position < bytes.size() ? bytes.read(position, target) : zeros(target);
          }

          private int zeros(ByteBuffer target) {
            int length = target.remaining();
            target.put(new byte[length]);
            return length;
          }

          @Override
          public SourceInfo describe() {
            return bytes.describe();
          }

          @Override
          public void close() {}
        };
    assertThat(ParityLayout.find(drive)).isNull();
    assertThat(reads.get()).isLessThan(1000);
    assertThat(ParityLayout.find(drive, whole.length).label()).isEqualTo("0123456789abcdef");
  }

  /** Some sectors cannot be read. */
  private record Scratched(byte[] bytes, BitSet unreadable) implements BlockSource {

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int wanted = (int) Math.min(target.remaining(), bytes.length - position);
      int bad = unreadable.nextSetBit((int) (position / SECTOR));
      if (bad >= 0 && (long) bad * SECTOR < position + wanted) {
        throw new UnreadableException("disc", (long) bad * SECTOR, SECTOR, "a scratch", null);
      }
      target.put(bytes, (int) position, wanted);
      return wanted;
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("disc", "disc", "disc");
    }

    @Override
    public void close() {}
  }

  /** Loses power in the middle of a write. */
  private static final class Ending implements WritableSource {
    private final WritableFile file;
    private int left;

    Ending(WritableFile file, int left) {
      this.file = file;
      this.left = left;
    }

    @Override
    public void write(long position, ByteBuffer bytes) {
      if (left-- == 0) {
        file.write(position, bytes.slice(0, 700));
        throw new BlkshException("write", "power cut");
      }
      file.write(position, bytes);
    }

    @Override
    public void zero(long position, long length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void sync() {
      file.sync();
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return file.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return file.describe();
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
