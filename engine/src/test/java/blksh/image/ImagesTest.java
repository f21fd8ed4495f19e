package blksh.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.SliceSource;
import blksh.filesystem.Structure;
import blksh.kit.Reading;
import blksh.task.Task;
import com.github.luben.zstd.Zstd;
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
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagesTest {

  private static final String CRC32 = "partclone-ext4-crc32";
  private static final String NO_RESEED = "partclone-ext4-no-reseed";
  private static final String NTFSCLONE = "ntfsclone-ntfs";
  private static final String PARTIMAGE = "partimage-ext2";

  @TempDir Path directory;

  private Image open(byte[] bytes) {
    return open(bytes, ImageOptions.defaults());
  }

  private Image open(byte[] bytes, ImageOptions options) {
    return Images.open(
        new ByteArraySource("image", bytes),
        options.withIndexDirectory(directory.resolve("indexes")));
  }

  private String kindOf(byte[] bytes) {
    return catchThrowableOfType(BlkshException.class, () -> open(bytes).close()).kind();
  }

  @ParameterizedTest
  @CsvSource({
    CRC32 + "," + Fixture.EXT4_SHA256 + ",partclone",
    NO_RESEED + "," + Fixture.EXT4_SHA256 + ",partclone",
    NTFSCLONE + "," + Fixture.NTFS_SHA256 + ",ntfsclone",
    PARTIMAGE + "," + Fixture.EXT2_SHA256 + ",partimage"
  })
  void anImageHoldsWhatItsOwnToolRestores(String name, String sha256, String format)
      throws IOException {
    try (Image image = Images.open(Fixture.file(directory, name))) {
      assertThat(Fixture.sha256(image)).isEqualTo(sha256);
      assertThat(image.info().format()).isEqualTo(format);
      assertThat(image.info().warnings()).isEmpty();
      assertThat(image.verify(Task.unwatched()).clean()).isTrue();
      double used = Arrays.stream(image.usage(16)).sum() * image.size() / 16;
      assertThat(used)
          .isBetween(image.info().usedBytes() - 1024.0, image.info().usedBytes() + 1024.0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {CRC32, NO_RESEED, NTFSCLONE, PARTIMAGE})
  void extentsCoverTheImageAndFreeOnesReadAsZeros(String name) {
    try (Image image = open(Fixture.bytes(name))) {
      long at = 0;
      for (var extents = image.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        assertThat(extent.start()).isEqualTo(at);
        at = extent.end();
        if (extent.kind() == Extent.Kind.FREE) {
          byte[] bytes = Reading.read(image, extent.start(), (int) extent.length());
          assertThat(bytes).containsOnly(0);
        }
      }
      assertThat(at).isEqualTo(image.size());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CRC32, NO_RESEED, NTFSCLONE, PARTIMAGE, "0001", "raw", "gzip", "XXH64", "XXH128", "iso"
      })
  void randomReadsFromEightThreadsAreRight(String name) throws Exception {
    byte[] stored = stored(name);
    try (Image image = open(stored, ImageOptions.defaults())) {
      byte[] whole = name.equals("iso") ? stored : wholeOf(name);
      ExecutorService threads = Executors.newFixedThreadPool(8);
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        long seed = t;
        done.add(
            threads.submit(
                () -> {
                  Random random = new Random(seed);
                  for (int i = 0; i < 10_000; i++) {
                    int at = random.nextInt(whole.length + 100);
                    int length = random.nextInt(random.nextInt(10) == 0 ? 300_000 : 5000);
                    byte[] read = Reading.read(image, at, length);
                    int end = Math.min(whole.length, at + length);
                    boolean same =
                        at >= end
                            ? read.length == 0
                            : Arrays.equals(whole, at, end, read, 0, read.length);
                    if (!same) {
                      throw new AssertionError(length + " bytes at " + at);
                    }
                  }
                }));
      }
      for (Future<?> future : done) {
        future.get();
      }
      threads.shutdown();
    }
  }

  private byte[] stored(String name) throws IOException {
    return switch (name) {
      case "0001" -> old(4);
      case "raw" -> wholeOf(CRC32);
      case "gzip" -> gzip(Fixture.bytes(CRC32));
      case "iso" -> iso();
      case "XXH64", "XXH128" -> {
        try (Image image = open(Fixture.bytes(CRC32))) {
          Path to = directory.resolve("converted");
          ConvertOptions options =
              ConvertOptions.defaults().withChecksum(ChecksumKind.valueOf(name));
          Convert.toPartclone(image, to, options, Task.unwatched());
          yield Files.readAllBytes(to);
        }
      }
      default -> Fixture.bytes(name);
    };
  }

  /** The partition as one long read has it, which other tests compare with the real tools. */
  private byte[] wholeOf(String name) {
    String fixture = List.of(NO_RESEED, NTFSCLONE, PARTIMAGE).contains(name) ? name : CRC32;
    try (Image image = open(Fixture.bytes(fixture))) {
      return Reading.read(image, 0, (int) image.size());
    }
  }

  private static byte[] iso() throws IOException {
    byte[] packed = Files.readAllBytes(Path.of("src/test/resources/images/files/iso-rock.img.zst"));
    return Zstd.decompress(packed, (int) Zstd.getFrameContentSize(packed));
  }

  private byte[] old(int trailer) {
    try (Image image = open(Fixture.bytes(CRC32))) {
      byte[] whole = Reading.read(image, 0, (int) image.size());
      boolean[] stored = new boolean[(int) (image.size() / 1024)];
      for (int i = 0; i < stored.length; i++) {
        stored[i] = image.extents(i * 1024L, 1024).next().kind() == Extent.Kind.DATA;
      }
      return Fixture.partcloneOld(whole, 1024, stored, trailer);
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var out = new java.io.ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void format0001OpensWithEitherWidthOfChecksum(int trailer) throws IOException {
    byte[] old = old(trailer);
    try (Image image = open(old);
        Image zipped = open(gzip(old))) {
      assertThat(image.info().version()).isEqualTo("0001");
      assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
      assertThat(Fixture.sha256(zipped)).isEqualTo(Fixture.EXT4_SHA256);
      assertThat(image.verify(Task.unwatched()).clean()).isTrue();
    }
  }

  @Test
  void format0001FindsADamagedFirstByteInItsOwnBlockAlone() {
    byte[] old = old(4);
    int data = 4168 + 1536;
    old[data + 5 * 1028] ^= 1;
    try (Image image = open(old)) {
      ImageVerification report = image.verify(Task.unwatched());
      assertThat(report.bad()).extracting(BadGroup::group).containsExactly(5L);
    }
  }

  /** Header, map of 1536 blocks and its checksum; then groups of 16 blocks of 1024 bytes. */
  private static final int DATA = 110 + 192 + 4;

  private static final int GROUP = 16 * 1024 + 4;

  @ParameterizedTest
  @ValueSource(strings = {CRC32, NO_RESEED})
  void verifyListsEveryDamagedGroupAndReadsFailThereAlone(String name) {
    byte[] bytes = Fixture.bytes(name);
    byte[] good = wholeOf(CRC32);
    bytes[DATA + GROUP + 1000] ^= 4;
    bytes[DATA + 3 * GROUP + 5000] ^= 4;
    try (Image image = open(bytes);
        Image tolerant = open(bytes, ImageOptions.defaults().withTolerant(true))) {
      ImageVerification report = image.verify(Task.unwatched());
      assertThat(report.groups()).isEqualTo(6);
      assertThat(report.bad()).extracting(BadGroup::group).containsExactly(1L, 3L);
      assertThat(report.bad()).extracting(BadGroup::kind).containsOnly("DataChecksum");
      BadGroup bad = report.bad().get(0);
      int wrong = 0;
      for (int block = 0; block < 1536; block++) {
        int at = block * 1024;
        boolean inBad =
            report.bad().stream().anyMatch(g -> at >= g.start() && at < g.start() + g.length());
        try {
          byte[] read = Reading.read(image, at, 1024);
          assertThat(Arrays.equals(good, at, at + 1024, read, 0, 1024)).isTrue();
        } catch (DataChecksumException e) {
          wrong++;
          assertThat(inBad).isTrue();
          assertThat(e.start()).isEqualTo(at);
          assertThat(e.length()).isEqualTo(1024);
        }
      }
      assertThat(wrong).isEqualTo(32);
      assertThat(Reading.read(tolerant, 0, good.length)).hasSameSizeAs(good);
      assertThatThrownBy(() -> Reading.read(image, bad.start(), 1 << 20))
          .isInstanceOf(DataChecksumException.class)
          .hasMessageContaining("checksum group 1")
          .hasMessageContaining("tolerant = true");
    }
  }

  @Test
  void bytesBeforeADamagedGroupArriveIntact() {
    byte[] bytes = Fixture.bytes(CRC32);
    byte[] good = wholeOf(CRC32);
    bytes[DATA + GROUP + 7] ^= 1;
    try (Image image = open(bytes)) {
      ByteBuffer buffer = ByteBuffer.allocate(good.length);
      DataChecksumException failure =
          catchThrowableOfType(DataChecksumException.class, () -> image.read(0, buffer));
      int before = (int) failure.start();
      assertThat(before).isPositive();
      assertThat(buffer.position()).isEqualTo(before);
      assertThat(Arrays.equals(good, 0, before, buffer.array(), 0, before)).isTrue();
    }
  }

  @Test
  void aCutImageIsRefusedAtOnceAndReadAsFarAsItGoesWhenAskedTo() {
    byte[] whole = Fixture.bytes(CRC32);
    byte[] cut = Arrays.copyOf(whole, DATA + 2 * GROUP + 3000);
    assertThat(kindOf(cut)).isEqualTo("BodyTruncated");
    byte[] good = wholeOf(CRC32);
    try (Image image = open(cut, ImageOptions.defaults().withTolerant(true))) {
      assertThat(image.info().warnings()).hasSize(1);
      List<Extent> bad = new ArrayList<>();
      for (var extents = image.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind() == Extent.Kind.BAD) {
          bad.add(extent);
        } else {
          byte[] read = Reading.read(image, extent.start(), (int) extent.length());
          assertThat(read)
              .isEqualTo(Arrays.copyOfRange(good, (int) extent.start(), (int) extent.end()));
        }
      }
      assertThat(bad.stream().mapToLong(Extent::length).sum()).isEqualTo((83 - 34) * 1024L);
      assertThatThrownBy(() -> Reading.read(image, bad.get(0).end() - 1, 1))
          .isInstanceOf(BodyTruncatedException.class);
      assertThat(image.verify(Task.unwatched()).clean()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {CRC32, NO_RESEED, NTFSCLONE, PARTIMAGE})
  void everyTruncationOfEveryImageIsNamed(String name) {
    byte[] whole = Fixture.bytes(name);
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      byte[] cut = Arrays.copyOf(whole, random.nextInt(whole.length - 4));
      try (Image image = open(cut)) {
        // what is cut off behind all that is proven is only warned of
        boolean clean = image.verify(Task.unwatched()).clean();
        assertThat(clean && image.info().warnings().isEmpty()).as(name + cut.length).isFalse();
      } catch (BlkshException e) {
        assertThat(e.kind()).matches("BadMagic|.*Truncated");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "100,HeaderCrc",
    "120,BitmapCrc",
    "84,HeaderCrc",
    "3,BadMagic",
    "33,UnsupportedVersion"
  })
  void aDamagedHeaderIsNamed(int at, String kind) {
    byte[] bytes = Fixture.bytes(CRC32);
    bytes[at] ^= 0x11;
    assertThat(kindOf(bytes)).isEqualTo(kind);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1L << 62, Long.MAX_VALUE, -1, 1L << 43})
  void absurdHeadersAllocateNothing(long blocks) {
    byte[] bytes = Arrays.copyOf(Fixture.bytes(CRC32), 110);
    Structure header = Structure.of(bytes);
    header.putI64(60, blocks);
    header.putI32(106, RawCrc.of(bytes, 0, 106));
    assertThat(kindOf(bytes)).isEqualTo("AbsurdSize");
  }

  @Test
  void aBitmapThatIsNotThereIsNotAllocated() {
    byte[] bytes = Arrays.copyOf(Fixture.bytes(CRC32), 110);
    Structure header = Structure.of(bytes);
    header.putI64(52, Long.MAX_VALUE);
    header.putI64(60, 1L << 40);
    header.putI32(106, RawCrc.of(bytes, 0, 106));
    assertThat(kindOf(bytes)).isEqualTo("BitmapTruncated");
  }

  @Test
  void splitFilesOpenByTheirFirstPartAndAMissingPartIsNamed() throws IOException {
    byte[] whole = Fixture.bytes(CRC32);
    int size = 3000;
    for (int i = 0; i * size < whole.length; i++) {
      String suffix = "" + (char) ('a' + i / 26) + (char) ('a' + i % 26);
      Files.write(
          directory.resolve("sda1.img." + suffix),
          Arrays.copyOfRange(whole, i * size, Math.min(whole.length, (i + 1) * size)));
    }
    for (String name : List.of("sda1.img.aa", "sda1.img")) {
      try (Image image = Images.open(directory.resolve(name))) {
        assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
      }
    }
    Files.delete(directory.resolve("sda1.img.ac"));
    assertThatThrownBy(() -> Images.open(directory.resolve("sda1.img.aa")))
        .isInstanceOf(MissingPartException.class)
        .hasMessageContaining("sda1.img.ac is missing");
  }

  @Test
  void partimageVolumesAreJoinedWithoutTheirHeadersEachCompressedForItself() throws IOException {
    byte[] whole = Fixture.bytes(PARTIMAGE);
    byte[] header = Arrays.copyOf(whole, 512);
    int[] cuts = {512, 50_000, 70_001, whole.length};
    for (boolean compressed : new boolean[] {false, true}) {
      for (int i = 0; i < 3; i++) {
        Structure.of(header).putI32(96, i);
        var volume = new java.io.ByteArrayOutputStream();
        volume.writeBytes(header);
        volume.write(whole, cuts[i], cuts[i + 1] - cuts[i]);
        byte[] bytes = volume.toByteArray();
        Files.write(directory.resolve("v.00" + i), compressed ? gzip(bytes) : bytes);
      }
      try (Image image = Images.open(directory.resolve("v.000"))) {
        assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT2_SHA256);
        assertThat(image.verify(Task.unwatched()).clean()).isTrue();
      }
    }
    assertThatThrownBy(() -> Images.open(directory.resolve("v.001")))
        .isInstanceOf(MissingPartException.class)
        .hasMessageContaining(".000");
  }

  @Test
  void whatPartimageDoesNotCheckIsCoveredByItsSum() {
    byte[] bytes = Fixture.bytes(PARTIMAGE);
    int tail =
        new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("MAGIC-BEGIN-TAIL");
    bytes[tail - 10] ^= 1;
    try (Image image = open(bytes)) {
      assertThat(image.verify(Task.unwatched()).bad())
          .extracting(BadGroup::kind)
          .containsExactly("DataChecksum");
    }
  }

  @Test
  void rawImagesAreKnownByTheirContentAndOthersOnlyWhenAskedFor() {
    byte[] ext4 = wholeOf(CRC32);
    try (Image image = open(ext4)) {
      assertThat(image.info().format()).isEqualTo("raw");
      assertThat(image.info().fileSystem()).isEqualTo("EXTFS");
    }
    byte[] unknown = new byte[5000];
    new Random(3).nextBytes(unknown);
    assertThat(kindOf(unknown)).isEqualTo("BadMagic");
    assertThat(kindOf(new byte[0])).isEqualTo("BadMagic");
    try (Image image = open(unknown, ImageOptions.defaults().withRaw(true))) {
      assertThat(Reading.read(image, 0, 5000)).isEqualTo(unknown);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"7z\u00bc\u00af", "LRZI", "PK\3\4"})
  void whatIsSomethingElseIsNamed(String magic) {
    byte[] large = Arrays.copyOf(magic.getBytes(ISO_8859_1), 2 << 20);
    assertThatThrownBy(() -> open(large))
        .isInstanceOf(BadMagicException.class)
        .hasMessageContaining("which is not read");
  }

  @Test
  void aLaterPartIsNamed() throws IOException {
    Files.write(directory.resolve("x.aa"), Fixture.bytes(CRC32));
    Files.write(directory.resolve("x.ab"), new byte[3000]);
    assertThatThrownBy(() -> Images.open(directory.resolve("x.ab")))
        .isInstanceOf(BadMagicException.class)
        .hasMessageContaining("it looks like a later part: open " + directory.resolve("x.aa"));
  }

  @Test
  void anImageInsideAnotherSourceOpens() throws IOException {
    byte[] inner = Fixture.bytes(CRC32);
    byte[] outer = new byte[inner.length + 4096];
    System.arraycopy(inner, 0, outer, 4096, inner.length);
    try (Image image =
        Images.open(
            new SliceSource(new ByteArraySource(outer), 4096, inner.length),
            ImageOptions.defaults())) {
      assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
    }
  }

  @Test
  void aSetOfClonezillaIsATreeOfItsPartitions() throws IOException {
    Path set = Files.createDirectory(directory.resolve("set"));
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("parts"), "sda1 sda2 sda3\n");
    Files.writeString(set.resolve("disk"), "sda\n");
    Files.writeString(set.resolve("dev-fs.list"), "# device fs\n/dev/sda1 ext4\n/dev/sda3 ntfs\n");
    Files.writeString(
        set.resolve("sda-pt.sf"),
        "unit: sectors\n\n/dev/sda1 : start=        2048, size=        3072, type=83\n");
    Files.writeString(set.resolve("swappt-sda2.info"), "UUID=\n");
    byte[] ext4 = gzip(Fixture.bytes(CRC32));
    Files.write(set.resolve("sda1.ext4-ptcl-img.gz.aa"), Arrays.copyOf(ext4, 20_000));
    Files.write(
        set.resolve("sda1.ext4-ptcl-img.gz.ab"), Arrays.copyOfRange(ext4, 20_000, ext4.length));
    Files.write(set.resolve("sda3.ntfs-img"), gzip(Fixture.bytes(NTFSCLONE)));

    ClonezillaSet opened = ClonezillaSet.open(set);
    assertThat(opened.disks()).containsExactly("sda");
    assertThat(opened.members())
        .extracting(ClonezillaSet.Member::name)
        .containsExactly("sda1", "sda2", "sda3");
    ClonezillaSet.Member first = opened.member("sda1").orElseThrow();
    assertThat(first.start()).isEqualTo(2048 * 512);
    assertThat(first.fileSystem()).isEqualTo("ext4");
    ImageOptions options = ImageOptions.defaults().withIndexDirectory(directory.resolve("i"));
    try (Image image = first.open(options);
        Image third = opened.member("sda3").orElseThrow().open(options)) {
      assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
      assertThat(Fixture.sha256(third)).isEqualTo(Fixture.NTFS_SHA256);
    }
    assertThat(opened.member("sda2").orElseThrow().hasImage()).isFalse();
  }

  @Test
  void aLogicalVolumeWithDotsInItsNameIsNoOther() throws IOException {
    Path set = Files.createDirectory(directory.resolve("set"));
    Files.writeString(set.resolve("clonezilla-img"), "");
    byte[] image = gzip(Fixture.bytes(CRC32));
    for (String name :
        List.of(
            "vg0-root.ext4-ptcl-img.gz",
            "vg0-root.old.ext4-ptcl-img.gz.aa",
            "vg0-root.old.ext4-ptcl-img.gz.ab",
            "vg0-v1.2.3.dd-ptcl-img.zst",
            "vg0-home.bak.ntfs-img",
            "vg0-srv.old.aa",
            "sdb1.ext4-ptcl-img.gz",
            "sdb1.ntfs-ptcl-img.gz")) {
      Files.write(set.resolve(name), image);
    }
    ClonezillaSet opened = ClonezillaSet.open(set);
    assertThat(opened.members())
        .extracting(ClonezillaSet.Member::name, it -> it.file().getFileName().toString())
        .containsExactlyInAnyOrder(
            tuple("vg0-root", "vg0-root.ext4-ptcl-img.gz"),
            tuple("vg0-root.old", "vg0-root.old.ext4-ptcl-img.gz.aa"),
            tuple("vg0-v1.2.3", "vg0-v1.2.3.dd-ptcl-img.zst"),
            tuple("vg0-home.bak", "vg0-home.bak.ntfs-img"),
            tuple("vg0-srv.old", "vg0-srv.old.aa"),
            // two images of one partition: neither is taken for it
            tuple("sdb1.ext4-ptcl-img.gz", "sdb1.ext4-ptcl-img.gz"),
            tuple("sdb1.ntfs-ptcl-img.gz", "sdb1.ntfs-ptcl-img.gz"));
  }

  @Test
  void hashesThatGoOnProveUpToTheFirstDamageAndNothingAfterIt() {
    byte[] crc32 = Fixture.bytes(CRC32);
    ByteBuffer out = ByteBuffer.allocate(DATA + 83 * 1024 + 6 * 16);
    out.put(crc32, 0, DATA);
    GroupDigest digest = GroupDigest.Xxh.of128Bits(true);
    for (int group = 0; group < 6; group++) {
      int length = Math.min(16, 83 - group * 16) * 1024;
      byte[] trailer = new byte[16];
      digest.begin(trailer);
      digest.add(crc32, DATA + group * GROUP, length);
      digest.put(trailer, 0);
      out.put(crc32, DATA + group * GROUP, length).put(trailer);
    }
    byte[] bytes = out.array();
    Structure header = Structure.of(bytes);
    header.putU16(96, 0x31);
    header.putU16(98, 16);
    bytes[104] = 0;
    header.putI32(106, RawCrc.of(bytes, 0, 106));
    try (Image image = open(bytes)) {
      assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
      assertThat(image.verify(Task.unwatched()).clean()).isTrue();
    }
    bytes[DATA + 4 * (16 * 1024 + 16) + 100] ^= 1;
    try (Image image = open(bytes)) {
      assertThat(image.verify(Task.unwatched()).bad())
          .extracting(BadGroup::group)
          .containsExactly(4L, 5L);
    }
  }

  @Test
  void anIsoImageIsKnownByItsDescriptorsAndACutOneRefused() {
    byte[] iso = new byte[40 * 2048];
    Structure disc = Structure.of(iso);
    int descriptor = 16 * 2048;
    iso[descriptor] = 1;
    disc.putText(descriptor + 1, "CD001");
    disc.putText(descriptor + 40, "SAMPLE");
    disc.putI32(descriptor + 80, 40);
    disc.putU16(descriptor + 128, 2048);
    iso[descriptor + 2048] = (byte) 255;
    disc.putText(descriptor + 2049, "CD001");
    try (Image image = open(iso)) {
      assertThat(image.info().format()).isEqualTo("iso");
      assertThat(image.info().header()).containsEntry("volume", "SAMPLE");
      assertThat(image.size()).isEqualTo(iso.length);
      assertThat(image.verify(Task.unwatched()).clean()).isTrue();
    }
    assertThat(kindOf(Arrays.copyOf(iso, iso.length - 2048))).isEqualTo("BodyTruncated");
  }
}
