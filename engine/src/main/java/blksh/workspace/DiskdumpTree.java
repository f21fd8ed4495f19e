package blksh.workspace;

import blksh.mount.FixedDirectory;
import blksh.mount.LazyFile;
import blksh.mount.MountDirectory;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.store.diskdump.Diskdump;
import blksh.store.diskdump.Dump;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A store of diskdump as a tree: a directory for each name, below each other where it has slashes,
 * with a file for each dump in it, and the link {@code latest}. What is dumped meanwhile appears.
 */
final class DiskdumpTree implements MountDirectory {

  private static final String LATEST = "latest";

  /** For how long the dumps count as known: a listing asks for them again and again. */
  private static final long KNOWN_NANOS = 2_000_000_000L;

  private final Diskdump store;
  private final Instant opened = Instant.now();
  private FixedDirectory root;
  private long knownAt;

  DiskdumpTree(Diskdump store) {
    this.store = store;
  }

  /** What has one part of names. */
  private static final class Level {
    final Map<String, MountNode> versions = new LinkedHashMap<>();
    final Map<String, Level> below = new LinkedHashMap<>();

    /** A part that is called as a version is gets another name: no dump hides another. */
    FixedDirectory directory(Instant modified) {
      Map<String, MountNode> entries = new LinkedHashMap<>(versions);
      below.forEach(
          (part, level) -> {
            String name = part;
            while (entries.containsKey(name) || !name.equals(part) && below.containsKey(name)) {
              name += "_";
            }
            entries.put(name, level.directory(modified));
          });
      return new FixedDirectory(entries, modified);
    }
  }

  private synchronized FixedDirectory root() {
    if (root == null || System.nanoTime() - knownAt > KNOWN_NANOS) {
      Level all = new Level();
      for (Dump dump : store.dumps()) {
        Level level = all;
        for (String part : dump.name().split("/")) {
          level = level.below.computeIfAbsent(part, none -> new Level());
        }
        level.versions.put(
            dump.version(), new LazyFile(dump.size(), dump.date(), () -> store.source(dump)));
        level.versions.put(LATEST, new MountLink(dump.version(), dump.date()));
      }
      root = all.directory(opened);
      knownAt = System.nanoTime();
    }
    return root;
  }

  @Override
  public Iterator<String> names() {
    return root().names();
  }

  @Override
  public Optional<MountNode> find(String name) {
    return root().find(name);
  }

  @Override
  public Instant modified() {
    return opened;
  }
}
