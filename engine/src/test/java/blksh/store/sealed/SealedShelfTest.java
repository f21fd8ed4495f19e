package blksh.store.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.store.shelf.Blob;
import blksh.store.shelf.BufferedSpool;
import blksh.store.shelf.DamageAsZeros;
import blksh.store.shelf.DamagedContentException;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.MemoryShelf;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies on a shelf tells nothing without the key, and nothing wrong with it. */
class SealedShelfTest {

  private static final int PLAIN = BlobSeal.PLAIN;
  private static final int SEALED = BlobSeal.SEALED;
  private static final String NAME = "packs/3f/3f00000000000000.pack";

  /** As what it lies on the shelf below. */
  private static final String BELOW = "sealed/" + NAME;

  @TempDir(factory = InMemory.class)
  Path folder;

  private final MasterKey key = MasterKey.random();
  private final Shelf below = new MemoryShelf();
  private final SealedShelf shelf = new SealedShelf(below, key);

  private static byte[] all(Shelf from, String name) throws IOException {
    try (Blob blob = from.open(name)) {
      return blob.read(0, (int) blob.size());
    }
  }

  private SealedShelf inDirectory(String name) throws IOException {
    Path root = folder.resolve(name);
    if (!Files.exists(root)) {
      DirectoryShelf.make(root, made -> {});
    }
    return new SealedShelf(new DirectoryShelf(root), key);
  }

  // ---- contents ------------------------------------------------------------------------------

  @Test
  void whatIsPutIsReadAsItIsAndAsLongAsItIs() throws IOException {
    for (int size : new int[] {0, 1, PLAIN - 1, PLAIN, PLAIN + 1, 3 * PLAIN, 200_000}) {
      byte[] content = Content.random(size, size);
      shelf.put(NAME, content);
      assertThat(all(shelf, NAME)).isEqualTo(content);
      assertThat(shelf.size(NAME)).hasValue(size);
      try (Part part = new BufferedSpool(shelf).begin(NAME)) {
        part.write(0, content, 0, size);
        part.publish(NAME);
      }
      assertThat(all(shelf, NAME)).isEqualTo(content);
    }
    assertThat(below.size(BELOW)).hasValue(200_000 + 7 * BlobSeal.OVERHEAD);
  }

