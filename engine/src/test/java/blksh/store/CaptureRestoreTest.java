package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.allocated;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.assertSame;
import static blksh.store.Images.capture;
import static blksh.store.Images.restore;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockStream;
import blksh.block.SourceInfo;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.store.pack.CodecChoice;
import blksh.task.Task;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The main job: what was captured comes back bit for bit. */
class CaptureRestoreTest {

  @TempDir Path folder;

  private Store create(CodecChoice codec) {
    return Store.create(folder.resolve("store"), new StoreOptions(codec));
  }

  @ParameterizedTest
  @CsvSource({
    "0", "1", "511", "512", "513", "4095", "4096", "4097", "131071", "131072", "131073", "262143",
    "262145", "1048575", "1048576", "1048577", "5000001"
  })
  void anyImageSizeComesBackBitForBit(int size) throws IOException {
    Path random = Images.write(folder.resolve("random"), Content.random(size, size));
    Path zeros = Images.write(folder.resolve("zeros"), new byte[size]);
    try (Store store = create(CodecChoice.LZ4)) {
      Manifest first = capture(store, random, "random").manifest();
      Manifest second = capture(store, zeros, "zeros").manifest();
      assertThat(first.size()).isEqualTo(size);
      assertThat(first.figures().dataBytes()).isEqualTo(size);
      assertThat(second.figures().zeroBytes()).isEqualTo(size);
      assertThat(second.figures().storedBytes()).isZero();
      assertRestores(store, first, random, folder);
      assertRestores(store, second, zeros, folder);
      assertClean(store);
    }
  }

  @ParameterizedTest
  @EnumSource(CodecChoice.Kind.class)
  void everyCodecComesBackBitForBit(CodecChoice.Kind kind) throws IOException {
    CodecChoice codec = CodecChoice.parse(kind.name());
    byte[] bytes = Content.compressible(3 * MIB + 1234, 5);
    System.arraycopy(Content.random(MIB, 6), 0, bytes, MIB, MIB);
    Path image = Images.write(folder.resolve("image"), bytes);
    try (Store store = create(codec)) {
      Manifest manifest = capture(store, image, "disk").manifest();
      assertThat(store.codec()).isEqualTo(codec);
      assertRestores(store, manifest, image, folder);
      assertClean(store);
      long stored = manifest.figures().storedBytes();
      assertThat(stored).isLessThan(bytes.length * 102L / 100);
      if (kind != CodecChoice.Kind.RAW) {
        assertThat(stored).isLessThan(bytes.length * 3L / 4);
      }
    }
    try (Store again = Store.open(folder.resolve("store"))) {
      assertThat(again.codec()).isEqualTo(codec);
      assertRestores(again, again.manifest("disk"), image, folder);
    }
  }

