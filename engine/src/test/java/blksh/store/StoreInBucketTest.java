package blksh.store;

import static blksh.store.Images.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.ObjectServer;
import blksh.kit.SpoiledWire;
import blksh.kit.SpoiledWire.Fault;
import blksh.kit.Trees;
import blksh.store.bucket.BucketPlace;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.MasterKey;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.Blob;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store in a bucket is a store as any other, also where machines that know nothing of each other
 * use it.
 */
class StoreInBucketTest {

  @TempDir static Path folder;

  /** As docs/object-stores.md says. */
  private static final int REQUESTS = 20;

  private static final int REQUESTS_A_PACK = 4;

  /** For how long requests are made again where the server is away: tests wait for it. */
  private static final long SHORT_NANOS = 200_000_000L;

  private static ObjectServer server;
  private static SpoiledWire wire;
  private static int stores;

  private final Place.Remote place =
      (Place.Remote) Place.parse("s3://" + ObjectServer.BUCKET + "/store/" + stores++);

  /** In a long run on a real cluster. */
  @BeforeAll
  static void start() throws Exception {
    server =
        Effort.isLong()
            ? ObjectServer.ceph(folder)
            : ObjectServer.start(Files.createDirectory(folder.resolve("objects")));
    server.letIn();
    wire = SpoiledWire.to(server.port());
  }

  @AfterAll
  static void stop() throws Exception {
    if (wire != null) {
      wire.close();
      server.close();
    }
  }

  @AfterEach
  void clear() {
    wire.clear();
  }

  private BucketPlace bucket() {
    return new BucketPlace(place, URI.create("http://127.0.0.1:" + wire.port()), 1000);
  }

  private void make() throws IOException {
    try (var shelf = bucket().shelf()) {
      Store.create(shelf, StoreOptions.defaults());
    }
  }

  private Store on(String machine) throws IOException {
    DerivedDirectory derived = new DerivedDirectory(folder.resolve(machine).resolve("stores"));
    return Store.openApart(bucket().shelf(), derived, Task.unwatched());
  }

