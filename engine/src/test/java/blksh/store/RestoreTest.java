package blksh.store;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.assertSame;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.PartFile;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RestoreTest {

  private static final RestoreOptions OVERWRITE = RestoreOptions.defaults().withOverwrite(true);
  private static final RestoreOptions CHANGED = OVERWRITE.withOnlyChanged(true);

  @TempDir Path folder;
  private Store store;
  private byte[] bytes;
  private Path image;
  private Manifest manifest;

  @BeforeEach
  void capturedImage() throws IOException {
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    bytes = Content.random(6 * MIB + 100, 1);
    Arrays.fill(bytes, MIB, 2 * MIB, (byte) 0);
    image = Images.write(folder.resolve("image"), bytes);
    manifest = capture(store, image, "disk").manifest();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private RestoreResult restore(Path target, RestoreOptions options) {
    return store.restore(manifest, target, options, Task.unwatched());
  }

  // ---- failures on the way -------------------------------------------------------------------

  @Test
  void whatIsPartlyWrittenIsToldWhateverEndsIt() throws IOException {
    Path there = Images.write(folder.resolve("there"), Content.random(8 * MIB, 4));
    Path copy = Images.write(folder.resolve("copy"), Content.random(8 * MIB, 4));
    try (Stream<Path> packs = Files.walk(folder.resolve("store/packs"))) {
      Path pack = packs.filter(Files::isRegularFile).findAny().orElseThrow();
      Images.flip(pack, Files.size(pack) / 2, 255);
    }
    String left = "it is partly written: restore it once more";
    assertThatThrownBy(() -> restore(there, CHANGED)).hasMessageEndingWith("; " + left);
    assertThatThrownBy(() -> restore(copy, OVERWRITE))
        .hasMessageContaining("verify the store")
        .hasMessageNotContaining(left);
    try (LoopDevice drive = LoopDevice.attach(copy, 512)) {
      assertThatThrownBy(() -> restore(drive.path(), OVERWRITE)).hasMessageEndingWith("; " + left);
    }
  }

  // ---- refusals ------------------------------------------------------------------------------

  @Test
  void aTargetThatExistsIsRefused() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "precious");
    assertThatThrownBy(() -> restore(target, RestoreOptions.defaults()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it exists");
    assertThat(target).hasContent("precious");
    assertNothingElse("image", "store", "target");
  }

  @Test
  void aLinkThatLeadsNowhereIsRefused() throws IOException {
    Path target = Files.createSymbolicLink(folder.resolve("target"), folder.resolve("nowhere"));
    assertThatThrownBy(() -> restore(target, RestoreOptions.defaults()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it exists");
    assertNothingElse("image", "store", "target");
  }

  @Test
  void aDirectoryIsRefused() throws IOException {
    Path target = Files.createDirectory(folder.resolve("target"));
    assertThatThrownBy(() -> restore(target, OVERWRITE))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("directory");
    assertNothingElse("image", "store", "target");
  }

  @Test
  void aTargetInADirectoryThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> restore(folder.resolve("no/target"), OVERWRITE))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("directory does not exist");
  }

  @Test
  void aCharacterDeviceIsRefused() {
    assertThatThrownBy(() -> restore(Path.of("/dev/null"), OVERWRITE))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("neither a file nor a block device");
  }

  @Test
  void aDriveIsNotWrittenWithoutLeave() throws IOException {
    Path backing = Images.write(folder.resolve("backing"), Content.random(8 * MIB, 4));
    try (LoopDevice drive = LoopDevice.attach(backing, 512)) {
      assertThatThrownBy(() -> restore(drive.path(), RestoreOptions.defaults()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it exists");
    }
    assertThat(Files.readAllBytes(backing)).isEqualTo(Content.random(8 * MIB, 4));
  }

  @Test
  void aDriveThatIsTooSmallIsRefused() throws IOException {
    Path backing = Images.write(folder.resolve("backing"), Content.random(4 * MIB, 4));
    try (LoopDevice drive = LoopDevice.attach(backing, 512)) {
      assertThatThrownBy(() -> restore(drive.path(), OVERWRITE))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("4194304 bytes and the image 6291556");
    }
    assertThat(Files.readAllBytes(backing)).isEqualTo(Content.random(4 * MIB, 4));
  }

  @Test
  void aDriveThatCannotBeWrittenIsRefused() throws IOException {
    Path backing = Images.write(folder.resolve("backing"), Content.random(8 * MIB, 4));
    try (LoopDevice drive = LoopDevice.attach(backing, 512)) {
      Tool.named("blockdev").run("--setro", drive.path().toString());
      try {
        assertThatThrownBy(() -> restore(drive.path(), OVERWRITE))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("read-only");
      } finally {
        Tool.named("blockdev").run("--setrw", drive.path().toString());
      }
    }
    assertThat(Files.readAllBytes(backing)).isEqualTo(Content.random(8 * MIB, 4));
  }

  @Test
  void aMountedDriveIsRefused() throws IOException {
    Path content = Files.createDirectory(folder.resolve("content"));
    Path backing = Images.ext4(folder.resolve("backing"), content, "16M");
    Path point = Files.createDirectory(folder.resolve("mounted"));
    try (LoopDevice drive = LoopDevice.attach(backing, 512)) {
      Tool.named("mount").run("-o", "ro", drive.path().toString(), point.toString());
      try {
        for (RestoreOptions options : List.of(OVERWRITE, CHANGED)) {
          assertThatThrownBy(() -> restore(drive.path(), options))
              .isInstanceOf(BlkshException.class)
              .hasMessageContaining("is mounted on");
        }
      } finally {
        Tool.named("umount").run(point.toString());
      }
    }
    assertThat(Tool.named("e2fsck").run("-f", "-n", backing.toString())).contains("Pass 5");
  }

  @Test
  void twoRestoresToOneNameDoNotMeet() throws Exception {
    Path target = folder.resolve("target");
    Path part = folder.resolve(".target.blksh.part");
    PartFile running = PartFile.create(part); // as a restore that is running holds it
    running.file().write(0, new byte[] {1, 2, 3}, 0, 3);
    assertThatThrownBy(() -> restore(target, RestoreOptions.defaults()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("another restore");
    assertThat(Files.readAllBytes(part)).containsExactly(1, 2, 3);
    running.discard();
    Files.write(part, Content.random(7 * MIB, 8)); // as a restore that was killed leaves it
    restore(target, RestoreOptions.defaults());
    assertSame(target, image);
    assertThat(part).doesNotExist();
  }

  // ---- writing over --------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3 * MIB + 5, 6 * MIB + 100, 9 * MIB})
  void aFileOfAnySizeIsReplaced(int size) throws IOException {
    Path target = Images.write(folder.resolve("target"), Content.random(size, 9));
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r-----"));
    RestoreResult result = restore(target, OVERWRITE);
    assertSame(target, image);
    assertThat(result.writtenBytes()).isEqualTo(5 * MIB + 100);
    assertThat(result.skippedBytes()).isEqualTo(MIB);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
        .isEqualTo("rw-r-----");
    assertNothingElse("image", "store", "target");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3 * MIB + 5, 6 * MIB + 100, 9 * MIB})
  void onlyChangedMakesAFileOfAnySizeTheImage(int size) throws IOException {
    Path target = Images.write(folder.resolve("target"), Content.random(size, 9));
    restore(target, CHANGED);
    assertSame(target, image);
  }

  @Test
  void onlyChangedWritesOnlyThePagesThatDiffer() throws IOException {
    byte[] old = bytes.clone();
    old[5 * PAGE + 1] ^= 1;
    old[MIB + 3 * PAGE] = 1; // where the image is zero
    old[MIB + 9 * PAGE + 7] = 1;
    old[old.length - 1] ^= 1;
    Path target = Images.write(folder.resolve("target"), old);
    Object inode = Files.getAttribute(target, "unix:ino");
    RestoreResult dry = restore(target, CHANGED.withDryRun(true));
    assertThat(dry.writtenBytes()).isEqualTo(3 * PAGE + 100);
    assertThat(Files.readAllBytes(target)).isEqualTo(old);
    RestoreResult result = restore(target, CHANGED);
    assertThat(result.writtenBytes()).isEqualTo(3 * PAGE + 100);
    assertThat(result.skippedBytes()).isEqualTo(bytes.length - 3 * PAGE - 100);
    assertSame(target, image);
    assertThat(Files.getAttribute(target, "unix:ino")).isEqualTo(inode);
    assertThat(restore(target, CHANGED).writtenBytes()).isZero();
  }

  @Test
  void onlyChangedWritesLittleToADriveThatHoldsMostOfIt() throws IOException {
    byte[] old = Arrays.copyOf(bytes, 8 * MIB);
    old[4 * MIB] ^= 1;
    old[7 * MIB] = 5;
    Path backing = Images.write(folder.resolve("backing"), old);
    try (LoopDevice drive = LoopDevice.attach(backing, 4096)) {
      assertThat(restore(drive.path(), CHANGED).writtenBytes()).isEqualTo(PAGE);
    }
    old[4 * MIB] ^= 1;
    assertThat(Files.readAllBytes(backing)).isEqualTo(old);
  }

  @Test
  void aDriveHasItsOldContentsWhereTheImageIsZeroWrittenOver() throws IOException {
    Path backing = Images.write(folder.resolve("backing"), Content.random(8 * MIB, 4));
    try (LoopDevice drive = LoopDevice.attach(backing, 512)) {
      assertThat(restore(drive.path(), OVERWRITE).writtenBytes()).isEqualTo(bytes.length);
    }
    byte[] expected = Content.random(8 * MIB, 4);
    System.arraycopy(bytes, 0, expected, 0, bytes.length);
    assertThat(Files.readAllBytes(backing)).isEqualTo(expected);
  }

  @Test
  void aDryRunProvesTheImageAndWritesNothing() throws IOException {
    RestoreResult result =
        restore(folder.resolve("target"), RestoreOptions.defaults().withDryRun(true));
    assertThat(result.writtenBytes()).isEqualTo(5 * MIB + 100);
    assertNothingElse("image", "store");
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    Path real = Images.write(folder.resolve("real"), new byte[5]);
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    restore(link, OVERWRITE);
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertSame(real, image);
  }

  // ---- streams, interrupts -------------------------------------------------------------------

  @Test
  void aStreamGetsTheWholeImageInOrder() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    RestoreResult result = store.restore(manifest, out, Task.unwatched());
    assertThat(out.toByteArray()).isEqualTo(bytes);
    assertThat(result.target()).isEqualTo("-");
  }

  @Test
  void aStreamThatBreaksFailsTheRestoreInItsOwnWords() {
    OutputStream broken =
        new OutputStream() {
          private int left = MIB;

          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] from, int offset, int length) throws IOException {
            left -= length;
            if (left < 0) {
              throw new IOException("Broken pipe");
            }
          }
        };
    assertThatThrownBy(() -> store.restore(manifest, broken, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("Broken pipe");
  }

  @Test
  void anInterruptCancelsAndLeavesNoTarget() throws Exception {
    OutputStream slow =
        new OutputStream() {
          @Override
          public void write(int b) {
            write(null, 0, 1);
          }

          @Override
          public void write(byte[] from, int offset, int length) {
            try {
              pause(20);
            } catch (InterruptedException e) {
              throw new AssertionError("the interrupt reached a thread of the engine", e);
            }
          }
        };
    Task task = new Task("restore", "disk");
    Throwable[] thrown = new Throwable[1];
    Thread caller =
        new Thread(() -> thrown[0] = catchThrowable(() -> store.restore(manifest, slow, task)));
    caller.start();
    await(() -> task.done() > 0);
    caller.interrupt();
    caller.join(10_000);
    assertThat(thrown[0]).isInstanceOf(CancelledException.class);

    Path target = folder.resolve("target");
    Task cancelled = new Task("restore", "disk");
    cancelled.cancel();
    assertThatThrownBy(() -> store.restore(manifest, target, RestoreOptions.defaults(), cancelled))
        .isInstanceOf(CancelledException.class);
    assertNothingElse("image", "store");
    restore(target, RestoreOptions.defaults());
    assertSame(target, image);
  }

  @Test
  void anInterruptInTheMiddleOfAVerifyCancelsItAndTheStoreStaysUsable() throws Exception {
    for (int delay = 0; delay < 12; delay++) {
      Task task = new Task("verify", "store");
      Throwable[] thrown = new Throwable[1];
      VerifyReport[] report = new VerifyReport[1];
      Thread caller =
          new Thread(
              () ->
                  thrown[0] =
                      catchThrowable(() -> report[0] = store.verify(VerifyOptions.full(), task)));
      caller.start();
      pause(delay);
      caller.interrupt();
      caller.join(10_000);
      if (thrown[0] == null) {
        assertThat(report[0].damage()).isEmpty();
      } else {
        assertThat(thrown[0]).isInstanceOf(CancelledException.class);
      }
    }
    Task cancelled = new Task("verify", "store");
    cancelled.cancel();
    assertThatThrownBy(() -> store.verify(VerifyOptions.full(), cancelled))
        .isInstanceOf(CancelledException.class);
    Images.assertClean(store);
  }

  @Test
  void aRangeThatWasUnreadableStaysAHoleOnAStreamToo() {
    FaultySource faulty = new FaultySource(new ByteArraySource(bytes)).unreadable(8192, 512);
    Manifest bad =
        store.capture(faulty, "bad", CaptureOptions.defaults(), Task.unwatched()).manifest();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    RestoreResult result = store.restore(bad, out, Task.unwatched());
    assertThat(result.bad()).hasSize(1);
    byte[] expected = bytes.clone();
    Arrays.fill(expected, 8192, 8704, (byte) 0);
    assertThat(out.toByteArray()).isEqualTo(expected);
  }

  private void assertNothingElse(String... names) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries.map(p -> p.getFileName().toString())).containsExactlyInAnyOrder(names);
    }
  }
}
