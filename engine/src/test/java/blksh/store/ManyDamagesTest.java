package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.store.pack.Page;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store struck once or twice at once, anywhere: bytes flipped or zeroed, files cut, lost,
 * exchanged, or replaced by another store's or by older ones. No wrong byte comes out of it, what
 * was not struck restores, and after a reindex there is never less than before.
 */
class ManyDamagesTest {

  private static final long SEED = 20_261_129;

  @TempDir(factory = InMemory.class)
  Path folder;

  /** Files of the store, and of another whose versions have the same names, by their paths. */
  private final Map<String, byte[]> pristine = new TreeMap<>();

  private final Map<String, byte[]> foreign = new TreeMap<>();

  /** What each version must restore to, by reference; and the files that takes. */
  private final Map<String, byte[]> images = new LinkedHashMap<>();

  private final Map<String, Set<String>> needs = new LinkedHashMap<>();
  private Path path;

  @BeforeEach
  void twoStores() throws IOException {
    path = folder.resolve("store");
    byte[] first = Content.compressible(300 * Page.SIZE + 77, 1);
    byte[] second = first.clone();
    System.arraycopy(Content.random(40 * Page.SIZE, 2), 0, second, 100 * Page.SIZE, 40 * Page.SIZE);
    byte[] third = Content.compressible(60 * Page.SIZE, 3);
    make(path, pristine, List.of(first, second), third);
    images.put("a@1", first);
    images.put("a@2", second);
    images.put("b@1", third);
    try (Store store = Store.open(path)) {
      for (Manifest manifest : store.manifests()) {
        needs.put(manifest.reference(), filesOf(store, manifest));
      }
    }
    make(
        folder.resolve("other"),
        foreign,
        List.of(Content.random(first.length, 4), Content.random(first.length, 5)),
        Content.random(third.length, 6));
  }

  private static void make(Path path, Map<String, byte[]> files, List<byte[]> a, byte[] b)
      throws IOException {
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      for (byte[] image : a) {
        put(store, "a", image);
      }
      put(store, "b", b);
    }
    try (Stream<Path> all = Files.walk(path)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(path.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    files.keySet().removeIf(name -> name.equals("lock") || name.startsWith("index.db-"));
  }

  private static Manifest put(Store store, String name, byte[] image) {
    ByteArraySource source = new ByteArraySource(image);
    return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
  }

  private Set<String> filesOf(Store store, Manifest manifest) throws IOException {
    Set<String> files = new HashSet<>();
    files.add("manifests/" + manifest.reference().replace('@', '/') + ".manifest");
    String text = Arrays.toString(packsOf(manifest));
    pristine.keySet().stream()
        .filter(name -> name.endsWith(".pack"))
        .filter(name -> text.contains(name.substring(9, 25)))
        .forEach(files::add);
    return files;
  }

  private String[] packsOf(Manifest manifest) throws IOException {
    var version = ManifestDirectory.Version.of(manifest);
    String blob = "manifests/%s/%d.manifest".formatted(manifest.name(), manifest.version());
    try (var shelf = new DirectoryShelf(path);
        ManifestFile file = ManifestFile.read(shelf, blob, version, null, null)) {
      return Arrays.stream(file.packs()).mapToObj("%016x"::formatted).toArray(String[]::new);
    }
  }

  @Test
  void noWrongByteAndNeverLess() throws IOException {
    int states = Effort.of("blksh.states", 120, 10_000);
    int first = Effort.of("blksh.states.first", 0, 0); // so that several share them
    List<String> failures = new ArrayList<>();
    for (int state = first; state < first + states && failures.size() < 10; state++) {
      if (state % 500 == 0) {
        System.out.println("state " + state + " of " + (first + states));
      }
      strikeAndJudge(state, failures);
    }
    System.out.println(states + " states");
    assertThat(failures).isEmpty();
  }

  /** By its first bytes it could be text of four bytes a character. */
  @Test
  void aDescriptorThatBeginsWithZerosIsDamaged() throws IOException {
    Map<String, byte[]> files = new TreeMap<>(pristine);
    byte[] zeroed = files.get(StoreDescriptor.FILE).clone();
    Arrays.fill(zeroed, 0, 16, (byte) 0);
    files.put(StoreDescriptor.FILE, zeroed);
    write(files);
    judge(Set.of(StoreDescriptor.FILE));
  }

  /** One that agrees with a descriptor is not believed alone: both may have come together. */
  @ParameterizedTest
  @ValueSource(strings = {"manifests/a/1.manifest", "manifests/b/1.manifest"})
  void aDescriptorAndAManifestOfAnotherStoreAreOutvoted(String manifest) throws IOException {
    Map<String, byte[]> files = new TreeMap<>(pristine);
    files.put(StoreDescriptor.FILE, foreign.get(StoreDescriptor.FILE));
    files.put(manifest, foreign.get(manifest));
    write(files);
    judge(Set.of(StoreDescriptor.FILE, manifest));
  }

  private void strikeAndJudge(int state, List<String> failures) {
    Random random = new Random(SEED + state);
    Map<String, byte[]> files = new TreeMap<>(pristine);
    Set<String> struck = new HashSet<>();
    StringBuilder what = new StringBuilder("state " + state);
    for (int blow = 0; blow <= state % 2; blow++) {
      what.append("; ").append(strike(files, struck, random));
    }
    try {
      write(files);
      judge(struck);
    } catch (AssertionError | RuntimeException | IOException e) {
      failures.add(what + "\n  " + e.toString().strip().lines().limit(6).toList());
    }
  }

  // ---- striking ------------------------------------------------------------------------------

  private String strike(Map<String, byte[]> files, Set<String> struck, Random random) {
    List<String> names = List.copyOf(files.keySet());
    String name = names.get(random.nextInt(names.size()));
    byte[] bytes = files.get(name);
    struck.add(name);
    int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> {
        byte[] flipped = bytes.clone();
        if (bytes.length > 0) {
          flipped[at] ^= (byte) (1 + random.nextInt(255));
        }
        files.put(name, flipped);
        return name + ": byte " + at + " flipped";
      }
      case 3 -> {
        byte[] zeroed = bytes.clone();
        int end = Math.min(bytes.length, at + (1 << random.nextInt(14)));
        Arrays.fill(zeroed, at, end, (byte) 0);
        files.put(name, zeroed);
        return name + ": bytes " + at + " to " + end + " zeroed";
      }
      case 4 -> {
        files.put(name, Arrays.copyOf(bytes, at));
        return name + ": cut to " + at;
      }
      case 5 -> {
        files.remove(name);
        return name + ": lost";
      }
      case 6 -> {
        String other = names.get(random.nextInt(names.size()));
        files.put(name, files.get(other));
        files.put(other, bytes);
        struck.add(other);
        return name + " and " + other + ": exchanged";
      }
      default -> {
        List<String> theirs =
            foreign.keySet().stream().filter(o -> kind(o).equals(kind(name))).toList();
        String other = theirs.get(random.nextInt(theirs.size()));
        files.put(name, foreign.get(other));
        return name + ": another store's " + other;
      }
    }
  }

