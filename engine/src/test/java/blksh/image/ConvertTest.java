package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.block.SliceSource;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConvertTest {

  @TempDir Path directory;

  private Image ext4() {
    return Images.open(
        new ByteArraySource("image", Fixture.bytes("partclone-ext4-crc32")),
        ImageOptions.defaults());
  }

  private Path restored() throws IOException {
    Path to = directory.resolve("ext4.raw");
    try (Image image = ext4()) {
      ImageRestore.run(image, to, ImageRestoreOptions.defaults(), Task.unwatched());
    }
    return to;
  }

  @Test
  void aRestoredFileIsTheWholePartitionAndSparse() throws IOException {
    Path to = restored();
    assertThat(Fixture.sha256(Files.readAllBytes(to))).isEqualTo(Fixture.EXT4_SHA256);
    long blocks = (Long) Files.getAttribute(to, "unix:size");
    assertThat(blocks).isEqualTo(1536 * 1024);
    try (FileSource file = FileSource.open(to)) {
      assertThat(file.extents()).toIterable().hasSizeGreaterThan(1);
    }
    try (Image image = ext4()) {
      assertThatThrownBy(
              () -> ImageRestore.run(image, to, ImageRestoreOptions.defaults(), Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it exists");
    }
  }

  @Test
  void aRestoreOfDamagedDataLeavesNothingBehind() throws IOException {
    byte[] bytes = Fixture.bytes("partclone-ext4-crc32");
    bytes[bytes.length - 2000] ^= 1;
    Path to = directory.resolve("out.raw");
    try (Image image = Images.open(new ByteArraySource(bytes), ImageOptions.defaults())) {
      assertThatThrownBy(
              () -> ImageRestore.run(image, to, ImageRestoreOptions.defaults(), Task.unwatched()))
          .isInstanceOf(DataChecksumException.class);
    }
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(ChecksumKind.class)
  void aConvertedImageHoldsTheSameAndProvesItself(ChecksumKind checksum) {
    for (boolean zstd : new boolean[] {false, true}) {
      Path to = directory.resolve(checksum + "-" + zstd);
      ConvertOptions options =
          ConvertOptions.defaults().withChecksum(checksum).withSeekableZstd(zstd);
      try (Image image = ext4()) {
        ConvertResult result = Convert.toPartclone(image, to, options, Task.unwatched());
        assertThat(result.writtenBytes()).isEqualTo(sizeOf(to));
      }
      ImageOptions open = ImageOptions.defaults().withIndexDirectory(directory.resolve("i"));
      try (Image image = Images.open(to, open)) {
        assertThat(image.info().compression()).isEqualTo(zstd ? "zstd" : "");
        assertThat(image.info().checksum()).isEqualTo(checksum.title());
        assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
        assertThat(image.verify(Task.unwatched()).clean()).isTrue();
      }
    }
  }

  private static long sizeOf(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void theMapOfAnExtFileSystemYieldsThePartcloneImageOfIt() throws IOException {
    try (BlockSource used = UsedBlocks.skipFree(FileSource.open(restored()))) {
      Path to = directory.resolve("own.img");
      Convert.toPartclone(used, to, ConvertOptions.defaults(), Task.unwatched());
      try (Image own = Images.open(to);
          Image theirs = ext4()) {
        assertThat(own.info().usedBlocks()).isEqualTo(theirs.info().usedBlocks());
        assertThat(own.extents()).toIterable().containsExactlyElementsOf(() -> theirs.extents());
        assertThat(Fixture.sha256(own)).isEqualTo(Fixture.EXT4_SHA256);
      }
      assertThat(Fixture.sha256(used)).isEqualTo(Fixture.EXT4_SHA256);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NONE", "CRC32"})
  void partcloneAcceptsWhatIsWritten(ChecksumKind checksum) throws Exception {
    Tool.named("partclone.chkimg");
    Path to = directory.resolve("new.img");
    Path log = directory.resolve("log");
    try (Image image = ext4()) {
      ConvertOptions options = ConvertOptions.defaults().withChecksum(checksum);
      Convert.toPartclone(image, to, options, Task.unwatched());
    }
    Tool.named("partclone.chkimg").run("-s", to.toString(), "-L", log.toString());
    Path raw = directory.resolve("theirs.raw");
    try (var file = new java.io.RandomAccessFile(raw.toFile(), "rw")) {
      file.setLength(1536 * 1024);
    }
    Tool.named("partclone.restore")
        .run("-C", "-s", to.toString(), "-O", raw.toString(), "-L", log.toString());
    assertThat(Fixture.sha256(Files.readAllBytes(raw))).isEqualTo(Fixture.EXT4_SHA256);
    Tool.named("e2fsck").run("-fn", raw.toString());
  }

  @Test
  void aRawImageInFramesIsReadByAnyZstd() throws Exception {
    Path to = directory.resolve("raw.zst");
    try (Image image = ext4()) {
      ConvertResult result =
          Convert.toRawZstd(image, to, ConvertOptions.defaults(), Task.unwatched());
      assertThat(result.size()).isEqualTo(1536 * 1024);
      assertThat(result.usedBlocks()).isEqualTo(83 * 1024);
      assertThat(result.writtenBytes()).isEqualTo(sizeOf(to)).isLessThan(100_000);
    }
    ImageOptions open = ImageOptions.defaults().withIndexDirectory(directory.resolve("i"));
    try (Image image = Images.open(to, open)) {
      assertThat(image.info().format()).isEqualTo("raw");
      assertThat(Fixture.sha256(image)).isEqualTo(Fixture.EXT4_SHA256);
    }
    Tool.named("zstd");
    Path raw = directory.resolve("raw");
    Tool.named("zstd").run("-qd", to.toString(), "-o", raw.toString());
    assertThat(Fixture.sha256(Files.readAllBytes(raw))).isEqualTo(Fixture.EXT4_SHA256);
  }

  @Test
  void aDryRunCountsAndRefusesAndWritesNothing() throws IOException {
    Path there = Files.writeString(directory.resolve("there"), "precious");
    Path to = directory.resolve("new");
    ConvertOptions convert = ConvertOptions.defaults().withDryRun(true);
    ImageRestoreOptions restore = ImageRestoreOptions.defaults().withDryRun(true);
    Task task = Task.unwatched();
    try (Image image = ext4()) {
      assertThat(Convert.toPartclone(image, to, convert, task).usedBlocks()).isEqualTo(83);
      assertThat(Convert.toRaw(image, to, convert, task).usedBlocks()).isEqualTo(83 * 1024);
      assertThat(Convert.toRawZstd(image, to, convert, task).usedBlocks()).isEqualTo(83 * 1024);
      assertThat(ImageRestore.run(image, to, restore, task).writtenBytes()).isEqualTo(83 * 1024);
      assertThatThrownBy(() -> Convert.toPartclone(image, there, convert, task))
          .hasMessageContaining("it exists");
      assertThatThrownBy(() -> ImageRestore.run(image, there, restore, task))
          .hasMessageContaining("it exists");
      assertThatThrownBy(() -> ImageRestore.run(image, directory.resolve("no/new"), restore, task))
          .hasMessageContaining("its directory does not exist");
    }
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(there);
    }
    assertThat(there).hasContent("precious");
  }

  @Test
  void whatIsKnownToLackSomethingIsNotWrittenOverAnything() throws IOException {
    byte[] whole = Fixture.bytes("partclone-ext4-crc32");
    byte[] cut = Arrays.copyOf(whole, whole.length - 5000);
    byte[] precious = Content.random(1536 << 10, 1);
    Path there = Files.write(directory.resolve("there"), precious);
    ImageRestoreOptions over = ImageRestoreOptions.defaults().withOverwrite(true);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageOptions tolerant = ImageOptions.defaults().withTolerant(true);
    Image image = Images.open(new ByteArraySource(cut), tolerant);
    try (BlockSource part = new SliceSource(image, 0, image.size())) {
      assertThatThrownBy(() -> ImageRestore.run(part, there, over, Task.unwatched()))
          .isInstanceOf(BlkshException.class);
      assertThatThrownBy(() -> ImageRestore.run(part, out, null, Task.unwatched()))
          .isInstanceOf(BlkshException.class);
    }
    assertThat(out.size()).isZero();
    assertThat(Arrays.mismatch(Files.readAllBytes(there), precious)).isEqualTo(-1);
  }

  /** The whole partition, with a pattern where nothing is used. */
  private byte[] filled(Image image, byte[] pattern) {
    byte[] all = new byte[(int) image.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = pattern[i % pattern.length];
    }
    ByteBuffer bytes = ByteBuffer.wrap(all);
    image
        .extents()
        .forEachRemaining(
            extent -> {
              if (extent.kind() != Extent.Kind.FREE) {
                bytes.limit((int) extent.end()).position((int) extent.start());
                image.read(extent.start(), bytes);
              }
            });
    return all;
  }

  @Test
  void whatIsNotUsedIsFilledAsAsked() throws IOException {
    byte[] pattern = "unused-".getBytes(StandardCharsets.US_ASCII);
    Filling filling = new Filling(pattern);
    Path to = Files.write(directory.resolve("old"), Content.random(1536 << 10, 2));
    ImageRestoreOptions options =
        ImageRestoreOptions.defaults().withOverwrite(true).withFilling(filling);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Image image = ext4()) {
      byte[] expected = filled(image, pattern);
      ImageRestoreResult result = ImageRestore.run(image, to, options, Task.unwatched());
      assertThat(result.writtenBytes()).isEqualTo(image.size());
      assertThat(Arrays.mismatch(Files.readAllBytes(to), expected)).isEqualTo(-1);
      ImageRestore.run(image, out, filling, Task.unwatched());
      assertThat(Arrays.mismatch(out.toByteArray(), expected)).isEqualTo(-1);
    }
    assertThatThrownBy(() -> new Filling(new byte[0])).hasMessageContaining("of 0 bytes");
  }

  @Test
  void whatIsUsedIsHandedOnInOrderAndProven() throws IOException {
    byte[] bytes = Fixture.bytes("partclone-ext4-crc32");
    byte[] whole = Files.readAllBytes(restored());
    byte[] got = new byte[whole.length];
    long[] end = {0};
    UsedData.Taker taker =
        (position, piece) -> {
          assertThat(position).isGreaterThanOrEqualTo(end[0]);
          end[0] = position + piece.remaining();
          piece.get(got, (int) position, piece.remaining());
        };
    try (Image image = ext4()) {
      assertThat(UsedData.each(image, taker, Task.unwatched())).isEqualTo(83 * 1024);
    }
    assertThat(Arrays.mismatch(got, whole)).isEqualTo(-1);
    bytes[bytes.length - 2000] ^= 1;
    UsedData.Taker nobody = (position, piece) -> {};
    try (Image image = Images.open(new ByteArraySource(bytes), ImageOptions.defaults())) {
      assertThatThrownBy(() -> UsedData.each(image, nobody, Task.unwatched()))
          .isInstanceOf(DataChecksumException.class);
    }
    ImageOptions tolerant = ImageOptions.defaults().withTolerant(true);
    try (Image image = Images.open(new ByteArraySource(bytes), tolerant)) {
      assertThat(UsedData.each(image, nobody, Task.unwatched())).isEqualTo(83 * 1024);
    }
  }

  @Test
  void whatIsBeingReadIsNotWrittenOver() throws IOException {
    Path file = Fixture.file(directory, "partclone-ext4-crc32");
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    ImageRestoreOptions restore = ImageRestoreOptions.defaults().withOverwrite(true);
    ConvertOptions convert = ConvertOptions.defaults().withOverwrite(true);
    try (Image image = Images.open(file)) {
      for (Path to : List.of(file, link)) {
        assertThatThrownBy(() -> ImageRestore.run(image, to, restore, Task.unwatched()))
            .hasMessageContaining("it is what is being read");
        assertThatThrownBy(() -> Convert.toPartclone(image, to, convert, Task.unwatched()))
            .hasMessageContaining("it is what is being read");
      }
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(Fixture.bytes("partclone-ext4-crc32"));
  }
}
