package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.io.Sqlite;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.store.Damage;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is damaged in a store of diskdump costs what it hits, and no more; and it can be healed. */
class DamagedDumpsTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;
  private static final int SMALL = 512;
  private static final int HEAD_LINES = 6;
  private static final int LINE = 65;

  @TempDir(factory = InMemory.class)
  Path folder;

  private Path base() {
    return folder.resolve("base");
  }

  private Diskdump opened() {
    return Diskdump.isDiskdump(base()) ? Diskdump.open(base()) : Diskdump.create(base(), BLOCK);
  }

  private RecordedDump record(byte[] image, String name, int blockSize) {
    DumpRequest request = DumpRequest.of(name, "x:/dev/sda").withBlockSize(blockSize);
    return opened().record(new ByteArraySource(image), request, Task.unwatched());
  }

  private Path recorded(byte[] image, String name) {
    return record(image, name, BLOCK).dump().manifest();
  }

  private static byte[] image(long seed) {
    return Content.random(5 * BLOCK + 100, seed);
  }

  private byte[] read(String reference) {
    Diskdump store = opened();
    try (BlockSource source = store.source(store.dump(reference))) {
      return Reading.read(source, 0, (int) source.size());
    }
  }

  private Path block(Path manifest, int number) throws IOException {
    return new DiskdumpPlace(base()).block(Files.readAllLines(manifest).get(HEAD_LINES + number));
  }

  private static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
  }

  private List<Damage> damage() {
    return opened().verify(Task.unwatched()).damage();
  }

  private Store store() {
    Path path = folder.resolve("store");
    return Store.isStore(path) ? Store.open(path) : Store.create(path, StoreOptions.defaults());
  }

  private List<String> bring() {
    Task task = new Task("import", "base");
    try (Store store = store()) {
      DumpImport.run(opened(), store, false, task);
    }
    return task.findings();
  }

  // ---- manifests -----------------------------------------------------------------------------

  /** Lines of Windows are a byte longer: of some numbers of them as many as whole usual lines. */
  @Test
  void theShapeOfLinesIsToldWhateverTheirNumber() throws IOException {
    for (int blocks : new int[] {1, 2, 63, 64, 65, 66, 128, 129, 130}) {
      byte[] image = Content.random(blocks * SMALL, blocks);
      Path manifest = record(image, "disk" + blocks, SMALL).dump().manifest();
      String text = Files.readString(manifest);
      for (boolean declared : new boolean[] {true, false}) {
        String windows = text.replace("\n", "\r\n");
        Files.writeString(
            manifest, declared ? windows : windows.replaceAll("# total_blocks.*\r\n", ""));
        assertThat(opened().dump("disk" + blocks).blocks())
            .as(blocks + " blocks")
            .isEqualTo(blocks);
        assertThat(Arrays.mismatch(read("disk" + blocks), image)).isEqualTo(-1);
      }
    }
    assertThat(damage()).isEmpty();
    assertThat(opened().collect(false, Task.unwatched()).blocks()).isZero();
  }

  @Test
  void aLineThatIsNoDigestCostsItsBlock() throws IOException {
    byte[] image = image(1);
    Path manifest = recorded(image, "disk");
    recorded(image(2), "other");
    byte[] text = Files.readAllBytes(manifest);
    // What a power cut leaves of the end, and noise in the middle.
    Arrays.fill(text, text.length - LINE, text.length, (byte) 0);
    int noise = text.length - 4 * LINE;
    System.arraycopy("../../../etc".getBytes(StandardCharsets.US_ASCII), 0, text, noise, 12);
    Files.write(manifest, text);
    assertRead(image, noise);
    assertThat(bring()).anyMatch(it -> it.contains("disk@0 are missing or damaged"));
    try (Store store = store()) {
      assertThat(store.manifest("disk@1").figures().badBytes())
          .isBetween(BLOCK + 100L, BLOCK + 4096L);
      assertThat(store.versions("other")).containsExactly(1);
    }
    assertThatThrownBy(() -> opened().collect(false, Task.unwatched()))
        .hasMessageContainingAll("disk/0.manifest", "no SHA-256");
    // The same in lines of another length.
    Files.writeString(
        manifest, new String(text, StandardCharsets.ISO_8859_1).replace("\n", "\r\n") + "\r\n");
    assertRead(image, -1);
  }

  private void assertRead(byte[] image, int position) {
    Diskdump store = opened();
    try (BlockSource source = store.source(store.dump("disk@0"))) {
      assertThat(Reading.list(source.extents()))
          .containsExactly(
              new Extent(0, 2L * BLOCK, Extent.Kind.DATA),
              new Extent(2L * BLOCK, BLOCK, Extent.Kind.BAD),
              new Extent(3L * BLOCK, 2L * BLOCK, Extent.Kind.DATA),
              new Extent(5L * BLOCK, 100, Extent.Kind.BAD));
      byte[] found = Reading.read(source, 3L * BLOCK, 2 * BLOCK);
      assertThat(found).isEqualTo(Arrays.copyOfRange(image, 3 * BLOCK, 5 * BLOCK));
      assertThatThrownBy(() -> Reading.read(source, 2L * BLOCK + 7, 10))
          .isInstanceOfSatisfying(
              UnreadableException.class, e -> assertThat(e.start()).isEqualTo(2L * BLOCK + 7))
          .hasMessageContaining(position < 0 ? "no SHA-256" : "at byte " + position);
    }
  }

  // ---- blocks --------------------------------------------------------------------------------

  @Test
  void aVersionThatLacksWhatItsDumpHadIsNamedEachTime() throws IOException {
    Path manifest = recorded(image(1), "disk");
    Path block = block(manifest, 1);
    byte[] whole = Files.readAllBytes(block);
    flip(block);
    assertThat(bring()).anyMatch(it -> it.contains("they are bad in disk@1"));
    Files.write(block, whole);
    String lacks = "disk@1, which was disk@0, lacks 131072 bytes that could not be read then";
    assertThat(bring()).singleElement().asString().contains(lacks, "delete it to bring it again");
    recorded(image(2), "disk");
    assertThat(bring()).singleElement().asString().contains(lacks);
    assertThat(bring()).singleElement().asString().contains(lacks, "those after it");
    try (Store store = store()) {
      store.delete("disk@1");
      store.delete("disk@2");
    }
    assertThat(bring()).isEmpty();
    assertThat(bring()).isEmpty();
    try (Store store = store()) {
      Manifest again = store.manifest("disk@3");
      assertThat(again.source().details()).containsEntry("dump", "disk@0");
      assertThat(again.figures().badBytes()).isZero();
    }
  }

  @Test
  void whatATruncatedDumpLacksIsNoNews() throws IOException {
    Path manifest = record(Content.random(9 * SMALL, 1), "disk", SMALL).dump().manifest();
    List<String> lines = Files.readAllLines(manifest);
    Files.write(manifest, lines.subList(0, lines.size() - 4));
    assertThat(bring()).anyMatch(it -> it.contains("truncated"));
    assertThat(bring()).isEmpty();
    Files.write(manifest, lines);
    assertThat(bring()).singleElement().asString().contains("delete it to bring it again");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBlockThatIsDamagedIsWrittenAnewByWhoHasItsBytes(boolean reindexed) throws IOException {
    byte[] image = image(1);
    Path manifest = recorded(image, "disk");
    Path damaged = block(manifest, 1);
    flip(damaged);
    if (reindexed) {
      opened().reindex(Task.unwatched());
    }
    assertThat(damage()).anyMatch(it -> it.problem().contains("writes it anew"));
    assertThat(record(image, "disk", BLOCK).stored()).isEqualTo(1);
    assertThat(damage()).isEmpty();
    DumpFiles.assertRestores(base(), "disk/1.manifest", image);
    assertThat(record(image, "disk", BLOCK).stored()).isZero();
  }

  @Test
  void aVerificationGoesOnWhateverIsInItsWay() throws IOException {
    Path manifest = recorded(image(1), "disk");
    recorded(image(2), "other");
    Path gone = block(manifest, 0);
    Files.delete(gone);
    Files.createSymbolicLink(gone, Path.of("nowhere"));
    Path loop = block(manifest, 1);
    Files.delete(loop);
    Files.createSymbolicLink(loop, loop);
    DiskdumpReport report = opened().verify(Task.unwatched());
    assertThat(report.blocks()).isEqualTo(10);
    assertThat(report.damage())
        .extracting(Damage::file)
        .containsExactlyInAnyOrder(
            base().relativize(gone).toString(),
            base().relativize(loop).toString(),
            ".blockstore/manifests/disk/0.manifest");
    Task task = new Task("reindex", "base");
    assertThat(opened().reindex(task)).isEqualTo(10);
    assertThat(task.findings()).hasSize(2);
    assertThat(opened().info().blocks()).isEqualTo(10);
  }

  // ---- the table -----------------------------------------------------------------------------

  private Path table() {
    return base().resolve(".blockstore/blocks.db");
  }

  private void assertReindexHelps(byte[] image) throws IOException {
    Files.setPosixFilePermissions(table(), PosixFilePermissions.fromString("rw-rw----"));
    assertThat(opened().reindex(Task.unwatched())).isEqualTo(6);
    assertThat(record(image, "disk", BLOCK).stored()).isZero();
    DumpFiles.assertRestores(base(), "disk/1.manifest", image);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(table())))
        .isEqualTo("rw-rw----");
    assertThat(base().resolve(".blockstore/blocks.db.new")).doesNotExist();
  }

  @Test
  void aTableWithADamagedPageInItIsMadeAnew() throws IOException {
    byte[] image = image(1);
    recorded(image, "disk");
    try (BlockTable table = BlockTable.open(table())) {
      List<BlockTable.Row> rows = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        rows.add(new BlockTable.Row("%064x".formatted(i), i));
      }
      table.put(rows);
    }
    byte[] pages = Files.readAllBytes(table());
    Arrays.fill(pages, pages.length / 2 & -4096, pages.length - 4096, (byte) 0xa5);
    Files.write(table(), pages);
    assertReindexHelps(image);
  }

  @Test
  void aTableOfOtherColumnsIsMadeAnew() throws IOException, SQLException {
    byte[] image = image(1);
    recorded(image, "disk");
    Sqlite.delete(table());
    try (Connection other = Sqlite.open(table(), Sqlite.Synchronous.NORMAL, 1000);
        Statement statement = other.createStatement()) {
      statement.execute("CREATE TABLE blocks (a, b)");
    }
    assertThatThrownBy(() -> recorded(image, "disk")).hasMessageContaining("reindex");
    assertReindexHelps(image);
  }

  @Test
  void nothingIsLostOfAStoreThatWentAway() throws IOException {
    byte[] image = Content.random(4 * BLOCK, 1);
    record(image, "x.sda", BLOCK);
    Diskdump store = opened();
    try (BlockSource source = store.source(store.dump("x.sda"))) {
      Files.move(base(), folder.resolve("elsewhere"));
      assertThatThrownBy(() -> Reading.read(source, 0, image.length))
          .isInstanceOf(DumpSource.OutOfReach.class);
      assertThatThrownBy(() -> source.extents().next()).isInstanceOf(DumpSource.OutOfReach.class);
    }
  }
}
