package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.ByteArraySource;
import blksh.store.CaptureOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownStoresTest {

  @TempDir Path directory;

  private final List<BlkshException> warnings = new CopyOnWriteArrayList<>();

  @Test
  void aStoreIsKnownByTheNameOfItsDirectoryOnceItWasUsed() throws IOException {
    Path path = directory.resolve("backup");
    Instant before = Instant.now().minusMillis(1);
    String id;
    try (Workspace workspace = open()) {
      Store store = workspace.store(path);
      id = store.id();
      assertThat(workspace.store(path)).isSameAs(store);
    }
    try (Workspace workspace = open()) {
      assertThat(workspace.stores()).hasSize(1);
      KnownStore known = workspace.stores().get(0);
      assertThat(known.name()).isEqualTo("backup");
      assertThat(known.place()).isEqualTo(Place.of(path.toRealPath()));
      assertThat(known.id()).isEqualTo(id);
      assertThat(known.lastUsed()).isBetween(before, Instant.now());
      assertThat(known.reachable()).isTrue();
    }
    assertThat(warnings).isEmpty();
  }

  @Test
  void storesInDirectoriesOfTheSameNameAreToldApartByANumber() throws IOException {
    try (Workspace workspace = open()) {
      workspace.store(directory.resolve("a/backup"));
      workspace.store(directory.resolve("b/backup"));
      workspace.store(directory.resolve("c/backup"));
      workspace.store(directory.resolve("b/backup"));
      assertThat(workspace.stores())
          .extracting(KnownStore::name)
          .containsExactly("backup", "backup-2", "backup-3");
      assertThat(workspace.stores().get(1).place())
          .isEqualTo(Place.of(directory.resolve("b/backup").toRealPath()));
    }
  }

  @Test
  void aStoreReachedThroughALinkIsTheSameStore() throws IOException {
    Path link = directory.resolve("link");
    try (Workspace workspace = open()) {
      Store store = workspace.store(directory.resolve("backup"));
      Files.createSymbolicLink(link, directory.resolve("backup"));
      assertThat(workspace.store(link)).isSameAs(store);
      assertThat(workspace.stores()).extracting(KnownStore::name).containsExactly("backup");
    }
  }

  @Test
  void aMovedStoreKeepsItsName() throws IOException {
    Path before = directory.resolve("backup");
    Path after = directory.resolve("moved");
    try (Workspace workspace = open()) {
      workspace.store(before);
    }
    Files.move(before, after);
    try (Workspace workspace = open()) {
      assertThat(workspace.stores()).extracting(KnownStore::reachable).containsExactly(false);
      workspace.store(after);
      assertThat(workspace.stores()).extracting(KnownStore::name).containsExactly("backup");
      assertThat(workspace.stores())
          .extracting(KnownStore::place)
          .containsExactly(Place.of(after.toRealPath()));
    }
  }

  @Test
  void aStoreThatIsMadeBehindALinkHasOnePlace() throws Exception {
    Path real = Files.createDirectory(directory.resolve("real")).toRealPath();
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    try (Workspace workspace = open()) {
      assertThat(workspace.store(link.resolve("new")))
          .isSameAs(workspace.store(real.resolve("new")));
      assertThat(workspace.stores())
          .extracting(KnownStore::place)
          .containsExactly(Place.of(real.resolve("new")));
    }
  }

  @Test
  void howABucketIsReachedIsPartOfItsPlaceAndNoPasswordIs() {
    Place bare = Place.parse("s3://disks/a/");
    assertThat(BucketServer.reach(bare, null)).hasToString("s3://disks/a");
    assertThat(BucketServer.reach(bare, "http://host"))
        .hasToString("s3://disks/a?endpoint=http://host");
    Place said = Place.parse("s3://disks/a?endpoint=http://other");
    assertThat(BucketServer.reach(said, "http://host")).isEqualTo(said);
    Place local = Place.parse("/srv/a");
    assertThat(BucketServer.reach(local, "http://host")).isEqualTo(local);
    Place secret = Place.parse("s3://disks/a?endpoint=http://me:secret@host");
    assertThatThrownBy(() -> BucketServer.reach(secret, null))
        .isInstanceOf(BlkshException.class)
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> BucketServer.reach(local, "http://host", null, null, null))
        .hasMessageContaining("it is in no bucket");
  }

  @Test
  void refusesAStoreBeyondThisMachineByName() {
    Place far = Place.parse("ssh://host/store");
    try (Workspace workspace = open()) {
      assertThatThrownBy(() -> workspace.store(far))
          .isInstanceOf(BlkshException.class)
          .hasMessage(
              "cannot open store ssh://host/store: stores on another machine are not supported yet");
      assertThat(workspace.stores()).isEmpty();
    }
    assertThat(Workspace.isStore(far)).isFalse();
  }

  @Test
  void listsAStoreOfANewerVersionAsOutOfReach() throws Exception {
    try (Workspace workspace = open()) {
      workspace.store(directory.resolve("backup"));
    }
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("home/workspace.db"));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("UPDATE store SET path = 's3://bucket/a%20b', name = 'b'");
    }
    try (Workspace workspace = open()) {
      KnownStore known = workspace.stores().get(0);
      assertThat(known.place()).hasToString("s3://bucket/a%20b");
      assertThat(known.reachable()).isFalse();
      assertThat(workspace.manifests()).isEmpty();
    }
  }

  @Test
  void aDroppedStoreIsLeftAsItIs() {
    Path path = directory.resolve("backup");
    try (Workspace workspace = open()) {
      workspace.store(path);
      workspace.drop(workspace.stores().get(0));
      assertThat(workspace.stores()).isEmpty();
    }
    assertThat(Store.isStore(path)).isTrue();
  }

  @Test
  void manifestsOfAllReachableStoresAreListed() throws IOException {
    try (Workspace workspace = open()) {
      capture(workspace.store(directory.resolve("one")), "sda", 1);
      capture(workspace.store(directory.resolve("one")), "sda", 2);
      capture(workspace.store(directory.resolve("two")), "sdb", 3);
      workspace.store(directory.resolve("three"));
      assertThat(references(workspace)).containsExactly("one:sda@1", "one:sda@2", "two:sdb@1");
    }
    Files.move(directory.resolve("one"), directory.resolve("away"));
    try (Workspace workspace = open()) {
      assertThat(references(workspace)).containsExactly("two:sdb@1");
    }
    assertThat(warnings).isEmpty();
  }

  @Test
  void aStoreThatCannotBeOpenedIsToldAndDoesNotHideTheOthers() throws IOException {
    try (Workspace workspace = open()) {
      capture(workspace.store(directory.resolve("good")), "sda", 1);
      capture(workspace.store(directory.resolve("bad")), "sdb", 2);
    }
    Files.delete(directory.resolve("bad/store.json"));
    Files.createDirectory(directory.resolve("bad/store.json"));
    try (Workspace workspace = open()) {
      assertThat(references(workspace)).containsExactly("good:sda@1");
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).hasMessageContaining("bad");
  }

  private static void capture(Store store, String name, long seed) {
    byte[] bytes = new byte[100_000];
    new Random(seed).nextBytes(bytes);
    store.capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched());
  }

  private static List<String> references(Workspace workspace) {
    return workspace.manifests().stream()
        .map(stored -> stored.store().name() + ":" + stored.manifest().reference())
        .toList();
  }

  private Workspace open() {
    return Workspace.open(directory.resolve("home"), warnings::add);
  }
}
