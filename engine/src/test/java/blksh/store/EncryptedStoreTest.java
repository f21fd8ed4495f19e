package blksh.store;

import static blksh.store.Images.MIB;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Trees;
import blksh.store.pack.CodecChoice;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.MasterKey;
import blksh.store.sealed.SealedShelf;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.FaultyShelf.Fault;
import blksh.store.shelf.Shelf;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An encrypted store is one like any other to who has its key, and says nothing to who has not. */
class EncryptedStoreTest {

  private static final int PAGES = 300;
  private static final byte[] FIRST = Content.compressible(PAGES * 4096 + 100, 1);
  private static final byte[] SECOND = changed(FIRST);

  @TempDir(factory = InMemory.class)
  Path folder;

  private final MasterKey key = MasterKey.random();

  private static byte[] changed(byte[] bytes) {
    byte[] changed = bytes.clone();
    byte[] part = Content.random(90 * 4096, 2);
    System.arraycopy(part, 0, changed, 50 * 4096, part.length);
    return changed;
  }

  private static KeySecret words(String text) {
    return KeySecret.passphrase(text.toCharArray());
  }

  private Path make(String name, int parity) {
    Path path = folder.resolve(name);
    StoreOptions options =
        new StoreOptions(CodecChoice.LZ4, parity)
            .withEncryption(
                new StoreOptions.Encryption(key, KeySecret.keyFile(new byte[32]), "first"));
    try (Shelf shelf = new DirectoryShelf(path)) {
      Files.createDirectories(path);
      Store.create(shelf, options);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return path;
  }

  private Store open(Shelf below) {
    return Store.openApart(
        new SealedShelf(below, key),
        new DerivedDirectory(folder.resolve("derived")),
        Task.unwatched());
  }

  private Store open(Path path) {
    return open(new DirectoryShelf(path));
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

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  // ---- every verb ----------------------------------------------------------------------------

  @Test
  void everyVerbWorksAndNothingIsDerivedInTheStore() throws IOException {
    Path path = make("store", 0);
    try (Store store = open(path)) {
      capture(store, "disk", FIRST);
      assertThat(capture(store, "disk", SECOND).figures().newPages()).isEqualTo(90);
      capture(store, "gone", Content.random(MIB, 4));
      assertThat(store.path()).isEqualTo(path);
      assertThat(store.info().storedBytes()).isEqualTo(new DirectoryShelf(path).bytes());
    }
    Trees.remove(folder.resolve("derived"));
    try (Store store = open(path)) {
      assertRestores(store, "disk@1", FIRST);
      assertThat(capture(store, "again", SECOND).figures().newPages()).isZero();
      store.delete("gone@1");
      store.delete("disk@2");
      store.upkeep().undelete("disk@2");
      store.upkeep().mark("disk@2", marks -> marks.withPinned(true));
      CompactResult compacted =
          store.upkeep().compact(CompactOptions.defaults().withThreshold(1), Task.unwatched());
      assertThat(compacted.freedBytes()).isGreaterThan(MIB / 2);
      store.reindex(Task.unwatched());
      Images.assertClean(store);
      assertRestores(store, "disk@2", SECOND);
    }
    assertThat(files(path)).noneMatch(file -> file.toString().matches(".*(idx|db)(-.*)?"));
    assertThat(files(folder.resolve("derived"))).isNotEmpty();
  }

  @Test
  void theDoorsAskForAKeyAndNeverTakeItForAPlainStore() throws IOException {
    Path path = make("store", 0);
    assertThat(Store.isStore(path)).isTrue();
    assertThat(StoreKeys.isSealed(path)).isTrue();
    List<Path> before = files(path);
    for (Path lost : List.of(path.resolve("none"), path.resolve("store.json"))) {
      Files.deleteIfExists(lost);
      assertThatThrownBy(() -> Store.open(path))
          .hasMessageContaining("it is encrypted, and no key was given");
      assertThatThrownBy(() -> Store.openOrCreate(path))
          .hasMessageContaining("it is encrypted, and no key was given");
    }
    Unlocking wrong =
        (place, failed) -> failed > 1 ? Optional.empty() : Optional.of(words("wrong"));
    assertThatThrownBy(() -> Store.open(path, wrong, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("the passphrase opens none of its 1 keys");
    Unlocking right = (place, failed) -> Optional.of(KeySecret.keyFile(new byte[32]));
    StoreKeys.in(path, right);
    assertThat(files(path)).isEqualTo(before);
    Path plain = folder.resolve("plain");
    Store.create(plain, StoreOptions.defaults()).close();
    assertThat(StoreKeys.isSealed(plain)).isFalse();
    assertThatThrownBy(() -> StoreKeys.in(plain, right)).hasMessageContaining("is not encrypted");
  }

  @Test
  void whoNamesAKeyWritesNothingToAStoreThatSomebodyPutThereInTheClear() throws IOException {
    Unlocking named =
        new Unlocking() {
          @Override
          public Optional<KeySecret> next(String place, int failed) {
            return Optional.of(KeySecret.keyFile(new byte[32]));
          }

          @Override
          public boolean isNamed() {
            return true;
          }
        };
    Path plain = folder.resolve("plain");
    Store.create(plain, StoreOptions.defaults()).close();
    assertThatThrownBy(() -> Store.open(plain, named, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("a key was named for it, and it is not encrypted");
    Unlocking everyStores = named::next;
    Store.open(plain, everyStores, Task.unwatched()).close();
    // an encrypted one of which all that says so was taken away, with a plain one over it
    Path path = make("store", 0);
    Files.copy(plain.resolve("store.json"), path.resolve("store.json"), REPLACE_EXISTING);
    Trees.remove(path.resolve("keys"));
    assertThatThrownBy(() -> Store.open(path, everyStores, Task.unwatched()))
        .hasMessageContaining("its store.json is that of a store in the clear");
  }

  @Test
  void whoKnowsNothingOfEncryptionFindsNoStore() throws IOException {
    Path path = make("store", 10);
    try (Store store = open(path)) {
      capture(store, "disk", FIRST);
    }
    try (Stream<Path> all = Files.list(path)) {
      assertThat(all.map(each -> each.getFileName().toString()))
          .isSubsetOf("store.json", "keys", "sealed", "lock");
    }
    assertThat(Files.readString(path.resolve("store.json"))).contains("\"format\": 5,");
    assertThatThrownBy(() -> StoreDescriptor.read(new DirectoryShelf(path)))
        .isInstanceOf(StoreDescriptor.NewerFormat.class);
    Files.delete(path.resolve("store.json"));
    assertThat(StoreIdentity.hasContents(new DirectoryShelf(path))).isFalse();
    assertThatThrownBy(() -> StoreDescriptor.read(new DirectoryShelf(path)))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(Store.isStore(path)).as("to who knows of it").isTrue();
  }

  @Test
  void versionsGoFromAPlainStoreToAnEncryptedOneAndBack() {
    try (Store plain = Store.create(folder.resolve("plain"), StoreOptions.defaults());
        Store other = Store.create(folder.resolve("other"), StoreOptions.defaults());
        Store sealed = open(make("store", 0))) {
      capture(plain, "disk", FIRST);
      capture(plain, "disk", SECOND);
      plain.upkeep().copyTo(sealed, "*", false, Task.unwatched());
      assertRestores(sealed, "disk@2", SECOND);
      sealed.upkeep().copyTo(other, "*", false, Task.unwatched());
      assertRestores(other, "disk@1", FIRST);
      assertRestores(other, "disk@2", SECOND);
    }
  }

  // ---- what others see -----------------------------------------------------------------------

  @Test
  void nothingOfADiskAndNoNameLiesInTheStoreAndTwoOfOneDiskHaveNothingInCommon()
      throws IOException {
    byte[] text =
        "the same line of text again and again; "
            .repeat(40_000)
            .getBytes(StandardCharsets.US_ASCII);
    List<byte[]> all = new ArrayList<>();
    for (String name : List.of("one", "two")) {
      Path path = make(name, 10);
      try (Store store = open(path)) {
        capture(store, "server01.sda", text);
        capture(store, "server01.sda", FIRST);
        store.upkeep().mark("server01.sda@1", marks -> marks.withNote("remember the milk"));
      }
      ByteArrayOutputStream stored = new ByteArrayOutputStream();
      for (Path file : files(path)) {
        String known = path.relativize(file).toString();
        assertThat(known).doesNotContain("server01");
        if (!known.matches("store.json|keys/.*")) {
          stored.write(Files.readAllBytes(file));
        }
      }
      all.add(stored.toByteArray());
    }
    Set<Long> runs = new HashSet<>();
    for (int at = 0; at + 8 <= all.get(0).length; at += 8) {
      runs.add(ByteBuffer.wrap(all.get(0)).getLong(at)); // any 16 bytes hold 8 that begin so
    }
    ByteBuffer other = ByteBuffer.wrap(all.get(1));
    int common = 0;
    for (int at = 0; at + 8 <= other.limit(); at++) {
      common += runs.contains(other.getLong(at)) ? 1 : 0;
    }
    assertThat(common).isZero();
    for (byte[] stored : all) {
      String seen = new String(stored, StandardCharsets.ISO_8859_1);
      assertThat(seen.contains("again and again")).isFalse();
      assertThat(seen.contains("server01")).isFalse();
      assertThat(seen.contains("BKPACK")).isFalse();
      assertThat(seen.contains("milk")).isFalse();
    }
  }

  @Test
  void theMarksOfOneVersionAreNotThoseOfAnother() throws IOException {
    Path path = make("store", 0);
    try (Store store = open(path)) {
      capture(store, "disk", FIRST);
      capture(store, "disk", SECOND);
      store.upkeep().mark("disk@1", marks -> marks.withNote("as delivered"));
      store.upkeep().mark("disk@2", marks -> marks.withPinned(true));
      SealedShelf shelf = new SealedShelf(new DirectoryShelf(path), key);
      Path one = Path.of(shelf.locate("manifests/disk/1.marks").replaceFirst(" .*", ""));
      Path two = Path.of(shelf.locate("manifests/disk/2.marks").replaceFirst(" .*", ""));
      Files.copy(one, two, REPLACE_EXISTING);
      assertThat(store.upkeep().marks("disk@1").note()).isEqualTo("as delivered");
      assertThat(store.upkeep().marks("disk@2").problem()).contains("that of another version");
      assertThatThrownBy(() -> store.delete("disk@2")).hasMessageContaining("pinned");
    }
  }

  /** Who made it may have noted that there is no version before others captured. */
  @Test
  void manifestsThatVanishedAreNoStoreWithoutVersionsWhateverThisMachineNoted() throws IOException {
    Path path = make("store", 0);
    try (Store store = open(path)) {
      capture(store, "disk", FIRST);
      KeptVersions.noteNothingLeft(rows(store));
    }
    Trees.remove(path.resolve("sealed/manifests/"));
    Files.createDirectory(path.resolve("sealed/manifests"));
    try (Store store = open(path)) {
      assertThatThrownBy(() -> store.upkeep().compact(CompactOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("there is no version, none in the trash");
    }
    assertThat(files(path.resolve("sealed/packs"))).isNotEmpty();
  }

  private static StoreIndex rows(Store store) {
    return store.repository().indexes().rows();
  }

  // ---- what goes wrong -----------------------------------------------------------------------

  @Test
  void bitsThatRotAreRefusedAndComeBackByParity() throws IOException {
    Path path = make("store", 10);
    try (Store store = open(path)) {
      capture(store, "disk", FIRST);
      capture(store, "disk", SECOND);
    }
    Random random = new Random(5);
    for (int round = 0; round < 3; round++) {
      // what is small loses much by a bit: not of a pack and of its parity at once
      Path which = path.resolve(round % 3 == 2 ? "sealed/parity/packs" : "sealed/packs");
      for (Path file : files(which)) {
        int at = round == 0 ? 0 : random.nextInt((int) Files.size(file)); // first, the header
        Images.flip(file, at, 1 << random.nextInt(8));
      }
      try (Store store = open(path)) {
        assertThat(Images.verify(store).damage()).as("round " + round).isNotEmpty();
        store.upkeep().repair(List.of(), false, Task.unwatched());
        Images.assertClean(store);
        assertRestores(store, "disk@1", FIRST);
        assertRestores(store, "disk@2", SECOND);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10})
  void aDescriptorThatRotsIsAProblemAndNoFailure(int parity) throws IOException {
    Path path = make("store", parity);
    String id;
    try (Store store = open(path)) {
      id = store.id();
      capture(store, "disk", FIRST);
    }
    Path descriptor = path.resolve("sealed/store.json");
    long size = Files.size(descriptor);
    long[] all = {0, 25, 60, size - 1, -30, -size + 10, -size};
    long[] some = parity == 0 ? new long[] {25, -size} : new long[] {size - 1, -30};
    for (long at : Effort.isLong() ? all : some) {
      if (at >= 0) {
        Images.flip(descriptor, at, 4);
      } else {
        Images.truncate(descriptor, size + at);
      }
      try (Store store = open(path)) {
        assertThat(store.id()).as("at " + at).isEqualTo(id);
        assertRestores(store, "disk@1", FIRST);
        assertThatThrownBy(() -> capture(store, "disk", SECOND))
            .hasMessageContaining("store.json is damaged");
        store.reindex(Task.unwatched());
        Images.assertClean(store);
      }
      size = Files.size(descriptor);
    }
    Unlocking right = (place, failed) -> Optional.of(KeySecret.keyFile(new byte[32]));
    Images.flip(descriptor, 50, 1);
    StoreKeys.in(path, right); // others prove the key
    try (Store store = open(path)) {
      store.reindex(Task.unwatched());
      capture(store, "disk", SECOND);
      Images.assertClean(store);
    }
  }

  // ---- without parity ------------------------------------------------------------------------

  private static final int SEALED = 1 << 15;
  private static final byte[] RANDOM = Content.random(2000 * 4096, 7);

  private static long lostBytes(Store store) {
    return Images.verify(store).damage().stream()
        .flatMap(damage -> damage.affected().stream())
        .mapToLong(AffectedRange::length)
        .sum();
  }

  private static Path pack(Path path) throws IOException {
    List<Path> packs = files(path.resolve("sealed/packs"));
    assertThat(packs).hasSize(1);
    return packs.get(0);
  }

  /** A segment by its number; from the end where that is negative. */
  private static void flipSegment(Path file, int number) throws IOException {
    long segments = (Files.size(file) + SEALED - 1) / SEALED;
    Images.flip(file, (number < 0 ? segments + number : number) * SEALED + 40, 1);
  }

  @Test
  void aBitThatRotsCostsThePagesOfItsSegmentAndNoOthers() throws IOException {
    Path template = make("template", 0);
    try (Store store = open(template)) {
      capture(store, "disk", RANDOM);
    }
    List<Integer> inFrames = List.of(0, 100, -3); // the footer has two segments and a little
    int cut = Integer.MAX_VALUE;
    int[] all = {0, 100, -3, -2, -1, cut};
    for (int segment : Effort.isLong() ? all : new int[] {0, cut}) {
      Path path = Trees.copy(template, folder.resolve("at" + segment));
      Path file = pack(path);
      if (segment == cut) {
        Images.truncate(file, Files.size(file) - 1);
      } else {
        flipSegment(file, segment);
      }
      Trees.remove(folder.resolve("derived")); // the index is made by what is left
      try (Store store = open(path)) {
        assertThat(Images.verify(store).damage()).as("segment " + segment).isNotEmpty();
        assertThat(lostBytes(store))
            .as("segment " + segment)
            .isLessThanOrEqualTo(inFrames.contains(segment) ? SEALED + 2 * 4096 : 0);
        if (Effort.isLong() || segment == 0) {
          capture(store, "again", RANDOM);
          store.upkeep().repair(List.of(), false, Task.unwatched());
          store.reindex(Task.unwatched());
          Images.assertClean(store);
          assertRestores(store, "disk@1", RANDOM);
          assertRestores(store, "again@1", RANDOM);
        }
      }
      Trees.remove(path);
    }
  }

  @Test
  void aDigestThatRotsDoesNotKeepTheIndexFromBeingMade() throws IOException {
    Path path = make("store", 0);
    try (Store store = open(path)) {
      capture(store, "disk", RANDOM);
    }
    flipSegment(pack(path), -2); // 64,000 bytes of digests end the pack
    Trees.remove(folder.resolve("derived"));
    try (Store store = open(path)) {
      assertThat(capture(store, "again", RANDOM).figures().newPages())
          .as("those of the digests that are lost, by whole blocks of them")
          .isBetween(1L, 10L * 128);
      assertRestores(store, "again@1", RANDOM);
    }
  }

  // ---- with less parity than is lost ---------------------------------------------------------

  @Test
  void ofWhatParityCannotMakeAgainItMakesWhatItCan() throws IOException {
    Path template = make("template", 10);
    try (Store store = open(template)) {
      capture(store, "disk", RANDOM);
    }
    // 9 stripes of about 2,040 blocks of 4096 bytes lose 26 at most, and a segment is 8 of them
    boolean inPart = false;
    for (int count = 28; count <= 33 && !inPart; count++) {
      Path path = Trees.copy(template, folder.resolve("lost" + count));
      for (int segment = 3; segment < 3 + count; segment++) {
        flipSegment(pack(path), segment);
      }
      try (Store store = open(path)) {
        long before = lostBytes(store);
        store.upkeep().repair(List.of(), false, Task.unwatched());
        long after = lostBytes(store);
        assertThat(before).isGreaterThan(0);
        inPart = after > 0 && after < before;
      }
      Trees.remove(path);
    }
    assertThat(inPart).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"FAIL", "TEAR", "LOSE"})
  void everyWriteOfACaptureMayBeTheLast(Fault fault) throws IOException {
    Path template = make("template", 0);
    try (Store store = open(template)) {
      capture(store, "disk", FIRST);
    }
    int struck = 0;
    for (int call = fault.ordinal() * 3; ; call += Effort.isLong() ? 29 : 47) {
      Path path = Trees.copy(template, folder.resolve("%s-%d".formatted(fault, call)));
      FaultyShelf faulty = new FaultyShelf(new DirectoryShelf(path), fault, call);
      boolean told = false;
      try (Store store = open(faulty)) {
        capture(store, "disk", SECOND);
        told = true;
      } catch (BlkshException e) {
        // it died there
      }
      String about = "%s at call %d: %s".formatted(fault, call, faulty.struck());
      try (Store store = open(path)) {
        assertThat(Images.verify(store).damage()).as(about).isEmpty();
        assertRestores(store, "disk@1", FIRST);
        if (told) {
          assertRestores(store, "disk@2", SECOND);
        }
        capture(store, "disk", SECOND);
        assertRestores(store, "disk", SECOND);
        Images.assertClean(store);
      }
      Trees.remove(path);
      if (faulty.struck() == null) {
        break;
      }
      struck++;
    }
    assertThat(struck).isGreaterThan(1);
  }
}
