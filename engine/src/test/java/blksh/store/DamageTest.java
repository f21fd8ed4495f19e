package blksh.store;

import static blksh.store.Images.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.LittleEndian;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.kit.Trees;
import blksh.store.pack.PackFiles;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Flips bytes and cuts files, in every region of every format, one at a time: full verify names the
 * damage and exactly what it costs, what is whole restores bit for bit, no wrong byte is written,
 * and reindex and a later capture repair what can be repaired.
 */
class DamageTest {

  @TempDir(factory = InMemory.class)
  Path folder;

  private Path pristine;
  private Path store;

  /** What each manifest must restore to, by reference. */
  private final Map<String, byte[]> images = new LinkedHashMap<>();

  private final List<String> failures = new ArrayList<>();
  private final Random random = new Random(411);
  private int cases;

  @BeforeEach
  void smallStoreOfSharedPages() throws IOException {
    pristine = folder.resolve("pristine");
    store = folder.resolve("store");
    byte[] first = Content.compressible(150 * PAGE + 100, 1);
    Arrays.fill(first, 20 * PAGE, 30 * PAGE, (byte) 0);
    byte[] second = first.clone();
    System.arraycopy(Content.compressible(50 * PAGE, 2), 0, second, 60 * PAGE, 50 * PAGE);
    byte[] third = new byte[120 * PAGE];
    System.arraycopy(second, 60 * PAGE, third, 7 * PAGE, 20 * PAGE);
    System.arraycopy(Content.random(40 * PAGE, 3), 0, third, 70 * PAGE, 40 * PAGE);
    Arrays.fill(third, 75 * PAGE + 512, 75 * PAGE + 1536, (byte) 0);
    Arrays.fill(third, 80 * PAGE, 82 * PAGE, (byte) 0);
    try (Store made = Store.create(pristine, StoreOptions.defaults())) {
      put(made, "a", first);
      put(made, "a", second);
      FaultySource bad =
          new FaultySource(new ByteArraySource(third))
              .unreadable(75 * PAGE + 512, 1024)
              .unreadable(80 * PAGE, 2 * PAGE);
      made.capture(bad, "b", CaptureOptions.defaults(), Task.unwatched());
      images.put("b@1", third);
      assertThat(made.info().packs()).isEqualTo(3);
      Images.assertClean(made);
    }
  }

  private void put(Store into, String name, byte[] bytes) {
    Manifest manifest =
        into.capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
            .manifest();
    images.put(manifest.reference(), bytes);
  }

  @AfterEach
  void nothingFailed() {
    System.out.println(cases + " cases");
    failures.forEach(System.out::println);
    assertThat(failures).isEmpty();
  }

  // ---- the cases -----------------------------------------------------------------------------

  @Test
  void damageInAnyRegionOfAPack() throws IOException {
    for (Path file : filesUnder("packs")) {
      for (Map.Entry<String, long[]> region : PackFiles.regions(file).entrySet()) {
        for (int i = 0; i < 5; i++) {
          flip(file, region.getKey(), region.getValue());
        }
      }
      cut(file, 8);
    }
  }

  @Test
  void damageInAnyRegionOfAManifest() throws IOException {
    for (Path file : filesUnder("manifests")) {
      for (Map.Entry<String, long[]> region : manifestRegions(file).entrySet()) {
        for (int i = 0; i < 4; i++) {
          flip(file, region.getKey(), region.getValue());
        }
      }
      cut(file, 5);
    }
  }

  @Test
  void damageInTheDescriptor() throws IOException {
    Path file = pristine.resolve("store.json");
    for (int i = 0; i < 20; i++) {
      flip(file, "text", new long[] {0, Files.size(file)});
    }
    cut(file, 6);
    byte[] whole = Files.readAllBytes(file);
    Path broken = Files.createDirectory(folder.resolve("broken"));
    for (int at = 0; at < whole.length; at++) {
      for (int bits = 1; bits < 256; bits++) {
        byte[] bytes = whole.clone();
        bytes[at] ^= (byte) bits;
        Files.write(broken.resolve("store.json"), bytes);
        try {
          StoreDescriptor.read(new DirectoryShelf(broken));
          failures.add("byte %d of store.json may be flipped by %02x".formatted(at, bits));
        } catch (StoreDescriptor.DamagedDescriptor expected) {
          // as it must
        } catch (IOException | RuntimeException e) {
          failures.add("store.json byte %d flipped by %02x: %s".formatted(at, bits, e));
        }
      }
    }
  }

