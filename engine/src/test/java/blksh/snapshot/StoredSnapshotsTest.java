package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.NameText;
import blksh.kit.Await;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.retention.Policy;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import blksh.tree.Excludes;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots in a store, of real trees. */
class StoredSnapshotsTest {

  @TempDir Path folder;

  private Path source;
  private StoredSnapshots snapshots;
  private Store store;

  @BeforeEach
  void open() throws IOException {
    source = Files.createDirectory(folder.resolve("src"));
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    snapshots = new StoredSnapshots(store, true);
  }

  @AfterEach
  void close() throws IOException {
    snapshots.close();
    // Java removes no paths that are longer than the system takes at once.
    FileTrees.script(folder, "chmod -Rf u+rwx . || true; find . -mindepth 1 -delete");
  }

  private TakenSnapshot take() {
    return take(new Task("take", "s"));
  }

  /** Takes one when no file is so new that another change would not show in its times. */
  private TakenSnapshot takeSettled() throws InterruptedException {
    Await.pause(100);
    return take();
  }

  private TakenSnapshot take(Task task) {
    return snapshots.take(SnapshotRequest.of(source).named("s"), task);
  }

  private Path restored(String name, String to) throws IOException {
    Path target = folder.resolve(to);
    RestoredTree restored =
        snapshots.restore(name, List.of(), target, false, new Task("restore", name));
    assertThat(restored.problems()).isEmpty();
    return target.resolve(source.toRealPath().toString().substring(1));
  }

  private byte[] in(String path) throws IOException {
    return SnapshotSet.pathIn(source.toRealPath().resolve(path));
  }

  private static String below(byte[] path, int skip) {
    String text = NameText.of(path);
    return text.length() > skip ? text.substring(skip + 1) : "";
  }

  private List<String> differences(String before, String after) throws IOException {
    List<String> told = new ArrayList<>();
    int skip = in("").length;
    snapshots.diff(
        before,
        after,
        Task.unwatched(),
        each -> {
          String from = each.from() == null ? "" : below(each.from(), skip) + " ";
          String path = below(each.path(), skip);
          if (!path.isEmpty()) { // what leads to the source has other tenants
            told.add(each.kind() + " " + from + path);
          }
        });
    return told;
  }

  @Test
  void aTreeOfEveryKindComesBackAsItWas() throws Exception {
    SampleTree.everything(source);
    TakenSnapshot first = takeSettled();
    assertThat(first.problems()).isEmpty();
    SampleTree.assertSame(source, restored("s@1", "one"));
    TakenSnapshot second = take();
    assertThat(second.read()).isZero();
    assertThat(second.unchanged()).isEqualTo(first.read() - empty());
    assertThat(differences("s@1", "s@2")).isEmpty();
    assertThat(snapshots.verify(List.of(), Task.unwatched()).faults()).isEmpty();
    SampleTree.assertSame(source, restored("s@2", "two"));
  }

  /** Files without a byte have no contents to take over. */
  private long empty() throws IOException {
    return Tool.named("find").answer(source, "-type", "f", "-size", "0").lines().count();
  }

  @Test
  void onlyTheTableOfWhatChangedIsStoredAgain() throws Exception {
    for (int i = 0; i < 5000; i++) {
      SampleTree.write(source.resolve("d" + i % 50 + "/f" + i), "text " + i % 7);
    }
    takeSettled();
    SampleTree.write(source.resolve("d7/f57"), "another text");
    TakenSnapshot second = take();
    assertThat(second.read()).isLessThan(100);
    // The file, the block it is told of in, the index, the trailer.
    assertThat(store.manifest("s@2").figures().newPages()).isBetween(3L, 30L);
  }

  @Test
  void whatHasTheSameSizeAndTimeAndIsAnotherFileIsRead() throws IOException {
    Path file = source.resolve("conf");
    SampleTree.write(file, "limit=1000");
    FileTime time = FileTime.from(java.time.Instant.parse("2024-01-02T03:04:05.123456789Z"));
    Files.setLastModifiedTime(file, time);
    take();
    SampleTree.write(file, "limit=9999");
    Files.setLastModifiedTime(file, time);
    take();
    assertThat(Files.readString(restored("s@2", "two").resolve("conf"))).isEqualTo("limit=9999");
    assertThat(Files.readString(restored("s@1", "one").resolve("conf"))).isEqualTo("limit=1000");
    assertThat(differences("s@1", "s@2")).containsExactly("CHANGED conf");
  }

