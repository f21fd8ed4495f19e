package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.FileSource;
import blksh.block.Overlay;
import blksh.block.WritableFile;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueOptions;
import blksh.image.Convert;
import blksh.image.ConvertOptions;
import blksh.image.ImageRestore;
import blksh.image.ImageRestoreOptions;
import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Walks the table of docs/drives.md: each state of a drive, written by each verb. */
class DrivesInUseTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "drives.md");

  private static final int SIZE = 1 << 20;
  private static final int PAGE = 4096;
  private static final long DRIVE = 128L << 20;
  private static final Task TASK = Task.unwatched();

  @TempDir Path folder;
  private final Deque<Closeable> undo = new ArrayDeque<>();
  private final byte[] bytes = new byte[SIZE];
  private Path image;
  private Path point;
  private int made;

  /** Brings a drive into a state. */
  private interface State {
    Path drive(DrivesInUseTest test) throws Exception;
  }

  /** Writes the image to a drive, being allowed to write over it. */
  private interface Verb {
    void to(DrivesInUseTest test, Path drive) throws IOException;
  }

  private static final Map<String, State> STATES = new LinkedHashMap<>();
  private static final Map<String, Verb> VERBS = new LinkedHashMap<>();

  static {
    STATES.put("in use by nobody", test -> test.drive());
    STATES.put("mounted", test -> test.mounted(test.ext(test.drive())));
    STATES.put("mounted in another mount namespace", DrivesInUseTest::mountedElsewhere);
    STATES.put("a partition of it mounted", DrivesInUseTest::partitionMounted);
    STATES.put("swap", DrivesInUseTest::swap);
    STATES.put("below a loop device", test -> test.below(test.drive()));
    STATES.put("below a mapped device (LVM, LUKS)", DrivesInUseTest::mapped);
    STATES.put("journal of a mounted ext4", DrivesInUseTest::journal);
    STATES.put("log of a mounted XFS", DrivesInUseTest::log);
    STATES.put("second device of a mounted btrfs", DrivesInUseTest::second);
    STATES.put("in a RAID that runs", DrivesInUseTest::raid);
    STATES.put("in a RAID that does not run", DrivesInUseTest::member);
    STATES.put("open in another program, for writing", DrivesInUseTest::open);
    STATES.put("open in another program, for reading", DrivesInUseTest::read);
    STATES.put("read-only", DrivesInUseTest::readOnly);
    STATES.put("no medium", DrivesInUseTest::empty);
    STATES.put("smaller", test -> test.attach(Volumes.blank(test.file(), SIZE / 2), 512));
    STATES.put("larger", test -> test.drive());
    STATES.put("other sector size", test -> test.attach(Volumes.blank(test.file(), DRIVE), 4096));
    VERBS.put("restore", (test, drive) -> test.restore(drive, false));
    VERBS.put("restore, only changed", (test, drive) -> test.restore(drive, true));
    VERBS.put("restore of an image", DrivesInUseTest::restoreImage);
    VERBS.put("rescue", DrivesInUseTest::rescue);
    VERBS.put("export of a cache", DrivesInUseTest::export);
    VERBS.put("write through", DrivesInUseTest::writeThrough);
    VERBS.put("overlay and its commit", DrivesInUseTest::overlay);
    VERBS.put("convert", DrivesInUseTest::convert);
  }

  @BeforeEach
  void make() throws IOException {
    new Random(14).nextBytes(bytes);
    image = Files.write(folder.resolve("image"), bytes);
    point = Files.createDirectory(folder.resolve("point"));
  }

  @AfterEach
  void undo() throws IOException {
    while (!undo.isEmpty()) {
      undo.pop().close();
    }
  }

  // ---- the document ---------------------------------------------------------------------------

  private static List<String> cells(String row) {
    return Arrays.stream(row.split("\\|")).skip(1).map(String::strip).toList();
  }

  /** The rows of the table, its heading first: state, what the message says, a cell a verb. */
  private static List<List<String>> table() throws IOException {
    List<List<String>> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.startsWith("| the drive is") || !rows.isEmpty() && line.startsWith("|")) {
        rows.add(cells(line));
      } else if (!rows.isEmpty()) {
        break;
      }
    }
    rows.remove(1);
    return rows;
  }

  static List<List<String>> rows() throws IOException {
    return table().subList(1, table().size());
  }

  @Test
  void theTableHasEveryStateAndEveryVerb() throws IOException {
    assertThat(table().get(0).subList(2, table().get(0).size()))
        .isEqualTo(List.copyOf(VERBS.keySet()));
    assertThat(rows().stream().map(row -> row.get(0))).containsExactlyElementsOf(STATES.keySet());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void aDriveInThisStateIsWrittenAsTheTableSays(List<String> row) throws Exception {
    Path drive = STATES.get(row.get(0)).drive(this);
    int column = 2;
    for (Map.Entry<String, Verb> verb : VERBS.entrySet()) {
      String cell = row.get(column++);
      String what = row.get(0) + " × " + verb.getKey();
      String problem = "";
      try {
        verb.getValue().to(this, drive);
      } catch (BlkshException e) {
        problem = e.getMessage();
      }
      switch (cell) {
        case "refused" -> assertThat(problem).as(what).contains(row.get(1).replace("`", ""));
        case "no drive" -> assertThat(problem).as(what).contains("it is no regular file");
        default -> assertThat(problem).as(what).isEmpty();
      }
      int written = pagesOf(drive);
      assertThat(written).as(what).isEqualTo(cell.equals("written") ? SIZE / PAGE : 0);
      if (written > 0) {
        Tool.named("dd").run("if=/dev/zero", "of=" + drive, "bs=" + SIZE, "count=1");
      }
    }
  }

  /** How many pages of the image the drive holds in their place. */
  private int pagesOf(Path drive) throws IOException {
    byte[] there = new byte[SIZE];
    try (RandomAccessFile file = new RandomAccessFile(drive.toFile(), "r")) {
      int length = file.read(there);
      int pages = 0;
      for (int at = 0; at + PAGE <= length; at += PAGE) {
        pages += Arrays.equals(there, at, at + PAGE, bytes, at, at + PAGE) ? 1 : 0;
      }
      return pages;
    }
  }

  private Path open() throws Exception {
    return held("<>");
  }

  private Path read() throws Exception {
    return held("<");
  }

  /** A drive that a shell has open, as a virtual machine has: it claims nothing. */
  private Path held(String how) throws Exception {
    Path drive = drive();
    Process holder =
        Tool.named("sh").start("-c", "exec 5%s%s; echo open; read end".formatted(how, drive));
    undo.push(holder::destroyForcibly);
    assertThat(holder.inputReader().readLine()).isEqualTo("open");
    return drive;
  }

  // ---- the verbs ------------------------------------------------------------------------------

  private Path file() {
    return folder.resolve("file" + made++);
  }

  private void restore(Path drive, boolean onlyChanged) throws IOException {
    try (Store store = Store.create(file(), StoreOptions.defaults());
        BlockSource source = FileSource.open(image)) {
      Manifest manifest = store.capture(source, "disk", CaptureOptions.defaults(), TASK).manifest();
      RestoreOptions options = RestoreOptions.defaults().withOverwrite(true);
      store.restore(manifest, drive, options.withOnlyChanged(onlyChanged), TASK);
    }
  }

  private void restoreImage(Path drive) {
    try (BlockSource source = FileSource.open(image)) {
      ImageRestore.run(source, drive, ImageRestoreOptions.defaults().withOverwrite(true), TASK);
    }
  }

  private void rescue(Path drive) {
    BlockSource source = FileSource.open(image);
    try (Cache copy = Cache.open(source, drive, file(), CacheOptions.defaults(), true)) {
      copy.rescue(RescueOptions.defaults(), TASK);
    } finally {
      source.close();
    }
  }

  private void export(Path drive) {
    try (Cache cache = Cache.open(FileSource.open(image), file(), CacheOptions.defaults())) {
      cache.fill(TASK);
      cache.export(drive, true, TASK);
    }
  }

  private void writeThrough(Path drive) {
    try (Cache cache = Cache.open(WritableFile.open(drive), file(), CacheOptions.defaults())) {
      cache.writable().write(0, ByteBuffer.wrap(bytes));
      cache.writable().sync();
    }
  }

  private void overlay(Path drive) throws IOException {
    try (Overlay overlay = Overlay.open(BlockSources.open(drive), file());
        Store store = Store.create(file(), StoreOptions.defaults())) {
      overlay.write(0, ByteBuffer.wrap(bytes, 0, SIZE / 2));
      store.capture(overlay, "disk", CaptureOptions.defaults(), TASK);
    }
  }

  private void convert(Path drive) {
    try (BlockSource source = FileSource.open(image)) {
      ConvertOptions options = ConvertOptions.defaults().withOverwrite(true);
      Convert.toRaw(source, drive, options, TASK);
    }
  }

  // ---- the states -----------------------------------------------------------------------------

  private Path attach(Path file, int sectorSize) throws IOException {
    LoopDevice loop = LoopDevice.attach(file, sectorSize);
    undo.push(loop);
    return loop.path();
  }

  private Path drive() throws IOException {
    return attach(Volumes.blank(file(), DRIVE), 512);
  }

  private Path ext(Path drive) throws IOException {
    Tool.named("mkfs.ext4").run("-q", "-F", drive);
    return drive;
  }

  private Path mounted(Path drive, Object... options) throws IOException {
    List<Object> words = new ArrayList<>(List.of(options));
    words.addAll(List.of(drive, point));
    Tool.named("mount").run(words.toArray());
    undo.push(() -> Tool.named("umount").run(point));
    return drive;
  }

  private Path mountedElsewhere() throws Exception {
    Path drive = ext(drive());
    String mount = "mount %s %s && echo mounted && { read end || true; }".formatted(drive, point);
    Process other =
        Tool.named("unshare").start("-m", "--propagation", "private", "sh", "-c", mount);
    undo.push(
        () -> {
          other.getOutputStream().close();
          other.onExit().join();
        });
    assertThat(other.inputReader().readLine()).isEqualTo("mounted");
    return drive;
  }

  private Path partitionMounted() throws IOException {
    LoopDevice disk = LoopDevice.attach(Volumes.blank(file(), DRIVE), 512);
    undo.push(disk);
    mounted(ext(disk.partition(1, 4096, 65536)));
    return disk.path();
  }

  private Path swap() throws IOException {
    Path drive = drive();
    Tool.named("mkswap").run(drive);
    Tool.named("swapon").run(drive);
    undo.push(() -> Tool.named("swapoff").run(drive));
    return drive;
  }

  private Path below(Path drive) throws IOException {
    attach(drive, 512);
    return drive;
  }

  private Path mapped() throws IOException {
    Path drive = drive();
    String name = "blksh-test-" + ProcessHandle.current().pid();
    Tool dmsetup = Tool.named("dmsetup");
    Component.needKernel(dmsetup.attempt("version").status() == 0, "it has no device mapper");
    dmsetup.run("create", name, "--table", "0 2048 linear " + drive + " 0");
    undo.push(() -> dmsetup.run("remove", "--retry", name));
    return drive;
  }

  private Path journal() throws IOException {
    Path journal = drive();
    Path drive = drive();
    Tool.named("mke2fs").run("-q", "-F", "-b", "4096", "-O", "journal_dev", journal);
    Tool.named("mkfs.ext4").run("-q", "-F", "-b", "4096", "-J", "device=" + journal, drive);
    mounted(drive);
    return journal;
  }

  private Path log() throws IOException {
    Path log = drive();
    Path drive = attach(Volumes.blank(file(), 3 * DRIVE), 512);
    Tool.named("mkfs.xfs").run("-q", "-f", "-l", "logdev=" + log + ",size=64m", drive);
    mounted(drive, "-o", "logdev=" + log);
    return log;
  }

  private Path second() throws IOException {
    Path first = drive();
    Path second = drive();
    Tool.named("mkfs.btrfs").run("-q", "-f", first, second);
    Tool.named("btrfs").run("device", "scan", first, second);
    undo.push(() -> Tool.named("btrfs").attempt("device", "scan", "--forget", first));
    mounted(first);
    return second;
  }

  private Path raid() throws IOException {
    Component.needKernel(Files.exists(Path.of("/proc/mdstat")), "it has no RAID");
    Tool mdadm = Tool.named("mdadm");
    Path drive = drive();
    Path array = Path.of("/dev/md", "blksh-test-" + ProcessHandle.current().pid());
    mdadm.run("--create", array, "--run", "--level=1", "--raid-devices=2", drive, "missing");
    undo.push(() -> mdadm.run("--stop", array));
    return drive;
  }

  /** The superblock of version 1.1 is at the start (linux/raid/md_p.h). */
  private Path member() throws IOException {
    Path file = Volumes.blank(file(), DRIVE);
    try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.write(new byte[] {(byte) 0xfc, 0x4e, 0x2b, (byte) 0xa9, 1});
    }
    return attach(file, 512);
  }

  private Path readOnly() throws IOException {
    Path drive = drive();
    Tool.named("blockdev").run("--setro", drive);
    undo.push(() -> Tool.named("blockdev").run("--setrw", drive));
    return drive;
  }

  /** As a card reader without a card, it has no bytes. */
  private Path empty() throws IOException {
    return attach(Files.createFile(file()), 512);
  }
}