  @Test
  void damageInAnyRegionOfThePageIndex() throws IOException {
    Path file = pristine.resolve("pages.idx");
    long[][] regions = {{0, 24}, {24, 32}, {32, 36}, {36, 40}, {40, 48}, {48, 4096}};
    for (long[] region : regions) {
      for (int i = 0; i < 5; i++) {
        flip(file, "header", region);
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    List<Integer> used = new ArrayList<>();
    for (int at = PackFiles.PAGE_INDEX_HEADER; at < bytes.length; at += PackFiles.PAGE_INDEX_SLOT) {
      if (LittleEndian.i64(bytes, at) != 0) {
        used.add(at);
      }
    }
    for (int i = 0; i < 12; i++) {
      int at = used.get(random.nextInt(used.size()));
      flip(file, "used slot", new long[] {at, at + PackFiles.PAGE_INDEX_SLOT});
      flip(file, "any slot", new long[] {PackFiles.PAGE_INDEX_HEADER, bytes.length});
    }
    cut(file, 6);
  }

  @Test
  void damageInTheIndex() throws IOException {
    Path file = pristine.resolve("index.db");
    flip(file, "header", new long[] {0, 16});
    for (int i = 16; i < 100; i += 2) {
      flip(file, "header", new long[] {i, i + 2});
    }
    for (int i = 0; i < 60; i++) {
      flip(file, "pages", new long[] {100, Files.size(file)});
    }
    cut(file, 8);
    for (int bits : new int[] {1, 8, 3}) { // the versions a reader and a writer must know
      damaged(file, "index.db: byte 18 flipped", path -> Images.flip(path, 18, bits));
      damaged(file, "index.db: byte 19 flipped", path -> Images.flip(path, 19, bits));
    }
  }

  @Test
  void aMissingFile() throws IOException {
    for (Path file : filesUnder(".")) {
      String name = pristine.relativize(file).toString();
      if (!name.equals("lock")) {
        damaged(file, name + " missing", path -> Files.delete(path));
      }
    }
  }

  // ---- one case ------------------------------------------------------------------------------

  private interface Blow {
    void strike(Path file) throws IOException;
  }

  private void flip(Path file, String region, long[] range) throws IOException {
    long at = range[0] + (long) (random.nextDouble() * (range[1] - range[0]));
    int bits = random.nextBoolean() ? 1 << random.nextInt(8) : 1 + random.nextInt(255);
    String name = pristine.relativize(file).toString();
    damaged(
        file,
        "%s: byte %d (%s) flipped by %02x".formatted(name, at, region, bits),
        path -> Images.flip(path, at, bits));
  }

  private void cut(Path file, int times) throws IOException {
    long size = Files.size(file);
    String name = pristine.relativize(file).toString();
    for (int i = 0; i < times; i++) {
      long to = i == 0 ? 0 : i == 1 ? size - 1 : (long) (random.nextDouble() * size);
      damaged(
          file, "%s: cut to %d of %d".formatted(name, to, size), path -> Images.truncate(path, to));
    }
  }

  private void damaged(Path file, String what, Blow blow) throws IOException {
    cases++;
    Trees.remove(store);
    Trees.copy(pristine, store);
    Files.deleteIfExists(folder.resolve("target"));
    String name = pristine.relativize(file).toString();
    blow.strike(store.resolve(name));
    try {
      judge(name, what);
    } catch (AssertionError | RuntimeException | SQLException e) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      String where =
          trace
              .toString()
              .lines()
              .filter(line -> line.contains("at blksh."))
              .limit(6)
              .reduce("", (a, b) -> a + "\n    " + b.strip());
      failures.add(what + "\n  " + String.valueOf(e).strip().lines().limit(8).toList() + where);
    }
  }

  private void judge(String name, String what) throws IOException, SQLException {
    boolean derived = name.equals("index.db") || name.equals("pages.idx");
    // SQLite makes nothing of an empty file: it counts as missing.
    boolean missing = what.endsWith("missing") || what.startsWith("index.db: cut to 0 ");
    Map<String, BitSet> lost;
    try (Store opened = Store.open(store)) {
      VerifyReport report = Images.verify(opened);
      boolean named = report.damage().stream().anyMatch(d -> d.file().equals(name));
      if (name.equals("index.db") && !named && !missing) {
        // What is not reported must be bytes that no content depends on.
        assertThat(contents(store)).as("contents of index.db").isEqualTo(contents(pristine));
      } else if (!(missing && (derived || name.startsWith("manifests")))) {
        assertThat(named).as("named in " + report.damage()).isTrue();
      }
      assertThat(report.damage()).allMatch(damage -> missing || damage.file().equals(name));
      lost = affected(report);
      if (missing && name.startsWith("manifests")) {
        lost.put(referenceOf(name), null); // who knows what is gone as if it was deleted
      }
      if (derived || name.equals("store.json")) {
        assertThat(lost).isEmpty();
      }
      for (Map.Entry<String, byte[]> image : images.entrySet()) {
        checkRestore(opened, image.getKey(), image.getValue(), lost);
      }
    }
    repair(lost);
    if (name.startsWith("packs") ? !lost.isEmpty() : derived && cases % 5 == 0) {
      heal(lost, what.contains("flipped"));
    }
  }

  /** Reindex makes whole what nothing was lost of. */
  private void repair(Map<String, BitSet> lost) {
    try (Store opened = Store.open(store)) {
      opened.reindex(Task.unwatched());
      VerifyReport after = Images.verify(opened);
      if (lost.isEmpty()) {
        // Other bytes that decompress to the same pages stay: nobody needs them to be right.
        assertThat(after.damage())
            .as("damage after reindex")
            .allMatch(damage -> damage.problem().startsWith("frame checksum does not match"));
      } else {
        assertThat(affected(after).keySet()).as("lost after reindex").isSubsetOf(lost.keySet());
      }
      List<String> listed = opened.manifests().stream().map(Manifest::reference).toList();
      assertThat(images.keySet()).allMatch(r -> lost.containsKey(r) || listed.contains(r));
    }
  }

  /** A capture of the same data restores; it heals all but pages cut off with their digests. */
  private void heal(Map<String, BitSet> lost, boolean flipped) throws IOException {
    try (Store opened = Store.open(store)) {
      Images.verify(opened);
      for (Map.Entry<String, byte[]> image : List.copyOf(images.entrySet())) {
        Manifest again =
            opened
                .capture(
                    new ByteArraySource(image.getValue()),
                    "again",
                    CaptureOptions.defaults(),
                    Task.unwatched())
                .manifest();
        assertSameBytes(opened, again, image.getValue());
      }
      VerifyReport report = Images.verify(opened);
      Map<String, BitSet> still = affected(report);
      for (Map.Entry<String, byte[]> image : images.entrySet()) {
        if (lost.containsKey(image.getKey())) {
          checkRestore(opened, image.getKey(), image.getValue(), still);
        }
      }
      if (flipped) {
        assertThat(still).as("lost after the same data was captured again").isEmpty();
      }
    }
  }

  private Map<String, BitSet> affected(VerifyReport report) {
    Map<String, BitSet> pages = new LinkedHashMap<>();
    for (Damage damage : report.damage()) {
      for (AffectedRange range : damage.affected()) {
        BitSet set = pages.computeIfAbsent(range.manifest(), k -> new BitSet());
        assertThat(range.start()).isNotNegative();
        if (range.length() > 0) {
          set.set(
              (int) (range.start() / PAGE),
              (int) ((range.start() + range.length() + PAGE - 1) / PAGE));
        }
      }
    }
    return pages;
  }

  /**
   * Restores a manifest and reads it page by page: what fails is what verify said, and only that.
   */
  private void checkRestore(
      Store opened, String reference, byte[] expected, Map<String, BitSet> lost)
      throws IOException {
    Path target = folder.resolve("target");
    boolean whole = !lost.containsKey(reference);
    try {
      Manifest manifest = opened.manifest(reference);
      opened.restore(manifest, target, RestoreOptions.defaults(), Task.unwatched());
      assertThat(whole).as(reference + " restored, but was said to be damaged").isTrue();
      assertThat(Arrays.mismatch(Files.readAllBytes(target), expected))
          .as(reference + " restored: first difference")
          .isEqualTo(-1);
      Files.delete(target);
    } catch (BlkshException e) {
      assertThat(whole).as(reference + " failed: " + e.getMessage()).isFalse();
      assertThat(e.getMessage()).containsAnyOf(reference, reference.replace("@", "/"));
      assertThat(target).doesNotExist();
      assertThat(folder.resolve(".target.blksh.part")).doesNotExist();
    }
    BitSet pages = lost.get(reference);
    if (pages != null && !pages.isEmpty() && pages.cardinality() < expected.length / PAGE) {
      checkPages(opened, reference, expected, pages);
    }
  }

  private void checkPages(Store opened, String reference, byte[] expected, BitSet pages) {
    try (BlockSource source = opened.source(opened.manifest(reference))) {
      BitSet failed = new BitSet();
      for (int page = 0; page * PAGE < expected.length; page++) {
        ByteBuffer buffer = ByteBuffer.allocate(PAGE);
        // At first sight a page may be had from a frame that is damaged further on.
        try {
          int count = source.read((long) page * PAGE, buffer);
          assertThat(Arrays.copyOf(buffer.array(), count))
              .isEqualTo(Arrays.copyOfRange(expected, page * PAGE, page * PAGE + count));
        } catch (UnreadableException e) {
          boolean lost = e.getMessage().contains("could not be read when it was captured");
          assertThat(lost || pages.get(page)).as(e.getMessage()).isTrue();
        }
        buffer.clear();
        try {
          int count = source.read((long) page * PAGE, buffer);
          assertThat(Arrays.copyOf(buffer.array(), count))
              .isEqualTo(Arrays.copyOfRange(expected, page * PAGE, page * PAGE + count));
        } catch (UnreadableException e) {
          if (!e.getMessage().contains("could not be read when it was captured")) {
            failed.set(page);
          }
        }
      }
      // Pages that were unreadable when captured cannot show damage.
      BitSet said = (BitSet) pages.clone();
      if (reference.equals("b@1")) {
        for (int page : new int[] {75, 80, 81}) {
          said.clear(page);
          failed.clear(page);
        }
      }
      assertThat(failed).as("pages of " + reference + " that fail").isEqualTo(said);
    }
  }

  private void assertSameBytes(Store opened, Manifest manifest, byte[] expected)
      throws IOException {
    Path target = folder.resolve("again");
    Images.restore(opened, manifest, target);
    assertThat(Arrays.mismatch(Files.readAllBytes(target), expected)).isEqualTo(-1);
    Files.delete(target);
  }

  private static String referenceOf(String manifestFile) {
    String[] parts = manifestFile.split("/");
    return parts[1] + "@" + parts[2].replace(".manifest", "");
  }

  // ---- regions -------------------------------------------------------------------------------

  private static Map<String, long[]> manifestRegions(Path file) throws IOException {
    Map<String, long[]> regions = new LinkedHashMap<>();
    long size = Files.size(file);
    byte[] trailer = Arrays.copyOfRange(Files.readAllBytes(file), (int) size - 96, (int) size);
    long extents = 8 + 16 * LittleEndian.i64(trailer, 8);
    long groups = extents + 24 * LittleEndian.i64(trailer, 80);
    long bad = groups + 16 * LittleEndian.i64(trailer, 16);
    long packs = bad + 8L * LittleEndian.i32(trailer, 24);
    long json = size - 96 - LittleEndian.i32(trailer, 28);
    regions.put("magic", new long[] {0, 8});
    regions.put("extents", new long[] {8, extents});
    regions.put("groups", new long[] {extents, groups});
    if (bad > groups) {
      regions.put("bad ranges", new long[] {groups, bad});
    }
    regions.put("pack table", new long[] {bad, packs});
    regions.put("chunk table", new long[] {packs, json});
    regions.put("description", new long[] {json, size - 96});
    regions.put("trailer", new long[] {size - 96, size});
    return regions;
  }

  // ---- files ---------------------------------------------------------------------------------

  private List<Path> filesUnder(String name) throws IOException {
    try (Stream<Path> files = Files.walk(pristine.resolve(name).normalize())) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** What index.db says of packs and manifests. */
  private static Set<String> contents(Path store) throws SQLException {
    Set<String> rows = new TreeSet<>();
    try (Connection database =
            DriverManager.getConnection("jdbc:sqlite:" + store.resolve("index.db"));
        Statement statement = database.createStatement()) {
      for (String query :
          new String[] {
            "SELECT key, value, '', '', '', '' FROM meta WHERE key LIKE 'pages.idx%'",
            "SELECT ordinal, id, pages, frames, raw_bytes, file_bytes FROM packs",
            "SELECT name, version, description, size, '', '' FROM manifests"
          }) {
        try (ResultSet row = statement.executeQuery(query)) {
          while (row.next()) {
            List<String> values = new ArrayList<>();
            for (int i = 1; i <= 6; i++) {
              values.add(row.getString(i));
            }
            rows.add(values.toString());
          }
        }
      }
    }
    return rows;
  }
}