  @Test
  void differencesAreToldByWhatTheyAre() throws IOException {
    SampleTree.write(source.resolve("stays"), "s");
    SampleTree.write(source.resolve("goes"), "g");
    SampleTree.write(source.resolve("grows"), "1");
    SampleTree.write(source.resolve("moves/from/here"), "what moves");
    SampleTree.write(source.resolve("mode"), "m");
    take();
    Files.delete(source.resolve("goes"));
    SampleTree.write(source.resolve("grows"), "12");
    SampleTree.write(source.resolve("comes"), "c");
    Files.move(source.resolve("moves/from/here"), source.resolve("there"));
    Files.setPosixFilePermissions(
        source.resolve("mode"), PosixFilePermissions.fromString("r--------"));
    take();
    assertThat(differences("s@1", "s@2"))
        .containsExactlyInAnyOrder(
            "METADATA moves/from",
            "ADDED comes",
            "REMOVED goes",
            "CHANGED grows",
            "METADATA mode",
            "MOVED moves/from/here there");
  }

  @Test
  void aDirectoryInManyPartsIsLookedIntoRightly() throws Exception {
    for (int i = 0; i < 2200; i++) {
      Path path = source.resolve("x%04d".formatted(i));
      if (i % 2 == 0) {
        SampleTree.write(path.resolve("in"), "in " + i);
      } else {
        SampleTree.write(path, "" + i);
      }
    }
    SampleTree.write(source.resolve("zz/last"), "end");
    takeSettled();
    try (StoredTree tree = snapshots.open("s")) {
      int count = 0;
      Iterator<StoredEntry> entries = tree.entries(in(""));
      String last = "";
      while (entries.hasNext()) {
        String name = new String(entries.next().name(), StandardCharsets.UTF_8);
        assertThat(name).isGreaterThan(last);
        last = name;
        count++;
      }
      assertThat(count).isEqualTo(2201);
      for (int i = 0; i < 2200; i += 2) {
        StoredEntry entry = tree.find(in("x%04d/in".formatted(i))).orElseThrow();
        ByteBuffer bytes = ByteBuffer.allocate(20);
        try (BlockSource contents = tree.contents(entry)) {
          contents.read(0, bytes);
        }
        assertThat(new String(bytes.array(), 0, bytes.position())).isEqualTo("in " + i);
      }
      assertThat(tree.find(in("x2200"))).isEmpty();
      assertThat(tree.find(in("x0001/in"))).isEmpty();
      assertThat(tree.find(in("zz/last"))).isPresent();
      assertThat(tree.below(in("")).next().name()).isEqualTo("x0000".getBytes());
    }
    assertThat(take().read()).isZero();
    assertThat(differences("s@1", "s@2")).isEmpty();
    SampleTree.assertSame(source, restored("s@2", "two"));
  }

