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
 * A store of diskdump as a tree: a directory for each name, in which a slash shows as a dot, with a
 * file for each dump in it, and the link {@code latest}. What is dumped meanwhile appears.
 */
final class DiskdumpTree implements MountDirectory {

  private static final String LATEST = "latest";

  /** For how long the dumps count as known: a listing asks for them again and again. */
  private static final long KNOWN_NANOS = 2_000_000_000L;

  private final Diskdump store;
  private final Instant opened = Instant.now();
  private Map<String, FixedDirectory> names = Map.of();
  private long knownAt = System.nanoTime() - 2 * KNOWN_NANOS;

  DiskdumpTree(Diskdump store) {
    this.store = store;
  }

  private synchronized Map<String, FixedDirectory> directories() {
    if (System.nanoTime() - knownAt > KNOWN_NANOS) {
      Map<String, Map<String, MountNode>> files = new LinkedHashMap<>();
      for (Dump dump : store.dumps()) {
        Map<String, MountNode> versions =
            files.computeIfAbsent(dump.name().replace('/', '.'), none -> new LinkedHashMap<>());
        versions.put(
            dump.version(), new LazyFile(dump.size(), dump.date(), () -> store.source(dump)));
        versions.put(LATEST, new MountLink(dump.version(), dump.date()));
      }
      Map<String, FixedDirectory> found = new LinkedHashMap<>();
      files.forEach((name, versions) -> found.put(name, new FixedDirectory(versions, opened)));
      names = found;
      knownAt = System.nanoTime();
    }
    return names;
  }

  @Override
  public Iterator<String> names() {
    return directories().keySet().iterator();
  }

  @Override
  public Optional<MountNode> find(String name) {
    return Optional.ofNullable(directories().get(name));
  }

  @Override
  public Instant modified() {
    return opened;
  }
}