  private static Manifest capture(Store store, String name, byte[] bytes) {
    return store
        .capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched())
        .manifest();
  }

  private static void assertRestores(Store store, String reference, byte[] expected) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.restore(store.manifest(reference), out, Task.unwatched());
    assertThat(Arrays.mismatch(out.toByteArray(), expected)).as(reference).isEqualTo(-1);
  }

  // ---- one machine ---------------------------------------------------------------------------

  @Test
  void everyVerbThatIsSafeWorks() throws IOException {
    byte[] first = Content.compressible(2 * MIB + 77, 1);
    byte[] second = first.clone();
    Arrays.fill(second, MIB, MIB + 100_000, (byte) 9);
    make();
    try (Store store = on("one")) {
      assertThat(store.place()).isEqualTo(place.toString());
      Manifest one = capture(store, "disk", first);
      Manifest two = capture(store, "disk", second);
      assertThat(two.figures().newPages()).isLessThan(60);
      assertRestores(store, "disk@1", first);
      try (BlockSource source = store.source(two)) {
        ByteBuffer buffer = ByteBuffer.allocate(50_000);
        source.read(MIB - 1000, buffer);
        assertThat(buffer.array()).isEqualTo(Arrays.copyOfRange(second, MIB - 1000, MIB + 49_000));
      }
      assertThat(store.diff(one, two).changedBytes()).isPositive();
      store.upkeep().mark("disk@2", marks -> marks.withPinned(true));
      assertThatThrownBy(() -> store.delete("disk@2")).hasMessageContaining("it is pinned");
      store.delete("disk@1");
      assertThat(store.manifests()).containsExactly(two);
      store.upkeep().undelete("disk@1");
      assertThat(store.manifests()).containsExactly(one, two);
      Images.assertClean(store);
      assertThat(store.info().storedBytes()).isPositive();
      assertThat(store.traffic()).containsKeys("requests", "sent", "received");
      assertThatThrownBy(() -> store.upkeep().compact(CompactOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("compact store " + place)
          .hasMessageContaining("other machines may be using it");
    }
    // A machine with an empty disk.
    try (Store store = on("two")) {
      assertRestores(store, "disk@1", first);
      assertThat(capture(store, "again", second).figures().newPages()).isZero();
      store.reindex(Task.unwatched());
      Images.assertClean(store);
    }
  }

  @Test
  void aCopyThereAndBackIsTheSame() throws IOException {
    byte[] image = Content.random(MIB / 4, 1);
    make();
    try (Store local = Store.create(folder.resolve("local"), StoreOptions.defaults());
        Store store = on("one")) {
      capture(local, "disk", image);
      local.upkeep().copyTo(store, "*", false, Task.unwatched());
      assertRestores(store, "disk@1", image);
      try (Store back = Store.create(folder.resolve("back"), StoreOptions.defaults())) {
        store.upkeep().copyTo(back, "*", false, Task.unwatched());
        assertRestores(back, "disk@1", image);
      }
    }
  }

  /** Of what has many versions, and lies in several packs. */
  @Test
  void anUnchangedRecaptureAsksAsOftenAsIsSaid() throws IOException {
    int packs = 4;
    int small = 6;
    int each = MIB / 4;
    byte[] image = Content.random(packs * each, 1);
    make();
    try (Store store = on("one")) {
      for (int i = 0; i < packs; i++) {
        capture(store, "part", Arrays.copyOfRange(image, i * each, (i + 1) * each));
      }
      for (int i = 0; i < small; i++) {
        capture(store, "small", new byte[] {(byte) i});
      }
      capture(store, "disk", image);
    }
    wire.clear();
    try (Store store = on("one")) {
      assertThat(capture(store, "disk", image).figures().newPages()).isZero();
      assertThat(wire.seen()).as("requests").hasSizeLessThan(REQUESTS + packs * REQUESTS_A_PACK);
      wire.clear();
      assertThat(store.manifests()).hasSize(packs + small + 2);
      assertThat(wire.seen()).as("requests of a list").hasSizeLessThan(3);
    }
  }

  @Test
  void aPlaceWithSomethingElseIsNoPlaceForOne() throws IOException {
    try (var shelf = bucket().shelf()) {
      assertThat(shelf.isVacant()).isTrue();
      shelf.put("mine.txt", new byte[1]);
      assertThat(shelf.isVacant()).isFalse();
    }
    assertThatThrownBy(() -> on("one"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("open store " + place)
        .hasMessageContaining("there is no store in it");
  }

  // ---- encrypted -----------------------------------------------------------------------------

  private Store sealedOn(String machine, Unlocking unlocking) throws IOException {
    DerivedDirectory derived = new DerivedDirectory(folder.resolve(machine).resolve("stores"));
    Task task = Task.unwatched();
    return Store.openApart(StoreOpening.unlocked(bucket().shelf(), unlocking, task), derived, task);
  }

  @Test
  void anEncryptedOneIsUsedByEachMachineThatHasAKeyAndShowsNoNames() throws IOException {
    byte[] image = Content.random(MIB + 77, 1);
    StoreOptions options =
        new StoreOptions(CodecChoice.LZ4, PageSize.of(16 << 10), 10)
            .withEncryption(
                new StoreOptions.Encryption(
                    MasterKey.random(), KeySecret.keyFile(new byte[32]), "first"));
    try (var shelf = bucket().shelf()) {
      Store.create(shelf, options);
      assertThat(Store.isStore(shelf)).isTrue();
    }
    assertThatThrownBy(() -> sealedOn("one", Unlocking.NONE))
        .hasMessageContaining("it is encrypted, and no key was given");
    Unlocking right =
        (place, failed) ->
            failed > 0 ? Optional.empty() : Optional.of(KeySecret.keyFile(new byte[32]));
    try (Store store = sealedOn("one", right)) {
      assertThat(store.upkeep().isEncrypted()).isTrue();
      wire.order("PUT .*pack$", Fault.LOSE, 1); // so that it is sealed again
      capture(store, "disk", image);
      wire.clear();
      assertThat(store.manifests()).hasSize(1);
      assertThat(wire.seen()).as("requests of a list").hasSizeLessThan(3);
      store.upkeep().mark("disk@1", marks -> marks.withPinned(true));
    }
    // A machine with an empty disk.
    try (Store store = sealedOn("two", right)) {
      assertRestores(store, "disk@1", image);
      assertThat(capture(store, "again", image).figures().newPages()).isZero();
      store.delete("again@1");
      store.upkeep().undelete("again@1");
      Images.assertClean(store);
    }
    StoreKeys keys = StoreKeys.in(bucket().shelf(), right);
    keys.add(KeySecret.keyFile(new byte[33]), "second");
    try (var shelf = bucket().shelf()) {
      List<String> all = shelf.list("");
      assertThat(all).noneMatch(name -> name.contains("disk") || name.contains("again"));
      assertThat(all.stream().filter(name -> name.startsWith("keys/"))).hasSize(2);
      assertThat(all.stream().filter(name -> name.startsWith("packs/"))).isEmpty();
      shelf.delete("store.json");
      assertThat(Store.isStore(shelf)).isTrue();
    }
    try (Store store = sealedOn("two", right)) {
      assertRestores(store, "again@1", image);
    }
  }

  // ---- what goes wrong -----------------------------------------------------------------------

  @Test
  void requestsThatGoWrongLoseNothing() throws IOException {
    make();
    byte[] image = Content.random(MIB, 7);
    int version = 0;
    List<Fault> faults =
        List.of(Fault.LOSE, Fault.CUT_SENT, Fault.CUT_RECEIVED, Fault.BUSY, Fault.LOSE_500);
    for (Fault fault : faults.subList(0, Effort.isLong() ? faults.size() : 2)) {
      wire.order("PUT .*(pack|manifest)$", fault, 2);
      wire.order("(GET|HEAD)", fault == Fault.CUT_SENT ? Fault.RESET : fault, 4);
      try (Store store = on("m" + fault)) {
        Arrays.fill(image, 0, 5000, (byte) fault.ordinal());
        Manifest made = capture(store, "disk", image);
        assertThat(made.version()).as(fault.name()).isEqualTo(++version);
        assertRestores(store, made.reference(), image);
      }
      wire.clear();
    }
    try (Store store = on("last")) {
      assertThat(store.versions("disk")).hasSize(version);
      Images.assertClean(store);
    }
  }

  private Store impatient(String machine) throws IOException {
    DerivedDirectory derived = new DerivedDirectory(folder.resolve(machine).resolve("stores"));
    return Store.openApart(bucket().shelf(SHORT_NANOS), derived, Task.unwatched());
  }

  private static void assertNothingIsKnownToBeDamaged(Store store) {
    StoreIndex rows = store.repository().indexes().rows();
    assertThat(rows.damage().places()).isEmpty();
    assertThat(rows.bad(null)).isEmpty();
  }

  /** Every object, by its name. */
  private Map<String, byte[]> objects() throws IOException {
    Map<String, byte[]> found = new HashMap<>();
    try (var shelf = bucket().shelf()) {
      for (String name : shelf.list("")) {
        try (Blob blob = shelf.open(name)) {
          found.put(name, blob.read(0, (int) blob.size()));
        }
      }
    }
    return found;
  }

  /** The server goes away, or the credentials expire, in the middle of everything. */
  @Test
  void aServerThatIsAwayIsNoDamage() throws IOException {
    byte[] image = Content.random(2 * MIB, 3);
    make();
    try (Store store = on("one")) {
      capture(store, "disk", image);
      capture(store, "disk", Content.random(MIB, 4));
    }
    for (Fault fault : List.of(Fault.RESET, Fault.EXPIRED)) {
      String words = fault == Fault.RESET ? "the connection" : "the credentials have expired";
      for (int before : Effort.isLong() ? new int[] {0, 1, 2, 3, 5} : new int[] {1}) {
        try (Store store = impatient("one")) {
          wire.order("GET .*pack$", fault, before, Integer.MAX_VALUE);
          assertThatThrownBy(() -> store.verify(VerifyOptions.full(), Task.unwatched()))
              .isInstanceOf(ShelfAwayException.class)
              .hasMessageContaining(words);
          wire.clear();
          assertNothingIsKnownToBeDamaged(store);
        }
        try (Store store = impatient("one")) {
          Manifest first = store.manifest("disk@1");
          wire.order("GET .*pack$", fault, before, Integer.MAX_VALUE);
          assertThatThrownBy(
                  () -> store.restore(first, new ByteArrayOutputStream(), Task.unwatched()))
              .hasMessageContaining(words)
              .hasMessageNotContaining("damaged");
          wire.clear();
        }
      }
      try (Store store = impatient("one")) {
        wire.order("GET .*pack$", fault, Integer.MAX_VALUE);
        assertThatThrownBy(() -> capture(store, "disk", image))
            .isInstanceOf(ShelfAwayException.class);
        wire.clear();
      }
      wire.order("GET .*manifest$", fault, Integer.MAX_VALUE);
      assertThatThrownBy(() -> impatient("new" + fault))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("open store " + place)
          .hasMessageContaining(words);
      wire.clear();
    }
    try (Store store = on("one")) {
      assertThat(store.versions("disk")).hasSize(2);
      assertThat(capture(store, "disk", image).figures().newPages()).isZero();
      Images.assertClean(store);
    }
  }

  @Test
  void aCaptureThatTheServerLeavesIsGoneOnWith() throws IOException {
    byte[] image = Content.random(3 * MIB, 5);
    make();
    try (Store store = impatient("one")) {
      wire.order("PUT .*pack$", Fault.EXPIRED, Integer.MAX_VALUE);
      assertThatThrownBy(() -> capture(store, "disk", image))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("the credentials have expired");
      wire.clear();
    }
    try (Store store = on("one")) {
      Manifest made = capture(store, "disk", image);
      assertThat(made.figures().newPages()).isZero();
      assertRestores(store, made.reference(), image);
    }
  }

  /** One bit at a time, in each of the first answers. */
  @Test
  void aBitThatFlipsOnItsWayIsNoDamage() throws IOException {
    byte[] image = Content.random(2 * MIB, 6);
    make();
    try (Store store = on("one")) {
      capture(store, "disk", image);
    }
    for (int before = 0; before < (Effort.isLong() ? 8 : 2); before++) {
      try (Store store = on("one")) {
        wire.order("GET .*(pack|manifest)$", Fault.FLIP_RECEIVED, before, 1);
        Images.assertClean(store);
        assertNothingIsKnownToBeDamaged(store);
        wire.clear();
      }
      try (Store store = on("one")) {
        wire.order("GET .*(pack|manifest)$", Fault.FLIP_RECEIVED, before, 1);
        assertRestores(store, "disk@1", image);
        wire.clear();
      }
      try (Store store = on("new" + before)) {
        wire.order("GET .*(pack|manifest)$", Fault.FLIP_RECEIVED, before, 1);
        assertThat(capture(store, "again", image).figures().newPages()).isZero();
        wire.clear();
      }
    }
  }

  @Test
  void reindexChangesNothingThereWhateverComesOverTheWire() throws IOException {
    byte[] image = Content.random(MIB, 7);
    make();
    try (Store store = on("one")) {
      capture(store, "disk", image);
      capture(store, "disk", Content.random(MIB, 8));
    }
    Map<String, byte[]> before = objects();
    assertThat(before).hasSizeGreaterThan(4);
    for (int good = 0; good < (Effort.isLong() ? 3 : 1); good++) {
      wire.order("GET .*(pack|manifest)$", Fault.FLIP_RECEIVED, good, 6);
      try (Store store = on("flipped" + good)) {
        store.reindex(Task.unwatched());
      }
      wire.clear();
      Map<String, byte[]> now = objects();
      assertThat(now.keySet()).isEqualTo(before.keySet());
      before.forEach((name, bytes) -> assertThat(now.get(name)).as(name).isEqualTo(bytes));
    }
    try (Store store = on("one")) {
      assertThat(store.reindex(Task.unwatched()).repaired()).isEmpty();
      assertThat(capture(store, "again", image).figures().newPages()).isZero();
      Images.assertClean(store);
    }
  }

  @Test
  void aDescriptorThatIsGoneIsMadeAndOneThatIsDamagedIsLeft() throws IOException {
    byte[] image = Content.random(MIB, 9);
    make();
    String id;
    try (Store store = on("one")) {
      capture(store, "disk", image);
      id = store.id();
    }
    Map<String, byte[]> before = objects();
    try (var shelf = bucket().shelf()) {
      shelf.delete("store.json");
    }
    try (Store store = on("one")) {
      assertThatThrownBy(() -> capture(store, "disk", image)).hasMessageContaining("run reindex");
      assertThat(store.reindex(Task.unwatched()).repaired()).containsExactly("store.json");
      assertThat(store.id()).isEqualTo(id);
      assertThat(objects().get("store.json")).isEqualTo(before.get("store.json"));
      byte[] damaged = before.get("store.json").clone();
      damaged[30] ^= 1;
      try (var shelf = bucket().shelf()) {
        shelf.put("store.json", damaged);
      }
    }
    try (Store store = on("one")) {
      assertThatThrownBy(() -> capture(store, "disk", image))
          .hasMessageContaining("copy the store to a directory");
      assertThat(store.reindex(Task.unwatched()).damage()).hasSize(1);
      assertRestores(store, "disk@1", image);
    }
  }

  /** A request to remove it may be done long after it was given up. */
  @Test
  void whatWasTakenBackIsNotLostByALateDeletion() throws IOException {
    byte[] image = Content.random(MIB, 10);
    make();
    try (Store store = on("one")) {
      capture(store, "disk", image);
      byte[] manifest = objects().get("manifests/disk/1.manifest");
      store.delete("disk@1");
      assertThat(store.upkeep().trash()).hasSize(1);
      wire.order("GET .*deleted$", Fault.FLIP_RECEIVED, Integer.MAX_VALUE);
      store.upkeep().undelete("disk@1");
      wire.clear();
      assertThat(objects().get("manifests/disk/1.manifest")).isEqualTo(manifest);
      assertThat(store.upkeep().trash()).isEmpty();
      assertThatThrownBy(() -> store.upkeep().undelete("disk@1"))
          .hasMessageContaining("it is there");
      try (var shelf = bucket().shelf()) {
        shelf.delete("manifests/disk/1.manifest");
      }
      assertThat(store.upkeep().trash()).hasSize(1);
      store.upkeep().undelete("disk@1");
      assertRestores(store, "disk@1", image);
      store.delete("disk@1");
      assertThat(store.manifests()).isEmpty();
    }
  }

  @Test
  void oneBucketAtTwoServersIsTwo() throws IOException {
    make();
    try (SpoiledWire other = SpoiledWire.to(server.port());
        Store here = on("both");
        Store there =
            Store.openApart(
                new BucketPlace(place, URI.create("http://127.0.0.1:" + other.port()), 1000)
                    .shelf(),
                new DerivedDirectory(folder.resolve("both").resolve("stores")),
                Task.unwatched())) {
      assertThat(here.id()).isEqualTo(there.id());
      assertThat(here.place()).isEqualTo(there.place());
      assertThat(here.path()).isNotEqualTo(there.path());
    }
  }

  // ---- several machines ----------------------------------------------------------------------

  private Process machine(String name, Path output, Object... arguments) throws IOException {
    Map<String, String> environment = new HashMap<>(server.credentials());
    environment.put("AWS_ENDPOINT_URL", "http://127.0.0.1:" + wire.port());
    environment.put("XDG_CACHE_HOME", folder.resolve(name).toString());
    String home = folder.resolve(name).resolve("home").toString();
    List<String> words = new ArrayList<>(List.of(home, place.toString()));
    for (Object each : arguments) {
      words.add(each.toString());
    }
    return ChildJvm.start(
        output,
        environment,
        List.of("-Xmx160m"),
        BucketProgram.class,
        words.toArray(String[]::new));
  }

  @Test
  void processesThatCaptureAtOnceLoseNothing() throws Exception {
    int machines = Effort.of("blksh.machines", 0, 20);
    Effort.need(machines > 0, "-Dblksh.machines=N");
    int size = MIB;
    Map<Path, Process> running = new HashMap<>();
    for (int i = 0; i < machines; i++) {
      Path output = folder.resolve("told" + i);
      String name = i % 3 == 2 ? "own" + i : "disk";
      running.put(output, machine("p" + i, output, name, size, 100 + i, 200 + i));
    }
    Map<String, Integer> told = new HashMap<>();
    for (var each : running.entrySet()) {
      assertThat(each.getValue().waitFor()).as("status of " + each.getKey()).isZero();
      for (String line : Files.readAllLines(each.getKey())) {
        String[] words = line.split(" ");
        assertThat(told.put(words[0], Integer.parseInt(words[1]))).as(words[0]).isNull();
      }
    }
    assertThat(told).hasSize(2 * machines);
    try (Store store = on("reader")) {
      assertThat(store.manifests()).hasSize(2 * machines);
      told.forEach(
          (reference, seed) -> assertRestores(store, reference, BucketProgram.image(size, seed)));
      // All have found each other's pages by now.
      for (int seed : told.values()) {
        byte[] image = BucketProgram.image(size, seed);
        assertThat(capture(store, "again", image).figures().newPages()).isZero();
      }
      Images.assertClean(store);
    }
  }

  @Test
  void aCaptureThatIsKilledIsGoneOnWithByTheNext() throws Exception {
    int kills = Effort.of("blksh.kills", 0, 20);
    Effort.need(kills > 0, "-Dblksh.kills=N");
    make();
    int size = 8 * MIB;
    byte[] image = BucketProgram.image(size, 5);
    Path cache = folder.resolve("killed").resolve("blksh");
    int killed = 0;
    for (int i = 0; i < kills; i++) {
      Path output = folder.resolve("killed" + i);
      int asked = wire.seen().size();
      int at = asked + 8 + 5 * i;
      Process child = machine("killed", output, "disk", size, 5);
      Await.await(() -> wire.seen().size() >= at || !child.isAlive());
      killed += child.isAlive() ? 1 : 0;
      child.destroyForcibly().waitFor();
    }
    assertThat(killed).as("captures that were killed before they ended").isPositive();
    DerivedDirectory derived = new DerivedDirectory(cache.resolve("stores"));
    try (Store store = Store.openApart(bucket().shelf(), derived, Task.unwatched())) {
      Manifest made = capture(store, "disk", image);
      for (Manifest each : store.manifests()) {
        assertRestores(store, each.reference(), image);
      }
      assertThat(store.manifests()).contains(made);
      Images.assertClean(store);
    }
    try (var left = Files.walk(cache)) {
      assertThat(left.filter(file -> file.toString().endsWith(".part"))).isEmpty();
    }
    Trees.remove(cache);
  }
}