  @Test
  void someOfItIsRestoredWithWhatLeadsToIt() throws IOException {
    SampleTree.write(source.resolve("a/b/wanted"), "w");
    SampleTree.write(source.resolve("a/b/too/deep"), "d");
    SampleTree.write(source.resolve("a/other"), "o");
    Files.createLink(source.resolve("a/b/zlink"), source.resolve("a/other"));
    Files.createLink(source.resolve("a/b/zlink2"), source.resolve("a/other"));
    take();
    Path to = folder.resolve("some");
    snapshots.restore("s", List.of(in("a/b")), to, false, Task.unwatched());
    Path root = to.resolve(source.toRealPath().toString().substring(1));
    assertThat(root.resolve("a/b/wanted")).hasContent("w");
    assertThat(root.resolve("a/b/too/deep")).hasContent("d");
    assertThat(root.resolve("a/other")).doesNotExist();
    assertThat(root.resolve("a/b/zlink")).hasContent("o");
    assertThat(Files.getAttribute(root.resolve("a/b/zlink"), "unix:ino"))
        .isEqualTo(Files.getAttribute(root.resolve("a/b/zlink2"), "unix:ino"));
    assertThatThrownBy(
            () -> snapshots.restore("s", List.of(in("a/nothing")), to, false, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("no such entry");
    // Nothing that is there is written over.
    Files.writeString(root.resolve("a/b/wanted"), "mine");
    RestoredTree again = snapshots.restore("s", List.of(in("a/b")), to, false, Task.unwatched());
    assertThat(again.problemCount()).isPositive();
    assertThat(root.resolve("a/b/wanted")).hasContent("mine");
  }

  @Test
  void itSharesPagesWithADiskImageOfTheSameFiles() throws IOException {
    byte[] bytes = Content.compressible(3 << 20, 5);
    Path image = folder.resolve("disk");
    Files.write(source.resolve("large"), bytes);
    Tool.named("truncate").run("-s", "32M", image);
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", source, image);
    try (BlockSource disk = blksh.block.BlockSources.open(image)) {
      store.capture(disk, "disk", blksh.store.CaptureOptions.defaults(), Task.unwatched());
    }
    take();
    assertThat(store.manifest("s").figures().newPages()).isLessThan(10);
  }

  @Test
  void oneThingIsNotTakenForTheOther() throws IOException {
    SampleTree.write(source.resolve("a"), "a");
    take();
    try (BlockSource zeros = new blksh.block.ByteArraySource("zeros", new byte[5000])) {
      store.capture(zeros, "image", blksh.store.CaptureOptions.defaults(), Task.unwatched());
    }
    assertThatThrownBy(() -> store.source(store.manifest("s")))
        .hasMessageContaining("s@1")
        .hasMessageContaining("it is a snapshot of a file tree, not an image");
    assertThatThrownBy(
            () ->
                store.restore(
                    store.manifest("s"),
                    folder.resolve("x"),
                    RestoreOptions.defaults(),
                    Task.unwatched()))
        .hasMessageContaining("not an image");
    assertThat(folder.resolve("x")).doesNotExist();
    assertThatThrownBy(() -> snapshots.open("image"))
        .hasMessageContaining("it is an image, not a snapshot of a file tree");
    assertThatThrownBy(() -> snapshots.delete(List.of("image"), false, Task.unwatched()))
        .hasMessageContaining("it is an image");
    assertThat(snapshots.list()).extracting(Snapshot::name).containsExactly("s@1");
  }

  @Test
  void whatIsLeftOutIsCountedAndTheStoreItselfIsNotTaken() throws IOException {
    SampleTree.write(source.resolve("keep"), "k");
    SampleTree.write(source.resolve("a.log"), "l");
    WalkOptions options =
        new WalkOptions(
            Excludes.NONE.with(List.of("*.log")), false, true, Long.MAX_VALUE, List.of());
    TakenSnapshot taken =
        snapshots.take(SnapshotRequest.of(folder).named("s").with(options), Task.unwatched());
    assertThat(taken.leftOut()).isEqualTo(2);
    List<String> found = new ArrayList<>();
    snapshots.find(
        "*", List.of("s"), Task.unwatched(), each -> found.add(NameText.of(each.path())));
    assertThat(found)
        .anyMatch(path -> path.endsWith("/keep"))
        .noneMatch(path -> path.contains("a.log"));
    assertThat(found).noneMatch(path -> path.contains("manifests"));
  }

  @Test
  void whatRotsIsFoundAndNamed() throws IOException {
    Files.write(source.resolve("precious"), Content.random(300_000, 3));
    SampleTree.write(source.resolve("fine"), "f");
    take();
    Path pack;
    try (var files = Files.walk(folder.resolve("store/packs"))) {
      pack = files.filter(path -> path.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(pack);
    bytes[100_000] ^= 1;
    Files.write(pack, bytes);
    snapshots.close();
    snapshots = new StoredSnapshots(Store.open(folder.resolve("store")), true);
    SnapshotVerification found = snapshots.verify(List.of(), Task.unwatched());
    assertThat(found.faultCount()).isEqualTo(1);
    assertThat(found.faults().get(0)).contains("s@1").contains("/precious");
    RestoredTree restored =
        snapshots.restore("s", List.of(), folder.resolve("to"), false, Task.unwatched());
    assertThat(restored.problems()).hasSize(1);
    assertThat(restored.problems().get(0)).contains("precious");
  }

  @Test
  void aFileThatChangesAllTheTimeIsWholeOrMarked() throws Exception {
    SampleTree.write(source.resolve("calm"), "calm");
    Path file = source.resolve("halves");
    Process writer =
        Tool.named("python3")
            .start(
                "-c",
                """
                import sys, time
                n = 0
                while True:
                    n += 1
                    with open(sys.argv[1], 'r+b' if n > 1 else 'wb') as f:
                        f.write(bytes([n % 256]) * (1 << 20)); f.write(bytes([n % 256]) * (1 << 20))
                    time.sleep(0.005 * (n % 9))
                """,
                file);
    try {
      Await.await(() -> Files.exists(file) && Files.size(file) == 2 << 20);
      for (int i = 1; i <= 4; i++) {
        Task task = new Task("take", "s");
        TakenSnapshot taken = take(task);
        RestoredTree restored =
            snapshots.restore("s", List.of(), folder.resolve("to" + i), false, new Task("r", ""));
        byte[] bytes =
            Files.readAllBytes(
                folder
                    .resolve("to" + i)
                    .resolve(source.toRealPath().toString().substring(1))
                    .resolve("halves"));
        boolean whole = true;
        for (byte each : bytes) {
          whole &= each == bytes[0];
        }
        boolean marked = taken.problems().stream().anyMatch(each -> each.contains("/halves"));
        assertThat(whole || marked).isTrue();
        assertThat(taken.problemCount()).isEqualTo(task.findings().size());
        assertThat(restored.problemCount()).isEqualTo(taken.problemCount());
        assertThat(taken.problems()).noneMatch(each -> each.contains("calm"));
      }
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }

  /** Takes one and prints what could not be read. Arguments: store, tree. */
  static final class Taking {
    public static void main(String[] arguments) {
      try (StoredSnapshots snapshots =
          new StoredSnapshots(Store.open(Path.of(arguments[0])), true)) {
        snapshots
            .take(SnapshotRequest.of(Path.of(arguments[1])).named("s"), Task.unwatched())
            .problems()
            .forEach(System.out::println);
      }
    }
  }

  @Test
  void whatCannotBeReadIsNamedAndTheRestIsTaken() throws Exception {
    SampleTree.write(source.resolve("open"), "o");
    SampleTree.write(source.resolve("shut"), "s");
    SampleTree.write(source.resolve("dir/in"), "i");
    Files.setPosixFilePermissions(source.resolve("shut"), Set.of());
    Files.setPosixFilePermissions(source.resolve("dir"), Set.of());
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Tool.Ended ended =
        Tool.named("setpriv")
            .attempt(
                "--bounding-set=-dac_override,-dac_read_search",
                java,
                "-cp",
                System.getProperty("java.class.path"),
                Taking.class.getName(),
                folder.resolve("store"),
                source);
    Component.need(ended.status() == 0, "this needs to be root: " + ended.output());
    assertThat(ended.output().lines())
        .hasSize(2)
        .anyMatch(line -> line.contains("/shut: ") && line.contains("denied"))
        .anyMatch(line -> line.contains("/dir: ") && line.contains("denied"));
    assertThat(snapshots.list()).singleElement().extracting(Snapshot::missing).isEqualTo(2L);
    RestoredTree restored =
        snapshots.restore("s", List.of(), folder.resolve("to"), false, Task.unwatched());
    Path root = folder.resolve("to").resolve(source.toRealPath().toString().substring(1));
    assertThat(root.resolve("open")).hasContent("o");
    assertThat(root.resolve("shut")).doesNotExist();
    assertThat(restored.problems()).hasSize(2).allMatch(each -> each.contains("not read"));
    // What was not read is read as soon as it can be, by root at once.
    if (!Files.isReadable(source.resolve("shut"))) {
      FileTrees.script(source, "chmod u+rwx shut dir");
    }
    take();
    assertThat(snapshots.restore("s", List.of(), folder.resolve("all"), false, Task.unwatched()))
        .extracting(RestoredTree::problemCount)
        .isEqualTo(0L);
  }

  @Test
  void thoseThatAPolicyDoesNotKeepAreForgotten() throws IOException {
    SampleTree.write(source.resolve("a"), "a");
    for (int i = 0; i < 4; i++) {
      take();
    }
    assertThat(snapshots.forget(new Policy(2), true, Task.unwatched()))
        .extracting(Policy.Verdict::stays)
        .containsExactly(false, false, true, true);
    assertThat(snapshots.list()).hasSize(4);
    snapshots.forget(new Policy(2), false, Task.unwatched());
    assertThat(snapshots.list()).extracting(Snapshot::name).containsExactly("s@3", "s@4");
    assertThat(snapshots.listWithSizes(Task.unwatched()))
        .allMatch(each -> each.own() > 0 && each.shared() > 0);
    snapshots.delete(List.of("s@3"), false, Task.unwatched());
    SampleTree.assertSame(source, restored("s", "four"));
  }

  @Test
  void aTargetThatIsNotThereIsRefusedBeforeAnythingIsDone() {
    assertThatThrownBy(
            () ->
                snapshots.take(
                    SnapshotRequest.of(source.resolve("none")).named("s"), Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("none");
    assertThat(snapshots.list()).isEmpty();
  }
}