  @Test
  void aRealFileSystemComesBackBitForBitAndMounts() throws IOException {
    Path content = Files.createDirectories(folder.resolve("content/etc"));
    Files.write(content.resolve("one"), Content.compressible(2 * MIB, 1));
    Files.write(content.resolve("two"), Content.random(MIB + 17, 2));
    Path image = Images.ext4(folder.resolve("disk.img"), folder.resolve("content"), "32M");
    try (Store store = create(CodecChoice.LZ4)) {
      Manifest manifest = capture(store, image, "disk").manifest();
      Path target = folder.resolve("back.img");
      restore(store, manifest, target);
      assertSame(target, image);
      String fsck = Tool.named("e2fsck").run("-f", "-n", target.toString());
      assertThat(fsck).contains("Pass 5");
      Path dumped = folder.resolve("dumped");
      Tool.named("debugfs").run("-R", "dump /etc/two " + dumped, target.toString());
      assertSame(dumped, content.resolve("two"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void aDriveComesBackBitForBitOnAnotherDrive(int sector) throws IOException {
    byte[] bytes = Content.random(6 * MIB, sector);
    Arrays.fill(bytes, MIB, 3 * MIB, (byte) 0);
    Path from = Images.write(folder.resolve("from"), bytes);
    Path to = Images.write(folder.resolve("to"), Content.random(8 * MIB, 99));
    try (Store store = create(CodecChoice.LZ4)) {
      Manifest manifest;
      try (LoopDevice drive = LoopDevice.attach(from, sector)) {
        manifest = capture(store, drive.path(), "sda").manifest();
      }
      assertThat(manifest.source().type()).isEqualTo("block device");
      try (LoopDevice drive = LoopDevice.attach(to, sector)) {
        store.restore(
            manifest,
            drive.path(),
            RestoreOptions.defaults().withOverwrite(true),
            Task.unwatched());
      }
      byte[] restored = Files.readAllBytes(to);
      assertThat(restored).hasSize(8 * MIB);
      assertThat(Arrays.mismatch(restored, 0, 6 * MIB, bytes, 0, 6 * MIB)).isEqualTo(-1);
      assertThat(
              Arrays.mismatch(
                  restored, 6 * MIB, 8 * MIB, Content.random(8 * MIB, 99), 6 * MIB, 8 * MIB))
          .isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4095, 4096, 4097, 1048575, 1048576, 1048577, 3000000})
  void aStreamComesBackBitForBit(int size) throws IOException {
    byte[] bytes = Content.compressible(size, size);
    Path image = Images.write(folder.resolve("image"), bytes);
    try (Store store = create(CodecChoice.LZ4);
        BlockStream stream =
            new BlockStream(dribbling(bytes), new SourceInfo("standard input", "-", "-"))) {
      Task task = new Task("capture", "stream");
      CaptureResult result =
          store.capture(stream, "stream", CaptureOptions.defaults().withAllowEmpty(true), task);
      assertThat(result.manifest().size()).isEqualTo(size);
      assertThat(result.manifest().source().location()).isEqualTo("-");
      assertThat(task.done()).isEqualTo(size);
      assertRestores(store, result.manifest(), image, folder);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      store.restore(result.manifest(), out, Task.unwatched());
      assertThat(out.toByteArray()).isEqualTo(bytes);
    }
  }

  /** A stream that hands out what it has in uneven pieces, as a pipe does. */
  private static InputStream dribbling(byte[] bytes) {
    return new ByteArrayInputStream(bytes) {
      private int step;

      @Override
      public synchronized int read(byte[] to, int offset, int length) {
        step = (step * 31 + 7) % 70_001;
        return super.read(to, offset, Math.min(length, 1 + step));
      }
    };
  }

  @Test
  void severalPacksWorthComesBackBitForBit() throws IOException {
    Path image = Images.write(folder.resolve("image"), Content.random(150 * MIB + 777, 3));
    try (Store store = create(CodecChoice.LZ4)) {
      Task task = new Task("capture", "big");
      Manifest manifest;
      try (var source = blksh.block.BlockSources.open(image)) {
        manifest = store.capture(source, "big", CaptureOptions.defaults(), task).manifest();
      }
      assertThat(task.total()).isEqualTo(manifest.size());
      assertThat(task.done()).isEqualTo(manifest.size());
      assertThat(store.info().packs()).isGreaterThanOrEqualTo(3);
      assertRestores(store, manifest, image, folder);
      assertClean(store);
      Manifest again = capture(store, image, "big").manifest();
      assertThat(again.version()).isEqualTo(2);
      assertThat(again.figures().newPages()).isZero();
      assertThat(again.root()).isEqualTo(manifest.root());
    }
  }

  @Test
  void holesAndZerosAreNotStoredAndComeBackAsHoles() throws IOException {
    Path image = Images.sparse(folder.resolve("image"), 512L * MIB + 5);
    Images.put(image, 0, Content.random(3 * PAGE, 1));
    Images.put(image, 100L * MIB, Content.random(40 * PAGE, 2));
    Images.put(image, 200L * MIB, new byte[4 * MIB]); // allocated zeros
    Images.put(image, 300L * MIB + 100, Content.random(10, 3));
    try (Store store = create(CodecChoice.LZ4)) {
      CaptureResult result = capture(store, image, "sparse");
      ManifestFigures figures = result.manifest().figures();
      assertThat(figures.newPages()).isEqualTo(44);
      assertThat(figures.dataBytes()).isEqualTo(44L * PAGE);
      assertThat(figures.zeroBytes()).isEqualTo(512L * MIB + 5 - 44 * PAGE);
      assertThat(result.readBytes()).isLessThan(16L * MIB);
      Path target = folder.resolve("back");
      restore(store, result.manifest(), target);
      assertSame(target, image);
      assertThat(allocated(target)).isLessThanOrEqualTo(allocated(image) - 4 * MIB + 4 * PAGE);
    }
  }

  @Test
  void anImageOfHolesTakesNoSpace() throws IOException {
    Path image = Images.sparse(folder.resolve("image"), 64L * MIB);
    try (Store store = create(CodecChoice.LZ4)) {
      Manifest manifest = capture(store, image, "empty").manifest();
      assertThat(manifest.figures().extents()).isEqualTo(1);
      assertThat(store.info().packs()).isZero();
      Path target = folder.resolve("back");
      restore(store, manifest, target);
      assertSame(target, image);
      assertThat(allocated(target)).isZero();
    }
  }

  @Test
  void aTebibyteWithLittleInItIsCapturedInLittleMemory() throws Exception {
    Path image = Images.sparse(folder.resolve("image"), 1L << 40);
    for (int i = 0; i < 100; i++) {
      Images.put(image, i * (10L << 30) + 12345, Content.compressible(MIB, i));
    }
    Process child =
        ChildJvm.start(
            List.of("-Xmx48m"),
            CaptureProgram.class,
            folder.resolve("store").toString(),
            image.toString(),
            "huge");
    String said = new String(child.getInputStream().readAllBytes());
    assertThat(child.waitFor()).as(said).isZero();
    System.out.println("1 TiB sparse in a JVM of 48 MiB: " + said.strip());
    try (Store store = Store.open(folder.resolve("store"))) {
      Manifest manifest = store.manifest("huge");
      assertThat(manifest.size()).isEqualTo(1L << 40);
      assertThat(manifest.figures().dataBytes()).isBetween(100L * MIB, 100L * (MIB + 2 * PAGE));
      try (var source = store.source(manifest)) {
        for (int i = 0; i < 100; i += 9) {
          ByteBuffer buffer = ByteBuffer.allocate(MIB);
          assertThat(source.read(i * (10L << 30) + 12345, buffer)).isEqualTo(MIB);
          assertThat(buffer.array()).isEqualTo(Content.compressible(MIB, i));
        }
      }
      Path target = folder.resolve("back");
      restore(store, manifest, target);
      assertThat(allocated(target)).isLessThan(allocated(image) * 102 / 100);
      assertThat(Files.size(target)).isEqualTo(1L << 40);
    }
  }
}
