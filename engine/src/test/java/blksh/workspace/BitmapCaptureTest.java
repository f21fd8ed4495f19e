package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Place;
import blksh.block.BlockSource;
import blksh.kit.NbdPeer;
import blksh.kit.StorageDaemon;
import blksh.kit.Tool;
import blksh.mount.nbd.NbdSource;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks of guests, captured by the bitmaps in which QEMU records what they write. */
class BitmapCaptureTest {

  private static final long MIB = 1 << 20;
  private static final long SIZE = 2048 * MIB;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private Path disk;
  private Store store;
  private Task task;

  @BeforeEach
  void makeDisk() throws Exception {
    disk = folder.resolve("disk.qcow2");
    Tool.named("qemu-img").run("create", "-q", "-f", "qcow2", disk, "2G");
    Tool.named("qemu-io")
        .run("-c", "write -P 0x11 0 48M", "-c", "write -P 0x22 1G 48M", "-c", "flush", disk);
    store = keep(Store.create(folder.resolve("store"), StoreOptions.defaults()));
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private <T extends AutoCloseable> T keep(T closeable) {
    open.add(closeable);
    return closeable;
  }

  private CaptureResult capture(String uri, String bitmap) {
    task = new Task("capture", "vm1");
    try (BlockSource source =
        NbdSource.open((Place.Remote) Place.parse(uri), Optional.of(bitmap))) {
      return store.capture(source, "vm1", CaptureOptions.defaults(), task);
    }
  }

  /** Captures what qemu-nbd serves of the disk at rest. */
  private CaptureResult captureAtRest(String bitmap) throws Exception {
    try (NbdPeer server =
        NbdPeer.qemu(folder.resolve("nbd.sock"), "-r", "-f", "qcow2", "-B", "b0", disk)) {
      return capture(server.uri(""), bitmap);
    }
  }

  private void write(String... commands) throws Exception {
    List<Object> words = new ArrayList<>();
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(disk);
    Tool.named("qemu-io").run(words.toArray());
  }

  private void bitmap(String... words) throws Exception {
    List<Object> all = new ArrayList<>(List.of("bitmap"));
    all.addAll(List.of(words));
    all.addAll(List.of(disk, "b0"));
    Tool.named("qemu-img").run(all.toArray());
  }

  /** A version is what the disk is, as qemu-img sees it. */
  private void mustBe(CaptureResult captured, Path image) throws Exception {
    Path back = folder.resolve("back.img");
    Files.deleteIfExists(back);
    store.restore(captured.manifest(), back, RestoreOptions.defaults(), Task.unwatched());
    assertThat(Tool.named("qemu-img").run("compare", "-f", "raw", "-F", "qcow2", back, image))
        .contains("Images are identical");
  }

  private void mustHaveReadAll(CaptureResult captured, String why) {
    assertThat(captured.readBytes()).isGreaterThanOrEqualTo(90 * MIB);
    assertThat(task.notes())
        .anySatisfy(note -> assertThat(note).contains("all of it is read", why));
  }

  @Test
  void ofADiskAtRestOnlyWhatWasWrittenIsRead() throws Exception {
    bitmap("--add");
    mustHaveReadAll(captureAtRest("b0"), "there is no version of vm1 yet");
    write("write -P 0x33 40M 10M", "write -P 0 1030M 5M", "write -P 0x44 2000M 5M");
    CaptureResult second = captureAtRest("b0");
    assertThat(second.readBytes()).isLessThanOrEqualTo(SIZE / 50).isGreaterThan(15 * MIB);
    assertThat(task.notes())
        .containsExactly("what bitmap b0 does not tell to have changed was taken from vm1@1");
    mustBe(second, disk);
    mustHaveReadAll(captureAtRest("b0"), "bitmap b0 has recorded nothing since");
  }

  @Test
  void aBitmapThatWasResetLostOrIsAnotherMeansThatAllIsRead() throws Exception {
    bitmap("--add");
    captureAtRest("b0");
    write("write -P 0x33 40M 1M");
    captureAtRest("b0");
    bitmap("--clear");
    write("write -P 0x55 60M 3M");
    CaptureResult reset = captureAtRest("b0");
    mustHaveReadAll(reset, "bitmap b0 was reset: byte 41943040 was dirty in it");
    mustBe(reset, disk);
    mustHaveReadAll(captureAtRest("b7"), "the export has no bitmap \"b7\", but b0");
    // It was reset when nothing had been written yet, which it does not show: the disk does.
    bitmap("--clear");
    captureAtRest("b0");
    write("write -P 0x66 1G 40M");
    bitmap("--clear");
    write("write -P 0x77 70M 1M");
    CaptureResult lost = captureAtRest("b0");
    mustHaveReadAll(lost, "is not as the version before has it, though bitmap b0");
    mustBe(lost, disk);
  }

  /** As when a hook adds it at each start of the guest, which dirties much the same each time. */
  @Test
  void aBitmapThatWasAddedAnewAndHasMoreOfTheSameIsNotBelieved() throws Exception {
    bitmap("--add");
    captureAtRest("b0");
    List<String> starting = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      starting.add("write -P 0x%x %dM 64k".formatted(1 + i, 20 * i));
    }
    write(starting.toArray(String[]::new));
    assertThat(captureAtRest("b0").readBytes()).isLessThanOrEqualTo(SIZE / 50);
    write("write -P 0x99 1500M 1M"); // by the guest, before it ends
    bitmap("--remove");
    bitmap("--add");
    starting.remove(37); // all but one
    starting.add("write -P 0x98 1700M 1M");
    write(starting.toArray(String[]::new));
    CaptureResult lost = captureAtRest("b0");
    mustHaveReadAll(lost, "bitmap b0 was reset: byte " + 740 * MIB);
    mustBe(lost, disk);
  }

