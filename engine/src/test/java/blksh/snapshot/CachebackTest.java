package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A destination as cacheback 0.0.1 leaves it, with the damage it does not notice. */
class CachebackTest {

  @TempDir Path folder;

  private Path source;
  private Path place;

  @BeforeEach
  void make() throws IOException {
    source = folder.resolve("src");
    place = folder.resolve("cb");
    // The layout is cacheback's: blobs by hash, a link for each file, a cache of times and digests.
    Tool.named("python3")
        .run(
            "-c",
            """
            import os, sys, hashlib, json
            d = sys.argv[1]; s = d + '/src'; cb = d + '/cb'; os.makedirs(s)
            files = {'a': b'alpha' * 100, 'b': b'beta' * 5000, 'c': b'gamma', 'e': b'', 'stale': b'old!'}
            def write(name, data):
                open(s + '/' + name, 'wb').write(data); os.utime(s + '/' + name, (1.7e9, 1.7e9))
            for name in files: write(name, files[name])
            def blob(data, algorithm='blake2b', put=None):
                h = getattr(hashlib, algorithm)(data).hexdigest()
                p = '%s/.cacheback.d/blob/%s/%s/%s' % (cb, h[:3], h[3:6], h[6:])
                os.makedirs(os.path.dirname(p), exist_ok=True)
                if not os.path.exists(p):
                    open(p, 'wb').write(data if put is None else put); os.utime(p, (1.7e9, 1.7e9))
                return h, p
            def snap(name, items):
                for n, (h, p) in items.items():
                    t = '%s/%s%s/%s' % (cb, name, s, n)
                    os.makedirs(os.path.dirname(t), exist_ok=True); os.link(p, t)
            one = {'a': blob(files['a']), 'b': blob(files['b'], put=files['b'][:4096]),
                   'c': blob(files['c'], 'sha256', put=b'GAMMA'), 'e': blob(files['e'], 'sha256'),
                   'stale': blob(files['stale'])}
            blob(b'nobody has it')
            snap('2026-01-01 03:00', one); snap('2026-01-02 03:00', {'a': one['a']})
            write('stale', b'new!')
            node = tree = {}
            for part in s.strip('/').split('/'): node = node.setdefault(part, {})
            for n in files: node[n] = [1700000000, one[n][0]]
            json.dump(tree, open(cb + '/.cacheback.d/hash_tree_cache.json', 'w'), separators=(',', ':'))
            """,
            folder);
  }

  private AdoptedSnapshots adopt() {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      return snapshots.adopt(Task.unwatched());
    }
  }

  private SnapshotVerification verify() {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      return snapshots.verify(List.of(), Task.unwatched());
    }
  }

  private TakenSnapshot take(String name) {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      return snapshots.take(SnapshotRequest.of(source).named(name), Task.unwatched());
    }
  }

  @Test
  void adoptingFindsWhatIsWrongAndTakesWhatIsRight() throws IOException {
    AdoptedSnapshots adopted = adopt();
    assertThat(adopted.snapshots()).isEqualTo(2);
    assertThat(adopted.blobs()).isEqualTo(6);
    assertThat(adopted.faults())
        .filteredOn(it -> it.startsWith("blob"))
        .hasSize(2)
        .allMatch(it -> it.contains("not what its name says"));
    assertThat(adopted.faults())
        .filteredOn(it -> it.startsWith("2026"))
        .hasSize(3)
        .anyMatch(it -> it.endsWith("src/b: it is a blob that is wrong"))
        .anyMatch(it -> it.endsWith("src/c: it is a blob that is wrong"))
        .anyMatch(it -> it.contains("src/stale: it is stale"));
    assertThat(verify().faults()).hasSize(3).allMatch(it -> it.startsWith("2026-01-01 03:00"));
    TakenSnapshot taken = take("new");
    assertThat(taken.problems()).isEmpty();
    Path tree = place.resolve("new" + source);
    assertThat(FileTrees.listingWithoutLinks(tree))
        .isEqualTo(FileTrees.listingWithoutLinks(source));
    assertThat(Files.getAttribute(tree.resolve("a"), "unix:ino"))
        .isEqualTo(
            Files.getAttribute(place.resolve("2026-01-02 03:00" + source + "/a"), "unix:ino"));
    assertThat(verify().faults()).hasSize(3);
  }

  /** Without adopting, nothing is linked to unless it was read. */
  @Test
  void takingWithoutAdoptingLinksToNothingThatIsWrong() throws IOException {
    take("new");
    take("newer");
    for (String each : List.of("new", "newer")) {
      assertThat(FileTrees.listingWithoutLinks(place.resolve(each + source)))
          .isEqualTo(FileTrees.listingWithoutLinks(source));
    }
    assertThat(verify().faults()).isEmpty();
  }

  @Test
  void cachebackGoesOnWithItsHashAndItsCache() throws IOException {
    take("new");
    String json = Files.readString(place.resolve(".cacheback.d/hash_tree_cache.json"));
    String found =
        Tool.named("python3")
            .run(
                "-c",
                """
                import hashlib, json, os, sys
                node = json.load(open(sys.argv[1] + '/cb/.cacheback.d/hash_tree_cache.json'))
                for part in (sys.argv[1] + '/src').strip('/').split('/'): node = node[part]
                for name in sorted(node):
                    data = open(sys.argv[1] + '/src/' + name, 'rb').read()
                    h = hashlib.blake2b(data).hexdigest()
                    p = '%s/cb/.cacheback.d/blob/%s/%s/%s' % (sys.argv[1], h[:3], h[3:6], h[6:])
                    print(name, node[name] == [1700000000, h], open(p, 'rb').read() == data)
                """,
                folder);
    assertThat(found)
        .isEqualTo("a True True\nb True True\nc True True\ne True True\nstale True True");
    assertThat(json).doesNotContain(" ");
  }

  @Test
  void namesInItsCacheAreWhatPythonMakesOfThem() {
    assertThat(CachebackCache.escaped("plain".getBytes(StandardCharsets.UTF_8))).isEqualTo("plain");
    assertThat(CachebackCache.escaped(new byte[] {'a', (byte) 0xfe, '"', '\n', '\\'}))
        .isEqualTo("a\\udcfe\\u0022\\u000a\\u005c");
    assertThat(CachebackCache.escaped("ö😀".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("\\u00f6\\ud83d\\ude00");
  }

  @Test
  void whatNothingLinksToIsCollected() {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      assertThat(snapshots.collect(true, Task.unwatched()).files()).isEqualTo(1);
      snapshots.delete(List.of("2026-01-01 03:00"), false, Task.unwatched());
      assertThat(snapshots.collect(false, Task.unwatched()).files()).isEqualTo(5);
      assertThat(snapshots.list()).extracting(Snapshot::name).containsExactly("2026-01-02 03:00");
    }
    assertThat(place.resolve("2026-01-02 03:00" + source + "/a")).hasSize(500);
  }
}
