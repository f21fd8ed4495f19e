package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.VerifyOptions;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps brought into a store as versions, and versions written as dumps. */
class DumpInterchangeTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;

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
    byte[] bytes = Content.compressible(5 * BLOCK + 1000, seed);
    Arrays.fill(bytes, BLOCK, 2 * BLOCK, (byte) 0);
    System.arraycopy(Content.compressible(BLOCK, 99), 0, bytes, 3 * BLOCK, BLOCK);
    return bytes;
  }

  private ImportReport bring(Task task) {
    return DumpImport.run(Diskdump.open(base), store, false, task);
  }

  private ImportReport bring() {
    return bring(Task.unwatched());
  }

  private ExportReport export(Task task, String... names) {
    return DumpExport.run(store, List.of(names), base, false, task);
  }

  private ExportReport export(String... names) {
    return export(Task.unwatched(), names);
  }

  private byte[] read(String reference) {
    try (BlockSource source = store.source(store.manifest(reference))) {
      return Reading.read(source, 0, (int) source.size());
    }
  }

  private static void assertSame(byte[] found, byte[] expected) {
    assertThat(Arrays.mismatch(found, expected)).isEqualTo(-1);
  }

  private Manifest capture(BlockSource source, String name) {
    return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
  }

  private Manifest capture(byte[] bytes, String name) {
    return capture(new ByteArraySource(bytes), name);
  }

  @Test
  void aDumpThatIsThereHealsTheVersionItBecame() throws IOException {
    DumpFiles.write(base, image(1), "server01.sda", 0);
    bring();
    Path pack;
    try (Stream<Path> files = Files.walk(folder.resolve("store/packs"))) {
      pack = files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(pack);
    bytes[bytes.length / 2] ^= 4;
    Files.write(pack, bytes);
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).lossless()).isFalse();
    Task task = Task.unwatched();
    ImportReport report = bring(task);
    assertThat(report.imported()).isEmpty();
    assertThat(task.notes())
        .singleElement()
        .asString()
        .contains("lost pages were stored again by", "server01.sda@1");
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).lossless()).isTrue();
    assertSame(read("server01.sda@1"), image(1));
    Task again = Task.unwatched();
    bring(again);
    assertThat(again.notes()).isEmpty();
  }

  @Test
  void aVersionThatIsDeletedMeanwhileIsLeftOutAndNamed() throws Exception {
    capture(Content.compressible(100 * BLOCK, 1), "a");
    capture(image(2), "b");
    capture(image(3), "c");
    Task task = new Task("export", "base");
    Thread other =
        new Thread(
            () -> {
              while (!task.phase().equals("a@1") && !task.ended()) {
                Thread.onSpinWait();
              }
              store.delete("b@1");
            });
    other.start();
    ExportReport report = export(task, "a", "b", "c");
    task.end();
    other.join();
    assertThat(report.left()).containsExactly("b@1");
    assertThat(report.exported()).hasSize(2);
    assertThat(task.findings()).containsExactly("b@1 is not exported: it was deleted meanwhile");
  }

  @Test
  void everyDumpBecomesAVersionOnceWithItsDateInOrder() throws IOException {
    DumpFiles.write(base, image(1), "server01.sda", 0);
    DumpFiles.write(base, image(2), "server01.sda", 1);
    DumpFiles.write(base, image(3), "root@usb/stick", 0);
    Task task = new Task("import", "base");
    assertThat(DumpImport.run(Diskdump.open(base), store, true, task).planned()).hasSize(3);
    assertThat(store.manifests()).isEmpty();
    ImportReport report = bring(task);
    assertThat(report.imported())
        .extracting(Manifest::reference)
        .containsExactly("root_usb.stick@1", "server01.sda@1", "server01.sda@2");
    assertThat(task.notes()).contains("root@usb/stick is called root_usb.stick in the store");
    assertThat(task.findings()).isEmpty();
    Manifest second = store.manifest("server01.sda@2");
    assertThat(second.started()).isEqualTo(Instant.parse("2026-04-21T02:00:11.123456Z"));
    assertThat(second.source().details()).containsEntry("source", "server01:/dev/sda");
    assertThat(second.figures().zeroBytes()).isGreaterThanOrEqualTo(BLOCK);
    assertSame(read("server01.sda@1"), image(1));
    assertSame(read("server01.sda@2"), image(2));
    assertSame(read("root_usb.stick"), image(3));
    // A second time there is nothing, and what was dumped since is brought alone.
    assertThat(bring().imported()).isEmpty();
    DumpFiles.write(base, image(4), "server01.sda", 2);
    ImportReport more = bring();
    assertThat(more.known()).hasSize(3);
    assertThat(more.imported()).extracting(Manifest::reference).containsExactly("server01.sda@3");
    assertThat(store.manifests()).hasSize(4);
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
    Path target = folder.resolve("restored");
    store.restore(second, target, RestoreOptions.defaults(), Task.unwatched());
    assertSame(Files.readAllBytes(target), image(2));
  }

  @Test
  void anImportThatWasCutGoesOnWhereItWas() throws IOException {
    int dumps = 120;
    Path first = DumpFiles.write(base, image(1), "disk", 0);
    String text = Files.readString(first);
    for (int i = 1; i < dumps; i++) {
      String later = text.replace("2026-04-20T", "2026-05-%02dT".formatted(1 + i % 28));
      Files.writeString(first.resolveSibling(i + ".manifest"), later);
    }
    Task task = new Task("import", "base");
    AtomicBoolean ended = new AtomicBoolean();
    Thread cutter =
        new Thread(
            () -> {
              while (store.versions("disk").size() < 2 && !ended.get()) {
                Thread.onSpinWait();
              }
              task.cancel();
            });
    cutter.setDaemon(true);
    cutter.start();
    try {
      assertThatThrownBy(() -> bring(task)).isInstanceOf(CancelledException.class);
    } finally {
      ended.set(true);
    }
    int there = store.manifests().size();
    assertThat(there).isBetween(2, dumps - 1);
    assertThat(bring().imported()).hasSize(dumps - there);
    List<Manifest> all = store.manifests("disk");
    for (int i = 0; i < dumps; i++) {
      assertThat(all.get(i).source().details()).containsEntry("dump", "disk@" + i);
    }
    assertSame(read("disk@" + dumps), image(1));
  }

  @Test
  void whatADumpLacksIsBadInItsVersionAndTold() throws IOException {
    Path truncated = DumpFiles.write(base, image(1), "truncated", 0);
    List<String> lines = Files.readAllLines(truncated);
    Files.write(truncated, lines.subList(0, lines.size() - 2));
    Path damaged = DumpFiles.write(base, image(2), "damaged", 0);
    String hex = Files.readAllLines(damaged).get(6 + 2);
    Files.write(new DiskdumpPlace(base).block(hex), new byte[100]);
    Path none = base.resolve(".blockstore/manifests/none/0.manifest");
    Files.createDirectories(none.getParent());
    Files.writeString(none, "something else\n");
    Task task = new Task("import", "base");
    bring(task);
    assertThat(String.join("\n", task.findings()))
        .contains("none/0.manifest cannot be imported")
        .contains("truncated@0 is truncated: it has 4 of 6 blocks", "bad in truncated@1")
        .contains("blocks of damaged@0 are missing or damaged", "bad in damaged@1");
    try (BlockSource source = store.source(store.manifest("damaged"))) {
      assertThat(Reading.list(source.extents()))
          .contains(new Extent(2L * BLOCK, BLOCK, Extent.Kind.BAD));
      assertSame(Reading.read(source, 0, 2 * BLOCK), Arrays.copyOfRange(image(2), 0, 2 * BLOCK));
    }
    try (BlockSource source = store.source(store.manifest("truncated"))) {
      assertThat(Reading.list(source.extents()))
          .contains(new Extent(4L * BLOCK, BLOCK + 1000, Extent.Kind.BAD));
    }
    assertThat(bring().known()).hasSize(2);
  }

  @Test
  void twoNamesThatWouldBecomeOneAreRefused() throws IOException {
    DumpFiles.write(base, image(1), "a/b", 0);
    DumpFiles.write(base, image(2), "a.b", 0);
    assertThatThrownBy(this::bring).hasMessageContaining("a/b", "a.b", "both be called a.b");
    assertThat(store.manifests()).isEmpty();
  }

  @Test
  void versionsBecomeDumpsOnceThatDiskdumpRestores() throws IOException {
    capture(image(1), "server01.sda");
    capture(image(2), "server01.sda");
    capture(Content.disk(3 * BLOCK, 3), "server02.sda");
    capture(image(4), "other");
    ExportReport report = export("server0?.sda");
    assertThat(report.exported())
        .extracting(recorded -> recorded.dump().reference())
        .containsExactly("server01.sda@0", "server01.sda@1", "server02.sda@0");
    DumpFiles.assertRestores(base, "server01.sda/0.manifest", image(1));
    DumpFiles.assertRestores(base, "server02.sda/0.manifest", Content.disk(3 * BLOCK, 3));
    String head = DumpFiles.assertRestores(base, "server01.sda/1.manifest", image(2));
    Instant date = store.manifest("server01.sda@2").started();
    assertThat(head).endsWith("|" + DumpDate.text(date));
    assertThat(export("server0?.sda").exported()).isEmpty();
    capture(image(5), "server01.sda");
    assertThat(export("*").exported())
        .extracting(recorded -> recorded.dump().reference())
        .containsExactly("other@0", "server01.sda@2");
    assertThat(Diskdump.open(base).verify(Task.unwatched()).damage()).isEmpty();
    assertThatThrownBy(() -> export("nothing*")).hasMessageContaining("no such name");
  }

  @Test
  void whatWasImportedIsExportedAsItWas() throws IOException {
    DumpFiles.write(base, image(1), "server01.sda", 0);
    DumpFiles.write(base, image(2), "server01.sda", 1);
    bring();
    // Into the same place nothing twice; elsewhere the same with the same dates.
    assertThat(export("*").known()).hasSize(2);
    Path first = base;
    base = folder.resolve("again");
    export("*");
    for (int i = 0; i < 2; i++) {
      String manifest = "server01.sda/" + i + ".manifest";
      String head = DumpFiles.assertRestores(base, manifest, image(1 + i));
      assertThat(head).isEqualTo(DumpFiles.assertRestores(first, manifest, image(1 + i)));
    }
  }

  @Test
  void whatADumpCannotSayIsLeftOutAndNamed() throws IOException {
    capture(image(1), "good");
    capture(new FaultySource(new ByteArraySource(image(2))).unreadable(5000, 512), "bad");
    Task task = new Task("export", "base");
    ExportReport report = export(task, "*");
    assertThat(report.left()).containsExactly("bad@1");
    assertThat(report.exported()).hasSize(1);
    assertThat(task.findings()).singleElement().asString().contains("bad@1 is not exported", "512");
  }
}
