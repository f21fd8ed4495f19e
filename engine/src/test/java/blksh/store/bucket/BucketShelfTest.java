package blksh.store.bucket;

import static blksh.kit.SpoiledWire.Fault.BUSY;
import static blksh.kit.SpoiledWire.Fault.CUT_RECEIVED;
import static blksh.kit.SpoiledWire.Fault.CUT_SENT;
import static blksh.kit.SpoiledWire.Fault.FLIP_RECEIVED;
import static blksh.kit.SpoiledWire.Fault.FLIP_SENT;
import static blksh.kit.SpoiledWire.Fault.LOSE;
import static blksh.kit.SpoiledWire.Fault.LOSE_500;
import static blksh.kit.SpoiledWire.Fault.RESET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import blksh.kit.Await;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.ObjectServer;
import blksh.kit.SpoiledWire;
import blksh.kit.SpoiledWire.Fault;
import blksh.store.shelf.Blob;
import blksh.store.shelf.LocalSpool;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.ShelfAwayException;
import com.sun.net.httpserver.HttpServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs in a bucket, over a wire on which exchanges go wrong. */
class BucketShelfTest {

  /** What may befall a request that puts. */
  private static final List<Fault> PUTTING =
      Effort.isLong()
          ? List.of(BUSY, RESET, LOSE, LOSE_500, CUT_SENT, FLIP_SENT)
          : List.of(BUSY, LOSE, CUT_SENT, FLIP_SENT);

  @TempDir(factory = InMemory.class)
  static Path objects;

  private static ObjectServer server;
  private static SpoiledWire wire;
  private static int shelves;

  private final String prefix = "of/" + shelves++;
  private Shelf shelf;

  @BeforeAll
  static void start() throws Exception {
    server = ObjectServer.start(objects);
    server.letIn();
    wire = SpoiledWire.to(server.port());
  }

  @AfterAll
  static void stop() throws Exception {
    wire.close();
    server.close();
  }

  @BeforeEach
  void openShelf() throws IOException {
    shelf = shelf(prefix, wire.port());
  }

  @AfterEach
  void clear() {
    wire.clear();
    shelf.close();
  }

  private static Shelf shelf(String prefix, int port) throws IOException {
    return place(ObjectServer.BUCKET + "/" + prefix, port).shelf();
  }

  private static BucketPlace place(String where, int port) {
    return new BucketPlace(remote("s3://" + where), URI.create("http://127.0.0.1:" + port), 1000);
  }

  private byte[] content(String name) throws IOException {
    try (Blob blob = shelf.open(name)) {
      return blob.read(0, (int) blob.size());
    }
  }

  // ---- what is true of every shelf -----------------------------------------------------------

  @Test
  void whatWasPutIsThereUnderItsName() throws IOException {
    byte[] bytes = Content.random(300_000, 1);
    shelf.put("packs/3f/some name é.pack", bytes);
    shelf.put("packs/3f/empty", new byte[0]);
    assertThat(content("packs/3f/some name é.pack")).isEqualTo(bytes);
    assertThat(content("packs/3f/empty")).isEmpty();
    assertThat(shelf.size("packs/3f/some name é.pack")).hasValue(300_000);
    assertThat(shelf.size("packs/3f/other")).isEmpty();
    assertThat(shelf.list("packs/"))
        .containsExactlyInAnyOrder("packs/3f/some name é.pack", "packs/3f/empty");
    assertThatThrownBy(() -> shelf.open("packs/other")).isInstanceOf(NoSuchFileException.class);
    shelf.put("packs/3f/empty", new byte[] {1});
    assertThat(content("packs/3f/empty")).containsExactly(1);
    shelf.move("packs/3f/empty", "packs/moved");
    assertThat(content("packs/moved")).containsExactly(1);
    assertThat(shelf.size("packs/3f/empty")).isEmpty();
    shelf.delete("packs/moved");
    shelf.delete("packs/moved");
    assertThat(shelf.size("packs/moved")).isEmpty();
    assertThatThrownBy(() -> shelf.move("packs/moved", "packs/other"))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(shelf.bytes()).isBetween(300_000L, 300_100L);
  }

  @Test
  void aFolderIsMadeReadyWithoutABlob() throws IOException {
    assertThat(shelf.isPrepared("packs/")).isFalse();
    shelf.prepare("packs/");
    assertThat(shelf.isPrepared("packs/")).isTrue();
    assertThat(shelf.list("packs/")).isEmpty();
  }