  /** QEMU's own way: the bitmap is put to rest when the next begins, and a second try is later. */
  @Test
  void whatABitmapAtRestLacksIsReadByTheNextOneThatIsServedWithIt() throws Exception {
    StorageDaemon guest = keep(StorageDaemon.of(disk, folder));
    guest.qmp(
        "{'execute': 'block-dirty-bitmap-add', 'arguments': {'node': 'disk0', 'name': 'b0'}}");
    freeze(guest, 1, "");
    capture(guest.uri("vm1"), "b0");
    thaw(guest);
    guest.guest("write -P 0x33 50M 8M");
    freeze(guest, 2, "b1");
    thaw(guest); // before anything was captured
    guest.qmp(
        "{'execute': 'block-dirty-bitmap-disable', 'arguments': {'node': 'disk0', 'name': 'b0'}}");
    guest.guest("write -P 0x34 60M 1M");
    freeze(guest, 3, "b0 b1");
    CaptureResult second = capture(guest.uri("vm1"), "b0");
    assertThat(second.readBytes()).isLessThanOrEqualTo(SIZE / 50);
    assertThat(task.notes())
        .containsExactly(
            "what bitmap b0 with b1 does not tell to have changed was taken from vm1@1");
    mustBe(second, copy());
    thaw(guest);
  }

  @Test
  void aDiskThatIsLargerByNowIsReadWhole() throws Exception {
    bitmap("--add");
    captureAtRest("b0");
    write("write -P 0x33 40M 1M");
    Tool.named("qemu-img").run("resize", "-q", disk, "2100M");
    CaptureResult larger = captureAtRest("b0");
    mustHaveReadAll(larger, "it had 2147483648 bytes then and has 2202009600");
    mustBe(larger, disk);
  }

