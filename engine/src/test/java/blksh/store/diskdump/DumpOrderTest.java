package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SourceInfo;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.InMemory;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is brought comes in order, once, and never takes the place of what is later. */
class DumpOrderTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  @TempDir(factory = InMemory.class)
  Path folder;

  @AutoClose private Store store;
  private Path base;

  @BeforeEach
  void make() {
    store = Store.create(folder.resolve("store"), StoreOptions.defaults());
    base = folder.resolve("base");
  }

  private static byte[] image(long seed) {
    return Content.compressible(2 * BLOCK + 1000, seed);
  }

  private ImportReport bring(Task task) {
    return DumpImport.run(Diskdump.open(base), store, false, task);
  }

  private ExportReport export(Store from, Task task) {
    return DumpExport.run(from, List.of("*"), base, false, task);
  }

  private Manifest capture(long seed, CaptureOptions options) {
    BlockSource source = new ByteArraySource(image(seed));
    return store.capture(source, "disk", options, Task.unwatched()).manifest();
  }

  private Manifest capture(long seed) {
    return capture(seed, CaptureOptions.defaults());
  }

  private List<String> dumpsOf(String name) {
    return store.manifests(name).stream().map(it -> it.source().details().get("dump")).toList();
  }

  private Path manifest(String name) {
    return base.resolve(".blockstore/manifests").resolve(name);
  }

  @Test
  void nothingIsImportedBehindALaterVersion() throws IOException {
    DumpFiles.write(base, image(1), "disk", 0);
    DumpFiles.write(base, image(2), "disk", 1);
    DumpFiles.write(base, image(3), "another", 0);
    capture(9);
    for (boolean dryRun : new boolean[] {true, false}) {
      assertThatThrownBy(() -> DumpImport.run(Diskdump.open(base), store, dryRun, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContainingAll("disk@1 in the store is later than disk@0", "empty store");
    }
    assertThat(store.manifests()).hasSize(1);
  }

  @Test
  void anImportGoesOnUnlessAnotherVersionCameMeanwhile() throws IOException {
    capture(9, CaptureOptions.defaults().withDate(LONG_AGO));
    DumpFiles.write(base, image(1), "disk", 0);
    bring(Task.unwatched());
    DumpFiles.write(base, image(2), "disk", 1);
    bring(Task.unwatched());
    assertThat(dumpsOf("disk")).containsExactly(null, "disk@0", "disk@1");
    capture(8);
    // What is there already stands in nobody's way.
    Task task = new Task("import", "base");
    assertThat(bring(task).known()).hasSize(2);
    assertThat(task.findings()).isEmpty();
    DumpFiles.write(base, image(3), "disk", 2);
    assertThatThrownBy(() -> bring(Task.unwatched())).hasMessageContaining("disk@4");
    assertThat(store.versions("disk")).hasSize(4);
  }

  /** A source that captures another version of the same name when it is read. */
  private final class Overtaking implements BlockSource {
    private final BlockSource source = new ByteArraySource(image(1));
    private boolean done;

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public synchronized int read(long position, ByteBuffer target) {
      if (!done) {
        done = true;
        capture(2);
      }
      return source.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }

  @Test
  void aVersionThatIsToFollowAnotherFollowsNoOther() {
    CaptureOptions first = CaptureOptions.defaults().withAfter(0);
    assertThatThrownBy(() -> store.capture(new Overtaking(), "disk", first, Task.unwatched()))
        .isInstanceOf(CaptureOptions.Overtaken.class)
        .hasMessageContainingAll("was 0", "is 1");
    assertThat(store.versions("disk")).containsExactly(1);
    assertThatThrownBy(() -> capture(3, first)).isInstanceOf(CaptureOptions.Overtaken.class);
    assertThat(capture(3, CaptureOptions.defaults().withAfter(1)).version()).isEqualTo(2);
  }

  private void twice(Workers.Body body) {
    Workers.run(Task.unwatched(), 2, body, () -> {});
  }

  @Test
  void twoImportsAtOnceBringEverythingOnceAndInOrder() throws IOException {
    int dumps = 20;
    Path first = DumpFiles.write(base, image(1), "disk", 0);
    String text = Files.readString(first);
    List<String> expected = new ArrayList<>(List.of("disk@0"));
    for (int i = 1; i < dumps; i++) {
      String later = text.replace("T02:00:11", "T%02d:00:11".formatted(2 + i));
      Files.writeString(first.resolveSibling(i + ".manifest"), later);
      expected.add("disk@" + i);
    }
    twice(
        () -> {
          try (Store own = Store.open(store.path())) {
            DumpImport.run(Diskdump.open(base), own, false, Task.unwatched());
          }
        });
    assertThat(dumpsOf("disk")).isEqualTo(expected);
  }

  @Test
  void twoExportsAtOnceWriteEverythingOnceAndInOrder() {
    int versions = 8;
    List<String> origins = new ArrayList<>();
    for (int i = 0; i < versions; i++) {
      origins.add(DumpImport.origin(capture(i)));
    }
    twice(
        () -> {
          try (Store own = Store.open(store.path())) {
            export(own, Task.unwatched());
          }
        });
    assertThat(Diskdump.open(base).dumps()).extracting(Dump::origin).isEqualTo(origins);
  }

  @Test
  void whatWasExportedIsNotImportedAgain() {
    capture(1);
    capture(2);
    export(store, Task.unwatched());
    ImportReport report = bring(Task.unwatched());
    assertThat(report.known()).hasSize(2);
    assertThat(report.imported()).isEmpty();
    assertThat(store.versions("disk")).hasSize(2);
  }

  @Test
  void nothingIsExportedBehindALaterDump() throws IOException {
    DumpFiles.write(base, image(9), "disk", 0);
    capture(1, CaptureOptions.defaults().withDate(LONG_AGO));
    assertThatThrownBy(() -> export(store, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContainingAll("disk@0 there is later than disk@1", "new directory");
    assertThat(Diskdump.open(base).dumps()).hasSize(1);
    Files.delete(manifest("disk/0.manifest"));
    assertThat(export(store, Task.unwatched()).exported()).hasSize(1);
  }

  @Test
  void whatWasTakenAwayIsNotBroughtBehindWhatFollowsIt() throws IOException {
    capture(1);
    capture(2);
    export(store, Task.unwatched());
    Files.delete(manifest("disk/0.manifest"));
    Task exporting = new Task("export", "base");
    assertThat(export(store, exporting).left()).containsExactly("disk@1");
    assertThat(exporting.findings()).singleElement().asString().contains("disk@1", "disk@1 is a");
    assertThat(Diskdump.open(base).dumps()).hasSize(1);
    DumpFiles.write(base, image(5), "old", 0);
    DumpFiles.write(base, image(6), "old", 1);
    bring(Task.unwatched());
    store.delete("old@1");
    Task importing = new Task("import", "base");
    assertThat(bring(importing).imported()).isEmpty();
    assertThat(importing.findings())
        .singleElement()
        .asString()
        .contains("old@0 is not imported: old@2 is a later dump");
    assertThat(dumpsOf("old")).containsExactly("old@1");
  }

  @Test
  void aDumpOutOfReachLeavesThoseBehindItForTheNextTime() throws IOException {
    DumpFiles.write(base, image(1), "a", 0);
    Path manifest = DumpFiles.write(base, image(2), "a", 1);
    DumpFiles.write(base, image(3), "a", 2);
    DumpFiles.write(base, image(4), "b", 0);
    // A failure that says nothing of what is there: a link that leads to itself.
    Path block = new DiskdumpPlace(base).block(Files.readAllLines(manifest).get(6));
    byte[] bytes = Files.readAllBytes(block);
    Files.delete(block);
    Files.createSymbolicLink(block, block);
    Task task = new Task("import", "base");
    bring(task);
    assertThat(task.findings())
        .singleElement()
        .asString()
        .contains("a@1 is not imported, nor are 1 dumps that follow it");
    assertThat(dumpsOf("a")).containsExactly("a@0");
    assertThat(dumpsOf("b")).containsExactly("b@0");
    Files.delete(block);
    Files.write(block, bytes);
    assertThat(bring(Task.unwatched()).imported()).hasSize(2);
    assertThat(dumpsOf("a")).containsExactly("a@0", "a@1", "a@2");
    assertThat(store.manifest("a@2").figures().badBytes()).isZero();
  }
}