  @Test
  void anyRangeIsReadByTheSegmentsItTouches() throws IOException {
    byte[] content = Content.random(70 * PLAIN + 77, 5);
    shelf.put(NAME, content);
    Random random = new Random(6);
    try (Blob blob = shelf.open(NAME)) {
      for (int i = 0; i < (Effort.isLong() ? 100 : 30); i++) {
        int from = random.nextInt(content.length);
        int length =
            random.nextInt(Math.min(content.length - from, i % 10 == 0 ? 2_000_000 : 9000));
        assertThat(Arrays.equals(blob.read(from, length), 0, length, content, from, from + length))
            .isTrue();
      }
      assertThatThrownBy(() -> blob.read(content.length - 1, 2)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void oneFlippedBitAnywhereIsRefusedByNameAndPlaceAndTheRestIsRead() throws IOException {
    byte[] content = Content.random(2 * PLAIN + 500, 7);
    shelf.put(NAME, content);
    byte[] stored = all(below, BELOW);
    Random random = new Random(8);
    boolean all = Effort.isLong();
    int most = all ? 900 : 9000;
    for (int at = 0;
        at < stored.length;
        at += at % SEALED < 40 ? all ? 1 : 3 : 1 + random.nextInt(most)) {
      byte[] damaged = stored.clone();
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      below.put(BELOW, damaged);
      int segment = at / SEALED;
      assertThatThrownBy(() -> all(shelf, NAME))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(NAME + " is damaged at bytes " + segment * PLAIN);
      byte[] zeroed = content.clone();
      Arrays.fill(
          zeroed, segment * PLAIN, Math.min(content.length, (segment + 1) * PLAIN), (byte) 0);
      try (Blob blob = shelf.open(NAME)) {
        for (int other = 0; other < 3; other++) {
          int first = other * PLAIN;
          if (other != segment) {
            assertThat(blob.read(first, 500))
                .isEqualTo(Arrays.copyOfRange(content, first, first + 500));
          }
        }
        ByteBuffer sound = ByteBuffer.allocate(content.length);
        assertThat(blob.readSound(0, sound)).isFalse();
        assertThat(sound.array()).isEqualTo(zeroed);
        assertThat(blob.readSound((segment + 1) % 3 * PLAIN, sound.rewind().limit(9))).isTrue();
      }
    }
  }

  @Test
  void whatIsCutOffIsReadAsFarAsItGoesByWhoProvesItHimself() throws IOException {
    byte[] content = Content.random(2 * PLAIN + 500, 9);
    shelf.put(NAME, content);
    byte[] stored = all(below, BELOW);
    for (int cut : new int[] {SEALED, 2 * SEALED, 2 * SEALED + 20}) {
      below.put(BELOW, Arrays.copyOf(stored, cut));
      try (Blob blob = new DamageAsZeros(shelf.open(NAME))) {
        int size = cut / SEALED * PLAIN;
        assertThat(blob.size()).isEqualTo(size);
        assertThat(blob.read(0, size)).isEqualTo(Arrays.copyOf(content, size));
      }
    }
  }

  @Test
  void aPartThatAnotherWritesIsReadAsItIsBetweenTwoOfItsWrites() throws IOException {
    SealedShelf sealed = inDirectory("growing");
    Spool spool = sealed.spool().orElseThrow();
    byte[] content = Content.random(3 * PLAIN, 14);
    Path file = folder.resolve("growing/sealed/a/one.part");
    try (Part part = spool.begin("a/one")) {
      part.write(0, content, 0, PLAIN + 100);
      try (Blob early = spool.look("a/one")) {
        part.write(PLAIN + 100, content, PLAIN + 100, 900); // seals what was looked at anew
        byte[] got = new byte[PLAIN + 100];
        early.read(PLAIN, got, PLAIN, 100);
        early.read(0, got, 0, PLAIN + 100);
        assertThat(got).isEqualTo(Arrays.copyOf(content, PLAIN + 100));
      }
    }
    byte[] torn = Files.readAllBytes(file);
    Arrays.fill(torn, torn.length - 600, torn.length, (byte) 0); // whoever wrote it died there
    Files.write(file, torn);
    assertThatThrownBy(() -> spool.look("a/one"))
        .as("what it held is not known, and may have been told")
        .isInstanceOf(DamagedContentException.class);
    try (Part part = spool.takeOver("a/one")) {
      assertThat(part.size()).isEqualTo(PLAIN);
      assertThat(part.read(0, PLAIN)).isEqualTo(Arrays.copyOf(content, PLAIN));
    }
  }

  @Test
  void whoLooksAtAPartWhileItGrowsSeesAllThatWasWrittenBefore() throws Exception {
    Spool spool = inDirectory("looked").spool().orElseThrow();
    byte[] content = Content.random(3 * PLAIN, 15);
    AtomicInteger written = new AtomicInteger();
    try (Part part = spool.begin("a/one")) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  for (int at = 0; at < content.length; at += 8 * 13) {
                    int count = Math.min(8 * 13, content.length - at);
                    part.write(at, content, at, count);
                    written.set(at + count);
                  }
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      writer.start();
      int before;
      do {
        before = written.get();
        try (Blob seen = spool.look("a/one")) {
          int size = (int) seen.size();
          assertThat(size).isGreaterThanOrEqualTo(before);
          assertThat(Arrays.mismatch(seen.read(0, size), Arrays.copyOf(content, size)))
              .isEqualTo(-1);
        }
      } while (before < content.length);
      writer.join();
    }
  }

  @Test
  void whatGrowsBesideAShelfWithoutASpoolIsSealedTooAndIsPutAsItIs() throws IOException {
    byte[] content =
        "the same line of text again; ".repeat(9000).getBytes(StandardCharsets.US_ASCII);
    Path local = Files.createDirectory(folder.resolve("local"));
    Spool spool = shelf.spoolIn(local);
    try (Part part = spool.begin("manifests/server01.sda.part")) {
      part.write(0, content, 0, content.length);
      try (Stream<Path> files = Files.walk(local)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          assertThat(file.toString()).doesNotContain("server01");
          String seen = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
          assertThat(seen.contains("line of text")).isFalse();
        }
      }
      assertThat(spool.parts("manifests/")).containsExactly("manifests/server01.sda.part");
      part.publish("manifests/server01.sda/1.manifest");
    }
    assertThat(all(shelf, "manifests/server01.sda/1.manifest")).isEqualTo(content);
  }

  @Test
  void whatMayBeTooLongForMemoryIsSealedAsItIsReadTheSameEachTime() throws IOException {
    for (int size : new int[] {0, 1, PLAIN, 3 * PLAIN + 77}) {
      byte[] content = Content.random(size, size);
      below.put("in the clear", content);
      try (Blob source = below.open("in the clear")) {
        assertThat(shelf.putWhole(NAME, source, true)).isTrue();
        assertThat(shelf.putWhole(NAME, source, false)).isFalse();
        assertThat(all(shelf, NAME)).isEqualTo(content);
        SealingBlob sealing = new SealingBlob(source, key);
        byte[] once = sealing.read(0, (int) sealing.size());
        for (int at = 0; at < once.length; at += 5001) {
          int count = Math.min(9000, once.length - at);
          assertThat(sealing.read(at, count)).isEqualTo(Arrays.copyOfRange(once, at, at + count));
        }
        assertThatThrownBy(() -> sealing.read(sealing.size(), 1)).isInstanceOf(EOFException.class);
      }
    }
  }

  @Test
  void whatChangesWhileItIsPutIsNotSealedTwiceWithOneNonce() throws IOException {
    byte[] content = Content.random(2 * PLAIN, 9);
    Blob changing =
        new Blob() {
          @Override
          public long size() {
            return content.length;
          }

          @Override
          public void read(long position, ByteBuffer buffer) {
            buffer.put(content, (int) position, buffer.remaining());
          }

          @Override
          public void close() {}
        };
    SealingBlob sealing = new SealingBlob(changing, key);
    byte[] once = sealing.read(0, (int) sealing.size());
    content[PLAIN + 5]++;
    assertThat(sealing.read(0, SEALED)).isEqualTo(Arrays.copyOf(once, SEALED));
    assertThatThrownBy(() -> sealing.read(SEALED, 1)).hasMessageContaining("was changed meanwhile");
  }

  @Test
  void whatIsCutOffAnywhereIsRefusedWhereItEnds() throws IOException {
    byte[] content = Content.random(2 * PLAIN + 500, 9);
    shelf.put(NAME, content);
    byte[] stored = all(below, BELOW);
    for (int length = 0; length < stored.length; length += length % SEALED < 60 ? 1 : 997) {
      below.put(BELOW, Arrays.copyOf(stored, length));
      assertThatThrownBy(() -> all(shelf, NAME))
          .as("%d bytes", length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(NAME);
    }
    for (int cut : new int[] {2 * SEALED, 2 * SEALED + 20, 2 * SEALED + BlobSeal.OVERHEAD}) {
      below.put(BELOW, Arrays.copyOf(stored, cut));
      assertThatThrownBy(() -> all(shelf, NAME)).hasMessageContaining("cut off at byte");
      try (Blob blob = shelf.open(NAME)) {
        assertThat(blob.read(0, 500)).isEqualTo(Arrays.copyOf(content, 500));
      }
    }
    below.put(BELOW, Arrays.copyOf(stored, stored.length + 1));
    assertThatThrownBy(() -> all(shelf, NAME)).isInstanceOf(IOException.class);
  }

  @Test
  void segmentsThatChangedPlacesOrBlobsAreRefused() throws IOException {
    byte[] content = Content.random(4 * PLAIN, 10);
    shelf.put(NAME, content);
    shelf.put("other", content);
    byte[] stored = all(below, BELOW);
    byte[] other = all(below, "sealed/other");
    byte[] swapped = stored.clone();
    System.arraycopy(stored, SEALED, swapped, 0, SEALED);
    System.arraycopy(stored, 0, swapped, SEALED, SEALED);
    byte[] foreign = stored.clone();
    System.arraycopy(other, SEALED, foreign, SEALED, SEALED);
    byte[] early = Arrays.copyOf(stored, 3 * SEALED);
    System.arraycopy(stored, 3 * SEALED, early, 2 * SEALED, SEALED);
    for (byte[] changed : List.of(swapped, foreign, early)) {
      below.put(BELOW, changed);
      assertThatThrownBy(() -> all(shelf, NAME)).hasMessageContaining(NAME + " is ");
    }
  }

  @Test
  void nobodyReadsWithAnotherKey() throws IOException {
    shelf.put(NAME, new byte[100]);
    Shelf stranger = new SealedShelf(below, MasterKey.random());
    assertThatThrownBy(() -> all(stranger, NAME)).hasMessageContaining("damaged");
  }

  // ---- parts ---------------------------------------------------------------------------------

  @Test
  void aPartIsWhatWasWrittenToItHoweverItWasWritten() throws IOException {
    SealedShelf sealed = inDirectory("parts");
    Spool spool = sealed.spool().orElseThrow();
    Random random = new Random(11);
    for (int round = 0; round < (Effort.isLong() ? 12 : 2); round++) {
      byte[] expected = new byte[80 * PLAIN];
      int size = 0;
      Part part = spool.begin("a/one");
      for (int step = 0; step < 40; step++) {
        int at = step % 3 == 0 ? size : random.nextInt(Math.min(size + 3 * PLAIN, 70 * PLAIN) + 1);
        byte[] bytes = Content.random(random.nextInt(step % 7 == 0 ? 5 * PLAIN : 3000), step);
        if (step % 8 == 7) {
          part.truncate(at);
          if (at < size) {
            Arrays.fill(expected, at, size, (byte) 0);
            size = at;
          }
        } else if (bytes.length > 0 && at + bytes.length < expected.length) {
          part.write(at, ByteBuffer.wrap(bytes));
          System.arraycopy(bytes, 0, expected, at, bytes.length);
          size = Math.max(size, at + bytes.length);
        }
        assertThat(part.size()).isEqualTo(size);
        if (step % 10 == 9) {
          part.close();
          assertThat(spool.parts("a/")).containsExactly("a/one");
          try (Blob looked = spool.look("a/one")) {
            assertThat(Arrays.equals(looked.read(0, size), Arrays.copyOf(expected, size))).isTrue();
          }
          part = spool.takeOver("a/one");
        }
      }
      assertThat(Arrays.equals(part.read(0, size), Arrays.copyOf(expected, size))).isTrue();
      part.publish("a/two");
      assertThat(Arrays.equals(all(sealed, "a/two"), Arrays.copyOf(expected, size))).isTrue();
    }
  }

  @Test
  void whatIsLeftOfATornPartIsRightFromItsBeginning() throws IOException {
    SealedShelf sealed = inDirectory("torn");
    Spool spool = sealed.spool().orElseThrow();
    byte[] content = Content.random(3 * PLAIN + 400, 12);
    try (Part part = spool.begin("a/one")) {
      part.write(0, content, 0, content.length);
    }
    Path file = folder.resolve("torn/sealed/a/one.part");
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at += Effort.isLong() ? 4093 : 16411) {
      byte[] torn = Arrays.copyOf(whole, at);
      byte[] wrong = whole.clone();
      Arrays.fill(wrong, at, Math.min(whole.length, at + 64), (byte) 1);
      for (byte[] left : List.of(torn, wrong)) {
        Files.write(file, left);
        try (Part part = spool.takeOver("a/one")) {
          int size = (int) part.size();
          assertThat(size).isBetween(at / SEALED * PLAIN, content.length);
          assertThat(part.read(0, size)).isEqualTo(Arrays.copyOf(content, size));
          part.write(size, content, size, content.length - size);
          part.truncate(content.length - 1);
        }
        try (Blob part = spool.look("a/one")) {
          assertThat(part.read(0, (int) part.size()))
              .isEqualTo(Arrays.copyOf(content, content.length - 1));
        }
      }
    }
    spool.discardDead("a/one");
    assertThat(spool.parts("")).isEmpty();
  }

  @Test
  void noNonceIsUsedTwiceNotByRewritingNotByACrashNotByACopy() throws IOException {
    SealedShelf sealed = inDirectory("first");
    Path file = folder.resolve("first/sealed/a/one.part");
    Set<String> seen = new HashSet<>();
    Set<String> segments = new HashSet<>();
    byte[] content = new byte[2 * PLAIN];
    Part part = sealed.spool().orElseThrow().begin("a/one");
    for (int i = 0; i < 40; i++) {
      part.write(i * 700, content, 0, 700); // the same bytes at the same places, again and again
      note(file, segments, seen);
    }
    part.close();
    byte[] crashed = Files.readAllBytes(file);
    for (int copy = 0; copy < 20; copy++) {
      Files.write(file, crashed);
      try (Part again = sealed.spool().orElseThrow().takeOver("a/one")) {
        again.write(0, content, 0, content.length);
        note(file, segments, seen);
      }
    }
    sealed.put("a/two", content);
    sealed.put("a/three", content);
    note(folder.resolve("first/sealed/a/two"), segments, seen);
    note(folder.resolve("first/sealed/a/three"), segments, seen);
    assertThat(segments).hasSizeGreaterThan(80);
    assertThat(seen.size()).isEqualTo(segments.size());
  }

  /** Notes segments, and what they say of id and nonce. */
  private static void note(Path file, Set<String> segments, Set<String> seen) throws IOException {
    byte[] stored = Files.readAllBytes(file);
    HexFormat hex = HexFormat.of();
    for (int at = 0; at < stored.length; at += SEALED) {
      segments.add(hex.formatHex(stored, at, Math.min(stored.length, at + SEALED)));
      seen.add(hex.formatHex(stored, at, at + 32));
    }
  }

  @Test
  void twoBlobsOfOneContentHaveNoSixteenBytesInCommon() throws IOException {
    byte[] content = Content.compressible(40 * PLAIN, 13);
    shelf.put(NAME, content);
    byte[] first = all(below, BELOW);
    shelf.put(NAME, content);
    byte[] second = all(below, BELOW);
    Set<Long> runs = new HashSet<>();
    ByteBuffer one = ByteBuffer.wrap(first);
    ByteBuffer two = ByteBuffer.wrap(second);
    for (int at = 0; at + 16 <= first.length; at += 8) {
      runs.add(one.getLong(at)); // a run of 16 bytes holds 8 that begin at a multiple of 8
    }
    int common = 0;
    for (int at = 0; at + 8 <= second.length; at++) {
      common += runs.contains(two.getLong(at)) ? 1 : 0;
    }
    assertThat(common).isZero();
  }

  // ---- names ---------------------------------------------------------------------------------

  @Test
  void namesOfVersionsAreNowhereInTheClear() throws IOException {
    SealedShelf sealed = inDirectory("names");
    String longest = "ü".repeat(100);
    List<String> all =
        List.of(
            "manifests/server01.sda/1.manifest",
            "manifests/server01.sda/1.marks",
            "manifests/server01.sda/12.20260301T020000Z.deleted",
            "manifests/Server01.sda/1.manifest",
            "manifests/" + longest + "/999999999.20260301T020000Z.deleted",
            "parity/manifests/server01.sda/1.manifest",
            "parity/store.json",
            NAME,
            "store.json");
    for (String name : all) {
      sealed.put(name, name.getBytes(StandardCharsets.UTF_8));
    }
    for (String name : all) {
      assertThat(new String(all(sealed, name), StandardCharsets.UTF_8)).isEqualTo(name);
    }
    assertThat(sealed.list("")).containsExactlyInAnyOrderElementsOf(all);
    assertThat(sealed.list("manifests/server01.sda/"))
        .containsExactlyInAnyOrderElementsOf(all.subList(0, 3));
    assertThat(sealed.list("manifests/server01.sda/1.m")).hasSize(2);
    assertThat(sealed.list("manifests/" + longest + "/")).hasSize(1);
    assertThat(sealed.isPrepared("manifests/server01.sda/")).isTrue();
    assertThat(sealed.isPrepared("manifests/server02.sda/")).isFalse();
    assertThat(sealed.prepareIfKept("manifests/A:b/")).isTrue();
    List<String> stored = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder.resolve("names"))) {
      files.forEach(file -> stored.add(folder.relativize(file).toString()));
    }
    assertThat(String.join("\n", stored))
        .doesNotContainIgnoringCase("server")
        .doesNotContain("deleted", "1.manifest", "ü");
    assertThat(stored).allSatisfy(path -> assertThat(path).matches("[a-z0-9./-]*"));
    sealed.moveWithin(Map.of(all.get(0), "manifests/server01.sda/1.20260301T020000Z.deleted"));
    sealed.move(all.get(1), "manifests/server01.sda/2.marks");
    assertThatThrownBy(() -> sealed.open(all.get(0))).isInstanceOf(NoSuchFileException.class);
    sealed.delete(all.get(4));
    assertThat(sealed.list("manifests/server01.sda/"))
        .containsExactlyInAnyOrder(
            "manifests/server01.sda/1.20260301T020000Z.deleted",
            "manifests/server01.sda/2.marks",
            all.get(2));
    try (Part part = sealed.spool().orElseThrow().begin("manifests/.00ff")) {
      part.write(0, new byte[10], 0, 10);
      assertThat(sealed.spool().orElseThrow().parts("manifests/."))
          .containsExactly("manifests/.00ff");
      part.publish(all.get(4));
    }
    assertThat(sealed.size(all.get(4))).hasValue(10);
  }

  @Test
  void aNameThatWasChangedIsListedAsItIsAndIsNoVersion() throws IOException {
    SealedShelf sealed = inDirectory("changed");
    sealed.put("manifests/disk/1.manifest", new byte[10]);
    Path root = folder.resolve("changed/sealed/manifests");
    Path kept;
    try (Stream<Path> files = Files.walk(root)) {
      kept = files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    String name = kept.getFileName().toString();
    String changed = (name.startsWith("a") ? "b" : "a") + name.substring(1);
    Files.move(kept, kept.resolveSibling(changed));
    Files.writeString(root.resolve("stranger"), "x");
    assertThat(sealed.list("manifests/"))
        .containsExactlyInAnyOrder(
            "manifests/stranger", "manifests/" + root.relativize(kept.resolveSibling(changed)));
  }

  @Test
  void whatIsUsedIsTokenedAndNothingElseOfTheLocksChanges() throws IOException {
    SealedShelf sealed = inDirectory("locks");
    try (Exclusion first = sealed.exclusion().orElseThrow();
        Exclusion second = sealed.exclusion().orElseThrow()) {
      Closeable use = first.using("disk@1");
      assertThat(second.unlessUsed("disk@1", () -> null)).isFalse();
      assertThat(second.unlessUsed("disk@2", () -> null)).isTrue();
      use.close();
      assertThat(second.unlessUsed("disk@1", () -> null)).isTrue();
      assertThat(first.<String>publishing(() -> "done")).isEqualTo("done");
    }
  }

  // ---- the standards it stands on ------------------------------------------------------------

  @Test
  void keysAreDerivedAsTheStandardSays() {
    // RFC 5869, A.1, the first block
    HexFormat hex = HexFormat.of();
    byte[] secret = hex.parseHex("0b".repeat(22));
    byte[] salt = hex.parseHex("000102030405060708090a0b0c");
    String info = new String(hex.parseHex("f0f1f2f3f4f5f6f7f8f9"), StandardCharsets.ISO_8859_1);
    byte[] prk = Hmac.of(salt, secret);
    assertThat(hex.formatHex(prk))
        .isEqualTo("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    byte[] okm = Hmac.of(prk, info.getBytes(StandardCharsets.ISO_8859_1), new byte[] {1});
    assertThat(hex.formatHex(okm))
        .isEqualTo("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    assertThat(Hmac.derive(secret, salt, "abc"))
        .isEqualTo(Hmac.of(prk, "abc".getBytes(StandardCharsets.US_ASCII), new byte[] {1}));
  }

  @Test
  void namesAreSpelledAsTheStandardSays() {
    // RFC 4648, 10
    for (String[] each : new String[][] {{"f", "my"}, {"foo", "mzxw6"}, {"foobar", "mzxw6ytboi"}}) {
      byte[] bytes = each[0].getBytes(StandardCharsets.US_ASCII);
      assertThat(Base32.encode(bytes)).isEqualTo(each[1]);
      assertThat(Base32.decode(each[1])).isEqualTo(bytes);
    }
    for (String wrong : List.of("m", "mz", "my=", "MY", "mzxw1")) {
      assertThat(Base32.decode(wrong)).isNull();
    }
  }
}