  private static String kind(String name) {
    return name.substring(name.lastIndexOf('.'));
  }

  private void write(Map<String, byte[]> files) throws IOException {
    try (Stream<Path> old = Files.walk(path)) {
      for (Path file : old.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path to = path.resolve(file.getKey());
      Files.createDirectories(to.getParent());
      Files.write(to, file.getValue());
    }
  }

  // ---- judging -------------------------------------------------------------------------------

  private void judge(Set<String> struck) throws IOException {
    Map<String, BitSet> before = new LinkedHashMap<>();
    try (Store store = Store.open(path)) {
      for (String reference : images.keySet()) {
        boolean sound = needs.get(reference).stream().noneMatch(struck::contains);
        before.put(reference, readable(store, reference));
        restore(store, reference, sound);
      }
      VerifyReport report = Images.verify(store);
      assertThat(report.damage().stream().flatMap(damage -> damage.affected().stream()))
          .as("said to be affected")
          .extracting(AffectedRange::manifest)
          .allMatch(
              reference ->
                  !images.containsKey(reference)
                      || needs.get(reference).stream().anyMatch(struck::contains));
    }
    try (Store store = Store.open(path)) {
      store.reindex(Task.unwatched());
      for (String reference : images.keySet()) {
        BitSet less = (BitSet) before.get(reference).clone();
        less.andNot(readable(store, reference));
        assertThat(less).as("pages of " + reference + " lost by reindex").isEqualTo(new BitSet());
      }
      byte[] again = images.get("a@2");
      Manifest captured = put(store, "a", again);
      Path target = folder.resolve("again");
      Images.restore(store, captured, target);
      assertThat(Files.readAllBytes(target)).as("captured after the damage").isEqualTo(again);
      Files.delete(target);
    }
  }

  /** The pages of a version that can be read, all of them right. */
  private BitSet readable(Store store, String reference) {
    BitSet pages = new BitSet();
    byte[] expected = images.get(reference);
    try (BlockSource source = store.source(store.manifest(reference))) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(32 * Page.SIZE);
      for (int page = 0; page * Page.SIZE < expected.length; ) {
        int some = read(source, page, buffer.clear(), expected) ? 32 : 0;
        for (int i = 0; i < 32 && (page + i) * Page.SIZE < expected.length; i++) {
          boolean one =
              some > 0 || read(source, page + i, buffer.clear().limit(Page.SIZE), expected);
          pages.set(page + i, one);
        }
        page += 32;
      }
    } catch (BlkshException e) {
      // refused by name: nothing of it is readable
    }
    return pages;
  }

  private static boolean read(BlockSource source, int page, ByteBuffer into, byte[] expected) {
    int from = page * Page.SIZE;
    int count;
    try {
      count = source.read(from, into);
    } catch (BlkshException e) {
      return false;
    }
    byte[] found = new byte[count];
    into.flip().get(found);
    assertThat(Arrays.equals(found, 0, count, expected, from, from + count))
        .as("bytes of page " + page)
        .isTrue();
    assertThat(count).isEqualTo(Math.min(into.limit(), expected.length - from));
    return true;
  }

  private void restore(Store store, String reference, boolean sound) throws IOException {
    Path target = folder.resolve("target");
    try {
      Images.restore(store, store.manifest(reference), target);
      assertThat(Files.readAllBytes(target)).as(reference).isEqualTo(images.get(reference));
      Files.delete(target);
    } catch (BlkshException e) {
      assertThat(sound).as(reference + " was not struck: " + e.getMessage()).isFalse();
      assertThat(target).doesNotExist();
    }
  }
}
