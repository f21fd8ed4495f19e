package blksh.store;

import static blksh.kit.Await.pause;
import static blksh.store.Images.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.store.pack.PackFiles;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.Shelf;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A share of a store each night: each pack has its turn, and what was found stays known. */
class VerifyOverTimeTest {

  @TempDir(factory = InMemory.class)
  Path folder;

  private Path path;

  private Store create() {
    path = folder.resolve("store");
    return Store.create(path, StoreOptions.defaults());
  }

  /** Another image, which makes a pack of its own, as long as all others. */
  private Manifest put(Store store, int seed) {
    return store
        .capture(
            new ByteArraySource(Content.random(8 * PAGE, seed)),
            "n" + seed,
            CaptureOptions.defaults(),
            Task.unwatched())
        .manifest();
  }

  private VerifyReport sample(Store store, double percent) {
    return store.verify(VerifyOptions.sample(percent), Task.unwatched());
  }

  private Set<Path> packFiles() throws IOException {
    try (Stream<Path> files = Files.walk(path.resolve("packs"))) {
      return new TreeSet<>(files.filter(file -> file.toString().endsWith(".pack")).toList());
    }
  }

  private Path newPack(Set<Path> before) throws IOException {
    Set<Path> now = new HashSet<>(packFiles());
    now.removeAll(before);
    return now.iterator().next();
  }