  @Test
  void aListHasAllItsPages() throws IOException {
    Path folder =
        Files.createDirectories(objects.resolve(ObjectServer.BUCKET).resolve(prefix + "/many"));
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 1100; i++) {
      names.add("many/" + Files.createFile(folder.resolve("n" + i)).getFileName());
    }
    assertThat(shelf.list("many/")).containsExactlyInAnyOrderElementsOf(names);
    assertThat(wire.seen()).hasSize(2);
  }

  @Test
  void aBlobIsReadAtAnyPlaceByFewRequests() throws IOException {
    byte[] bytes = Content.random(6_000_000, 1);
    shelf.put("large", bytes);
    wire.clear();
    try (Blob blob = shelf.open("large")) {
      byte[] all = new byte[bytes.length];
      for (int at = 0; at < all.length; at += 50_000) {
        blob.read(at, all, at, Math.min(50_000, all.length - at));
      }
      assertThat(all).isEqualTo(bytes);
      assertThat(wire.seen()).as("read in order").hasSizeLessThan(12);
      Random random = new Random(1);
      for (int i = 0; i < 30; i++) {
        int length = 1 + random.nextInt(i % 10 == 0 ? 1_000_000 : 5_000);
        int at = random.nextInt(bytes.length - length);
        assertThat(blob.read(at, length)).isEqualTo(Arrays.copyOfRange(bytes, at, at + length));
      }
      assertThatThrownBy(() -> blob.read(bytes.length - 1, 2)).isInstanceOf(EOFException.class);
      assertThatThrownBy(() -> blob.read(0, ByteBuffer.allocate(bytes.length + 1)))
          .isInstanceOf(EOFException.class);
    }
    wire.clear();
    try (Blob blob = shelf.open("large")) {
      int half = bytes.length / 2;
      for (int at = 0; at < half; at += 10_000) { // two who share it
        assertThat(blob.read(at, 10_000)).isEqualTo(Arrays.copyOfRange(bytes, at, at + 10_000));
        int other = half + at;
        assertThat(blob.read(other, 10_000))
            .isEqualTo(Arrays.copyOfRange(bytes, other, other + 10_000));
      }
      assertThat(wire.seen()).as("read in order by two").hasSizeLessThan(20);
    }
    wire.clear();
    try (Blob blob = shelf.open("large")) {
      assertThat(blob.read(bytes.length - 100, 100)).hasSize(100);
      assertThat(wire.seen()).as("its end").hasSize(1);
    }
  }

  @Test
  void whatWasReplacedIsNotReadAsIfItWereTheSame() throws IOException {
    shelf.put("one", Content.random(500_000, 1));
    try (Blob blob = shelf.open("one")) {
      blob.read(0, 10);
      shelf.put("one", Content.random(500_000, 2));
      assertThatThrownBy(() -> blob.read(200_000, 10))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("was replaced");
    }
  }

  @Test
  void ofManyWhoCreateOneNameOneSucceeds() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < (Effort.isLong() ? 10 : 1); round++) {
        String name = "race" + round;
        List<Callable<Boolean>> tries = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          byte[] own = {(byte) i};
          tries.add(() -> shelf.putIfAbsent(name, own));
        }
        List<Integer> winners = new ArrayList<>();
        List<Future<Boolean>> done = threads.invokeAll(tries);
        for (int i = 0; i < done.size(); i++) {
          if (done.get(i).get()) {
            winners.add(i);
          }
        }
        assertThat(winners).hasSize(1);
        assertThat(content(name)).containsExactly(winners.get(0));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aPartIsPutFromItsFile() throws IOException {
    byte[] bytes = Content.random(3_000_000, 1);
    Path local = Files.createDirectory(objects.resolve("local" + shelves));
    LocalSpool spool = new LocalSpool(shelf, local);
    try (Part part = spool.begin("packs/00/one")) {
      part.write(0, bytes, 0, bytes.length);
      wire.order("PUT .*one", CUT_SENT, 1);
      wire.order("PUT .*one", LOSE, 1);
      assertThat(part.publishIfAbsent("packs/00/one")).isTrue();
    }
    assertThat(content("packs/00/one")).isEqualTo(bytes);
    Map<String, Long> traffic = shelf.traffic();
    assertThat(traffic.get("requests")).isBetween(5L, 20L);
    assertThat(traffic.get("sent")).isBetween(6_000_000L, 10_000_000L);
    assertThat(traffic.get("received")).isGreaterThanOrEqualTo(3_000_000L);
  }

  // ---- a wire that goes wrong ----------------------------------------------------------------

  @Test
  void aCreationIsKnownInTheEndWhateverBecameOfItsAnswer() throws IOException {
    for (Fault fault : PUTTING) {
      String name = "new/" + fault;
      wire.order("PUT .*/new/", fault, 1);
      byte[] mine = Content.random(5_000, fault.ordinal());
      assertThat(shelf.putIfAbsent(name, mine)).as(name).isTrue();
      assertThat(content(name)).as(name).isEqualTo(mine);
      wire.order("PUT .*/new/", fault, 1);
      assertThat(shelf.putIfAbsent(name, new byte[5_000])).as(name + " again").isFalse();
      assertThat(content(name)).as(name).isEqualTo(mine);
      wire.clear();
    }
  }

  @Test
  void theLookAfterADoubtMayGoWrongToo() throws IOException {
    wire.order("PUT .*/new", LOSE, 1);
    wire.order("HEAD .*/new", BUSY, 1);
    wire.order("HEAD .*/new", RESET, 1);
    assertThat(shelf.putIfAbsent("new", new byte[] {1})).isTrue();
    assertThat(wire.seen()).filteredOn(request -> request.startsWith("PUT")).hasSizeLessThan(5);
    wire.order("PUT .*/new", LOSE_500, 1);
    assertThat(shelf.putIfAbsent("new", new byte[] {2})).isFalse();
    assertThat(content("new")).containsExactly(1);
  }

  @Test
  void aReplacementComesToItsEnd() throws IOException {
    for (Fault fault : PUTTING) {
      wire.order("PUT .*/same", fault, 1);
      byte[] mine = Content.random(5_000, fault.ordinal());
      shelf.put("same", mine);
      assertThat(content("same")).as(fault.name()).isEqualTo(mine);
      wire.clear();
    }
    for (Fault fault : List.of(BUSY, LOSE)) {
      wire.order("DELETE", fault, 1);
      shelf.delete("same");
      assertThat(shelf.size("same")).isEmpty();
      wire.clear();
    }
  }

  @Test
  void noWrongByteIsReadAndNoneIsMissing() throws IOException {
    byte[] small = Content.random(20_000, 1);
    byte[] large = Content.random(1_000_000, 2);
    shelf.put("small", small);
    shelf.put("large", large);
    for (Fault fault : List.of(BUSY, CUT_RECEIVED, FLIP_RECEIVED)) {
      wire.order("GET .*/small", fault, 1);
      assertThat(content("small")).as(fault.name()).isEqualTo(small);
      if (fault != FLIP_RECEIVED) { // what a range holds is proven by who reads it
        wire.order("GET .*/large", fault, 2);
        assertThat(content("large")).as(fault.name()).isEqualTo(large);
      }
      wire.order("GET .*" + ObjectServer.BUCKET + "/?$", fault == FLIP_RECEIVED ? BUSY : fault, 1);
      assertThat(shelf.list("")).as(fault.name()).contains("small", "large");
      wire.clear();
    }
  }

  // ---- what is told --------------------------------------------------------------------------

  @Test
  void aServerThatDoesNotHeedTheConditionIsNotWrittenTo() throws IOException {
    Heedless heedless = new Heedless();
    try (Shelf other = new BucketShelf("s3://heedless", "", heedless, 100, 1_000_000L)) {
      assertThatThrownBy(() -> other.put("mine", new byte[1]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the server of s3://heedless cannot be written")
          .hasMessageContaining("If-None-Match")
          .hasMessageContaining("two machines would write over each other's versions");
      assertThatThrownBy(() -> other.prepare("packs/")).hasMessageContaining("If-None-Match");
    }
    assertThat(heedless.put).containsOnly(Probe.NAME);
  }

  /** Takes the condition, and puts all the same. */
  private static final class Heedless implements BucketRequests {
    private final List<String> put = new ArrayList<>();

    @Override
    public void put(String key, Content content, boolean absent, String write) {
      put.add(key);
    }

    @Override
    public Found head(String key) throws BucketFailure {
      throw missing();
    }

    @Override
    public Range read(String key, long from, int length) throws BucketFailure {
      throw missing();
    }

    @Override
    public Range readEnd(String key, int length) throws BucketFailure {
      throw missing();
    }

    @Override
    public String server() {
      return "heedless";
    }

    private static BucketFailure missing() {
      return new BucketFailure(BucketFailure.Kind.MISSING, "there is none", null);
    }

    @Override
    public Page list(String prefix, String from, int most) {
      return new Page(List.of(), null);
    }

    @Override
    public void delete(String key) {}

    @Override
    public void copy(String key, String to) {}

    @Override
    public void close() {}
  }

  @Test
  void whatTheServerRefusesIsToldAndNotTriedAgain() throws Exception {
    try (Shelf other = place("no-such-bucket/x", wire.port()).shelf()) {
      assertThatThrownBy(() -> other.list("")).hasMessageContaining("no bucket no-such-bucket");
      assertThat(wire.seen()).hasSize(1);
    }
    String secret = "quite-another-secret";
    System.setProperty("aws.secretAccessKey", secret);
    try (Shelf other = shelf(prefix, wire.port())) {
      assertThatThrownBy(() -> other.put("mine", new byte[1]))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("does not take the signature")
          .hasMessageNotContaining(secret);
      assertThat(wire.seen()).hasSize(2);
    } finally {
      server.letIn();
    }
  }

  @Test
  void aServerThatIsGoneIsGivenUpAfterAWhile() throws IOException {
    BucketAddress nowhere = new BucketAddress("disks", URI.create("http://127.0.0.1:1"));
    BucketRequests requests = BucketLibrary.requests(nowhere);
    long began = System.nanoTime();
    try (Shelf gone = new BucketShelf("s3://disks", "", requests, 100, 300_000_000L)) {
      assertThatThrownBy(() -> gone.size("one"))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("use s3://disks/one")
          .hasMessageContaining("http://127.0.0.1:1 cannot be reached");
    }
    assertThat(System.nanoTime() - began).isLessThan(20_000_000_000L);
  }

  @Test
  void onceItIsGivenUpNobodyElseWaits() throws Exception {
    long limit = 600_000_000L;
    wire.order("HEAD", RESET, Integer.MAX_VALUE);
    try (Shelf gone = place(ObjectServer.BUCKET + "/" + prefix, wire.port()).shelf(limit)) {
      long began = System.nanoTime();
      assertThatThrownBy(() -> gone.size("one")).isInstanceOf(ShelfAwayException.class);
      assertThat(System.nanoTime() - began).isGreaterThan(limit);
      int asked = wire.seen().size();
      long next = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        assertThatThrownBy(() -> gone.size("other")).isInstanceOf(ShelfAwayException.class);
      }
      assertThat(System.nanoTime() - next).isLessThan(limit);
      assertThat(wire.seen()).hasSizeLessThan(asked + 3);
      wire.clear();
      Await.await(
          () -> {
            try {
              return gone.size("one").isEmpty();
            } catch (ShelfAwayException e) {
              return false; // not asked again yet
            }
          });
    }
  }

  @Test
  void whatCameDamagedComesAnew() throws IOException {
    byte[] bytes = Content.random(1_000_000, 3);
    shelf.put("one", bytes);
    wire.order("GET .*/one", FLIP_RECEIVED, 2); // its end, and a range
    try (Blob blob = shelf.open("one")) {
      byte[] came = blob.read(0, bytes.length);
      assertThat(came).isNotEqualTo(bytes);
      assertThat(blob.read(0, bytes.length)).as("what is kept").isEqualTo(came);
      assertThat(blob.forget()).isTrue();
      assertThat(blob.read(0, bytes.length)).isEqualTo(bytes);
    }
  }

  @Test
  void anObjectThatIsDamagedIsReadAsItIs() throws IOException {
    byte[] bytes = Content.random(5_000, 4);
    shelf.put("one", bytes);
    wire.clear();
    wire.order("GET .*/one", FLIP_RECEIVED, 100);
    long began = System.nanoTime();
    byte[] came = content("one");
    assertThat(System.nanoTime() - began).isLessThan(10_000_000_000L);
    assertThat(Arrays.mismatch(came, bytes)).isEqualTo(bytes.length / 2);
    assertThat(wire.seen()).hasSizeLessThan(6);
  }

  @Test
  void whatIsMovedGoesOnlyOnceItIsThere() throws IOException {
    byte[] bytes = Content.random(5_000, 5);
    for (Fault fault : List.of(BUSY, LOSE)) {
      shelf.put("from", bytes);
      wire.order("PUT .*/to", fault, 1);
      wire.order("HEAD .*/(to|from)", BUSY, 2);
      shelf.move("from", "to");
      wire.clear();
      assertThat(content("to")).as(fault.name()).isEqualTo(bytes);
      assertThat(shelf.size("from")).isEmpty();
      shelf.delete("to");
    }
  }

  @Test
  void aServerThatDoesNotHeedRangesIsRefusedAndGivesNoWrongByte() throws IOException {
    byte[] large = Content.random(300_000, 6);
    HttpServer heedless = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    String[] range = {null};
    heedless.createContext(
        "/",
        exchange -> {
          byte[] bytes =
              exchange.getRequestURI().getPath().endsWith("small")
                  ? Arrays.copyOf(large, 1_000)
                  : large;
          exchange.getResponseHeaders().add("ETag", "\"one\"");
          if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().add("Content-Length", "" + bytes.length);
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
            return;
          }
          if (range[0] != null) {
            exchange.getResponseHeaders().add("Content-Range", range[0]);
            bytes = Arrays.copyOf(bytes, 1 << 16);
          }
          exchange.sendResponseHeaders(range[0] == null ? 200 : 206, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    heedless.start();
    try (Shelf other = place("disks/x", heedless.getAddress().getPort()).shelf(1_000_000_000L)) {
      assertThatThrownBy(() -> other.open("large"))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("does not send the part of an object that it is asked for");
      try (Blob small = other.open("small")) {
        assertThat(small.read(0, 1_000)).isEqualTo(Arrays.copyOf(large, 1_000));
      }
      range[0] = "bytes 0-65535/300000"; // another than that which is asked for
      assertThatThrownBy(() -> other.open("large"))
          .isInstanceOf(ShelfAwayException.class)
          .hasMessageContaining("bytes 0-65535/300000");
    } finally {
      heedless.stop(0);
    }
  }

  @Test
  void onePrefixIsOnePlaceHoweverItIsWritten() throws IOException {
    for (String each : List.of("disks/a/b", "disks/a/b/", "disks//a/b")) {
      try (Shelf same = place(each, wire.port()).shelf()) {
        assertThat(same.place()).isEqualTo("s3://disks/a/b");
        assertThat(same.locate("x")).isEqualTo("s3://disks/a/b/x");
        assertThat(same.address()).isEqualTo("http://127.0.0.1:" + wire.port() + " s3://disks/a/b");
      }
    }
    assertThat(place("disks/", wire.port()).prefix()).isEmpty();
  }

  @Test
  void howItIsReachedIsPartOfItsPlace() throws IOException {
    Place.Remote said = remote("s3://disks/a/b/?region=here&endpoint=http://127.0.0.1:9");
    assertThat(BucketPlace.plain(said))
        .hasToString("s3://disks/a/b?endpoint=http://127.0.0.1:9&region=here");
    assertThat(said.name()).isEqualTo("b");
    BucketPlace found = BucketPlace.of(said, Map.of("BLKSH_S3_ENDPOINT", "http://127.0.0.1:8"));
    assertThat(found.address())
        .isEqualTo(
            new BucketAddress("disks", URI.create("http://127.0.0.1:9"), "here", null, null));
    assertThat(found.prefix()).isEqualTo("a/b/");
    try (Shelf reached = found.shelf()) {
      assertThat(reached.address()).isEqualTo("http://127.0.0.1:9 s3://disks/a/b");
    }
    BucketPlace whole = BucketPlace.of(remote("s3://disks?style=host&profile=me"), Map.of());
    assertThat(whole.address()).isEqualTo(new BucketAddress("disks", null, null, "me", false));
    assertThat(whole.prefix()).isEmpty();
    assertThat(BucketPlace.with(remote("s3://disks/a"), Map.of(BucketPlace.Word.STYLE, "path")))
        .hasToString("s3://disks/a?style=path");
    for (String wrong :
        List.of(
            "b",
            "region=",
            "region=a&region=b",
            "style=other",
            "endpoint=ftp://host",
            "endpoint=host",
            "endpoint=http://user:secret@host",
            "endpoint=http://user:se^cret@host",
            "secret=secret")) {
      assertThatThrownBy(() -> BucketPlace.plain(remote("s3://disks/a?" + wrong)))
          .as(wrong)
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("take s3://disks/a?… for a place")
          .hasMessageNotContaining("secret");
    }
  }

  private static Place.Remote remote(String text) {
    return (Place.Remote) Place.parse(text);
  }

  @Test
  void whatServersTakeMoreForIsCountedApart() throws IOException {
    shelf.put("one", new byte[9]);
    long before = shelf.traffic().get("dear");
    long all = shelf.traffic().get("requests");
    shelf.size("one");
    content("one");
    assertThat(shelf.traffic().get("dear")).isEqualTo(before);
    assertThat(shelf.traffic().get("requests")).isEqualTo(all + 2);
    shelf.list("");
    shelf.put("one", new byte[9]);
    shelf.move("one", "two");
    assertThat(shelf.traffic().get("dear")).isEqualTo(before + 3);
  }

  @Test
  void aListTellsSizes() throws IOException {
    shelf.put("folder/one", new byte[7]);
    shelf.prepare("folder/");
    assertThat(shelf.sizes("folder/")).hasValue(Map.of("folder/one", 7L));
  }
}