  @Test
  void ofARunningGuestOneBitmapLeadsToTheNext() throws Exception {
    StorageDaemon guest = keep(StorageDaemon.of(disk, folder));
    guest.qmp(
        "{'execute': 'block-dirty-bitmap-add', 'arguments': {'node': 'disk0', 'name': 'b0'}}");
    freeze(guest, 1, "");
    guest.guest("write -P 0x12 10M 1M"); // while it is captured
    mustHaveReadAll(capture(guest.uri("vm1"), "b0"), "there is no version");
    thaw(guest);

    guest.guest("write -P 0x33 50M 8M", "write -z 1040M 4M");
    freeze(guest, 2, "b1");
    Path then = copy();
    guest.guest("write -P 0x13 80M 2M");
    CaptureResult second = capture(guest.uri("vm1"), "b0");
    assertThat(second.readBytes()).isLessThanOrEqualTo(SIZE / 50);
    mustBe(second, then);
    thaw(guest);

    // b0 may go: b1 was there when that was captured.
    guest.qmp(
        "{'execute': 'block-dirty-bitmap-remove', 'arguments': {'node': 'disk0', 'name': 'b0'}}");
    guest.guest("write -P 0x34 1100M 4M");
    freeze(guest, 3, "b1");
    CaptureResult third = capture(guest.uri("vm1"), "b1");
    assertThat(third.readBytes()).isLessThanOrEqualTo(SIZE / 100);
    mustBe(third, copy());
    thaw(guest);

    freeze(guest, 4, "b2");
    mustHaveReadAll(
        capture(guest.uri("vm1"), "b2"), "bitmap b2 was not there when it was captured");
  }

  /** What the disk holds now: nobody writes meanwhile. */
  private Path copy() throws Exception {
    Path copy = folder.resolve("copy.qcow2");
    Files.deleteIfExists(copy);
    Tool.named("qemu-img")
        .run(
            "convert",
            "-f",
            "raw",
            "-O",
            "qcow2",
            "nbd+unix:///guest?socket=" + folder.resolve("nbd.sock"),
            copy);
    return copy;
  }

  private String bitmaps = "";

  /** Has the disk as it is now served as vm1, with all bitmaps; one may begin at this instant. */
  private void freeze(StorageDaemon guest, int number, String begun) throws Exception {
    Path fleece = folder.resolve("fleece" + number + ".qcow2");
    Tool.named("qemu-img").run("create", "-q", "-f", "qcow2", fleece, "2G");
    guest.qmp(
        """
        {'execute': 'blockdev-add', 'arguments': {'driver': 'qcow2', 'node-name': 'fleece',
         'file': {'driver': 'file', 'filename': '%s'}, 'backing': 'disk0'}}"""
            .formatted(fleece)
            .replace("\n", ""));
    List<String> names = new ArrayList<>(List.of(bitmaps.split(" ")));
    String beginning = "";
    if (number == 1) {
      names = new ArrayList<>(List.of("b0"));
    } else if (begun.contains(" ")) {
      names = List.of(begun.split(" "));
    } else if (!names.contains(begun)) {
      names.add(begun);
      beginning =
          ", {'type': 'block-dirty-bitmap-add', 'data': {'node': 'disk0', 'name': '%s'}}"
              .formatted(begun);
    } else {
      names = List.of(begun);
    }
    bitmaps = String.join(" ", names);
    guest.qmp(
        """
        {'execute': 'transaction', 'arguments': {'actions': [
        {'type': 'blockdev-backup', 'data': {'device': 'disk0', 'target': 'fleece',
         'sync': 'none', 'job-id': 'fleece'}}%s]}}"""
            .formatted(beginning)
            .replace("\n", ""));
    String listed =
        String.join(
            ", ", names.stream().map("{'node': 'disk0', 'name': '%s'}"::formatted).toList());
    guest.qmp(
        """
        {'execute': 'block-export-add', 'arguments': {'type': 'nbd', 'id': 'vm1',
         'node-name': 'fleece', 'name': 'vm1', 'description': 'vm1.vda', 'bitmaps': [%s]}}"""
            .formatted(listed)
            .replace("\n", ""));
  }

  private static void thaw(StorageDaemon guest) throws Exception {
    guest.qmp("{'execute': 'block-export-del', 'arguments': {'id': 'vm1', 'mode': 'hard'}}");
    guest.qmp("{'execute': 'job-cancel', 'arguments': {'id': 'fleece'}}");
    guest.qmp("{'execute': 'query-jobs'}");
    guest.qmp("{'execute': 'blockdev-del', 'arguments': {'node-name': 'fleece'}}");
  }
}