  private List<String> ask(String sql) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + path.resolve("index.db"));
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        found.add(row.getString(1));
      }
    }
    return found;
  }

  private void change(String... commands) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + path.resolve("index.db"));
        Statement statement = connection.createStatement()) {
      for (String command : commands) {
        statement.execute(command);
      }
    }
  }

  @Test
  void twentyNightsReadAllThereWasThoughOneIsDamagedAndMoreComesEachNight() throws Exception {
    try (Store store = create()) {
      for (int i = 0; i < 40; i++) {
        put(store, i);
      }
      List<String> first = ask("SELECT id FROM packs");
      Path damaged = packFiles().iterator().next();
      Images.flip(damaged, PackFiles.payloadOf(damaged, 0)[0], 1);
      for (int night = 1; night <= 20; night++) {
        VerifyReport report = sample(store, 5);
        assertThat(report.packs()).isEqualTo(39 + night);
        assertThat(report.frames()).as("of frames of one pack each").isBetween(2L, 5L);
        put(store, 100 + night);
        if (night == 10) {
          assertThat(ask("SELECT 1 FROM packs WHERE checked IS NOT NULL")).hasSizeBetween(20, 32);
        }
      }
      List<String> checked = ask("SELECT id FROM packs WHERE checked IS NOT NULL");
      assertThat(checked).containsAll(first);
      assertThat(ask("SELECT 1 FROM packs WHERE checked IS NOT NULL AND verified IS NULL"))
          .as("read and not sound")
          .hasSize(1);
      assertThat(sample(store, 5).damaged()).as("known, whatever is read").isEqualTo(1);
    }
  }

  @Test
  void whatWasFoundIsReportedUntilItIsSound() throws Exception {
    try (Store store = create()) {
      Set<Path> before = packFiles();
      Manifest hit = put(store, 1);
      Path pack = newPack(before);
      for (int i = 2; i < 12; i++) {
        put(store, i);
      }
      long at = PackFiles.payloadOf(pack, 0)[0];
      Images.flip(pack, at, 4);
      assertThat(Images.verify(store).damaged()).isEqualTo(1);
      String since = ask("SELECT since FROM damage").get(0);
      for (VerifyOptions options :
          List.of(VerifyOptions.sample(5), VerifyOptions.quick(), VerifyOptions.full())) {
        VerifyReport report = store.verify(options, Task.unwatched());
        assertThat(report.damage())
            .as("%s", options)
            .singleElement()
            .satisfies(
                damage -> {
                  assertThat(damage.file()).endsWith(pack.getFileName().toString());
                  assertThat(damage.affected())
                      .singleElement()
                      .satisfies(a -> assertThat(a.manifest()).isEqualTo(hit.reference()));
                });
        assertThat(ask("SELECT since FROM damage")).containsExactly(since);
      }
      Images.flip(pack, at, 4); // as a disk that gives the right bytes again
      assertThat(store.verify(VerifyOptions.quick(), Task.unwatched()).damage()).isEmpty();
      assertThat(ask("SELECT 1 FROM damage UNION ALL SELECT 1 FROM bad")).isEmpty();
      assertThat(
              store
                  .capture(
                      new ByteArraySource(Content.random(8 * PAGE, 1)),
                      "again",
                      CaptureOptions.defaults(),
                      Task.unwatched())
                  .manifest()
                  .figures()
                  .newPages())
          .as("found again")
          .isZero();
      Images.assertClean(store);
    }
  }

  @Test
  void whatNoPageIsLostByIsRememberedToo() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      Path pack = packFiles().iterator().next();
      put(store, 2);
      long at = PackFiles.frameOf(pack, 0);
      Images.flip(pack, at, 1);
      String problem = Images.verify(store).damage().get(0).problem();
      VerifyReport quick = store.verify(VerifyOptions.quick(), Task.unwatched());
      assertThat(quick.damage())
          .singleElement()
          .satisfies(d -> assertThat(d.problem()).isEqualTo(problem));
      Images.flip(pack, at, 1);
      assertThat(store.verify(VerifyOptions.quick(), Task.unwatched()).damage()).isEmpty();
    }
  }

  @Test
  void onceStoredAgainNothingIsLostByWhatStaysDamaged() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      Path pack = packFiles().iterator().next();
      put(store, 2);
      Images.flip(pack, PackFiles.payloadOf(pack, 0)[0], 4);
      assertThat(Images.verify(store).damage().get(0).affected()).isNotEmpty();
      put(store, 1);
      for (VerifyOptions options : List.of(VerifyOptions.quick(), VerifyOptions.full())) {
        VerifyReport report = store.verify(options, Task.unwatched());
        assertThat(report.clean()).isTrue();
        assertThat(report.healed()).isEqualTo(1);
        assertThat(ask("SELECT affected FROM damage")).containsExactly("");
      }
    }
  }

  @Test
  void onlyPagesAreHealed() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      Path pack = packFiles().iterator().next();
      Images.flip(pack, PackFiles.payloadOf(pack, 0)[0], 4);
      assertThat(Images.verify(store).damaged()).isEqualTo(1);
      put(store, 1);
      assertThat(Images.verify(store).clean()).isTrue();
      Images.flip(pack, Files.size(pack) - 20, 4);
      for (int night = 0; night < 2; night++) {
        VerifyReport report = Images.verify(store);
        assertThat(report.damage())
            .singleElement()
            .satisfies(d -> assertThat(d.problem()).contains("footer"));
        assertThat(report.healed()).isEqualTo(1);
      }
    }
  }

  @Test
  void whatNobodyWasToldOfIsToldThoughItIsHealed() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      Path pack = packFiles().iterator().next();
      Images.flip(pack, PackFiles.payloadOf(pack, 0)[0], 4);
      assertThat(Images.verify(store).damaged()).isEqualTo(1);
      // As a verification leaves it that noted what it found, and was killed.
      change("DELETE FROM meta WHERE key LIKE 'told %'");
      put(store, 1);
      assertThat(Images.verify(store).damaged()).as("told now").isEqualTo(1);
      assertThat(Images.verify(store).clean()).as("and known").isTrue();
    }
  }

  @Test
  void aDeadRegionIsHealedHoweverLongItIs() throws Exception {
    try (Store store = create()) {
      int pages = 8 * 150;
      for (int night = 0; night < 2; night++) {
        store.capture(
            new ByteArraySource(Content.compressible(pages * PAGE, 5)),
            "large",
            CaptureOptions.defaults(),
            Task.unwatched());
        if (night == 0) {
          Path pack = packFiles().iterator().next();
          long from = PackFiles.frameOf(pack, 16);
          long past = PackFiles.frameOf(pack, 1100);
          for (long at = from + 100; at < past; at += 500) {
            Images.flip(pack, at, 4);
          }
          assertThat(Images.verify(store).damaged()).isGreaterThan(100);
        }
      }
      VerifyReport report = Images.verify(store);
      assertThat(report.damaged()).isZero();
      assertThat(report.healed()).isGreaterThan(100);
    }
  }

  @Test
  void aSampleThatIsStoppedCountsOnlyWhatItReadWhole() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      pause(1100); // dates have seconds, and what is older is read first
      byte[] large = Content.random(12 << 20, 2);
      store.capture(
          new ByteArraySource(large), "large", CaptureOptions.defaults(), Task.unwatched());
    }
    Task task = new Task("verify", "");
    try (Store store = Store.open(cancelling(task, 150), path)) {
      assertThatThrownBy(() -> store.verify(VerifyOptions.sample(100), task))
          .isInstanceOf(CancelledException.class);
    }
    assertThat(ask("SELECT pages FROM packs WHERE checked IS NOT NULL")).containsExactly("8");
    assertThat(ask("SELECT pages FROM packs WHERE verified IS NOT NULL")).containsExactly("8");
  }

  /** A directory in which the task is cancelled at a read of a pack. */
  private Shelf cancelling(Task task, int read) {
    AtomicInteger reads = new AtomicInteger();
    return watched(
        Shelf.class,
        new DirectoryShelf(path),
        (method, answer) ->
            answer instanceof Blob blob
                ? watched(
                    Blob.class,
                    blob,
                    (inner, ignored) -> {
                      if (inner.startsWith("read") && reads.incrementAndGet() == read) {
                        task.cancel();
                      }
                      return ignored;
                    })
                : answer);
  }

  private static <T> T watched(Class<T> type, T real, BiFunction<String, Object, Object> eye) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return eye.apply(method.getName(), method.invoke(real, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  @Test
  void anIndexOfVersionTwoKeepsWhatItKnows() throws Exception {
    Path pack;
    try (Store store = create()) {
      put(store, 1);
      pack = packFiles().iterator().next();
      put(store, 2);
      Images.verify(store);
      Images.flip(pack, PackFiles.payloadOf(pack, 0)[0], 4);
      Images.verify(store);
    }
    List<String> verified = ask("SELECT verified FROM packs WHERE verified IS NOT NULL");
    List<String> bad = ask("SELECT pack || ' ' || first FROM bad");
    assertThat(verified).hasSize(1);
    assertThat(bad).isNotEmpty();
    change(
        "ALTER TABLE packs DROP COLUMN checked",
        "ALTER TABLE packs DROP COLUMN entered",
        "DROP TABLE damage",
        "PRAGMA user_version = 2");
    try (Store store = Store.open(path)) {
      assertThat(store.verify(VerifyOptions.quick(), Task.unwatched()).damaged()).isEqualTo(1);
      assertThat(ask("PRAGMA user_version")).containsExactly("3");
      assertThat(ask("SELECT verified FROM packs WHERE verified IS NOT NULL")).isEqualTo(verified);
      assertThat(ask("SELECT pack || ' ' || first FROM bad")).isEqualTo(bad);
      put(store, 3);
      assertThat(Images.verify(store).damaged()).isEqualTo(1);
    }
  }

  @Test
  void aReadThatFailsForAMomentIsNoDamage() throws Exception {
    try (Store store = create()) {
      put(store, 1);
      put(store, 2);
    }
    int reads = 0;
    for (int call = 0; ; call++) {
      FaultyShelf shelf = new FaultyShelf(new DirectoryShelf(path), FaultyShelf.Fault.FAIL, call);
      VerifyReport report = null;
      try (Store store = Store.open(shelf, path)) {
        report = Images.verify(store);
      } catch (BlkshException e) {
        // said, and nothing was noted
      }
      if (shelf.struck() == null) {
        break;
      }
      if (report != null && shelf.struck().startsWith("read packs/")) {
        reads++;
        assertThat(report.damage()).as(shelf.struck()).isEmpty();
      }
      assertThat(ask("SELECT 1 FROM bad")).as(shelf.struck()).isEmpty();
    }
    assertThat(reads).isGreaterThan(3);
  }

  @Test
  void datesThatAreYetToComeDoNotPutItOff() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    Instant late = now.plus(Duration.ofDays(400));
    assertThat(new PackDates(late, late, null).lastSeen(now)).isEqualTo(Instant.EPOCH);
    assertThat(new PackDates(now, late, null).lastSeen(now)).isEqualTo(now);
    assertThat(PackDates.NONE.lastSeen(now)).isEqualTo(Instant.EPOCH);
    assertThatThrownBy(() -> PackDates.parse("never", null, null)).isInstanceOf(Exception.class);
  }
}
