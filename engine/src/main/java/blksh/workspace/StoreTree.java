package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.snapshot.StoredTree;
import blksh.store.Manifest;
import blksh.store.ManifestKind;
import blksh.store.Store;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A store as a tree: a directory for each name, with a file for each version in it, or a directory
 * where that is a snapshot of a file tree, and the link {@code latest}. What is captured or deleted
 * meanwhile comes and goes.
 */
final class StoreTree implements MountDirectory, CacheFigures.Counting, Closeable {

  private static final String LATEST = "latest";

  /**
   * For how long the versions of a name count as known: a listing asks for them again and again.
   */
  private static final long KNOWN_NANOS = 1_000_000_000L;

  private final Store store;
  private final boolean withSnapshots;
  private final Set<BlockSource> open = ConcurrentHashMap.newKeySet();

  /** What those counted that are no longer open; guarded by them. */
  private CacheFigures closed = CacheFigures.NONE;

  /** Those that were looked into, by reference; guards itself. */
  private final Map<String, SnapshotTree> snapshots = new HashMap<>();

  private final Instant opened = Instant.now();
  private final Map<String, Versions> directories = new HashMap<>();
  private long knownAt = System.nanoTime() - 2 * KNOWN_NANOS;

  /**
   * @param withSnapshots whether snapshots of file trees are shown; else images alone
   */
  StoreTree(Store store, boolean withSnapshots) {
    this.store = store;
    this.withSnapshots = withSnapshots;
  }

  @Override
  public Iterator<String> names() {
    return store.names().iterator();
  }

  @Override
  public synchronized Optional<MountNode> find(String name) {
    if (System.nanoTime() - knownAt > KNOWN_NANOS) {
      directories.keySet().retainAll(store.names());
      for (String known : store.names()) {
        directories.computeIfAbsent(known, Versions::new);
      }
      knownAt = System.nanoTime();
    }
    return Optional.ofNullable(directories.get(name));
  }

  @Override
  public Instant modified() {
    return opened;
  }

  /** What all versions that were read have counted. */
  @Override
  public CacheFigures cacheFigures() {
    synchronized (open) {
      return open.stream().map(CacheFigures::of).reduce(closed, CacheFigures::plus);
    }
  }

  /** The versions of one name. */
  private final class Versions implements MountDirectory {
    private final String name;
    private List<Integer> known;
    private long knownAt;

    Versions(String name) {
      this.name = name;
    }

    private synchronized List<Integer> versions() {
      if (known == null || System.nanoTime() - knownAt > KNOWN_NANOS) {
        known = withSnapshots ? store.versions(name) : images();
        knownAt = System.nanoTime();
      }
      return known;
    }

    private List<Integer> images() {
      return store.manifests(name).stream()
          .filter(manifest -> manifest.kind() == ManifestKind.IMAGE)
          .map(Manifest::version)
          .toList();
    }

    @Override
    public Iterator<String> names() {
      List<Integer> versions = versions();
      Stream<String> numbers = versions.stream().map(String::valueOf);
      return (versions.isEmpty() ? numbers : Stream.concat(numbers, Stream.of(LATEST))).iterator();
    }

    @Override
    public Optional<MountNode> find(String entry) {
      if (entry.equals(LATEST)) {
        List<Integer> versions = versions();
        return versions.isEmpty()
            ? Optional.empty()
            : Optional.of(new MountLink(versions.get(versions.size() - 1).toString(), modified()));
      }
      if (!entry.matches("[1-9][0-9]{0,8}")) {
        return Optional.empty();
      }
      try {
        Manifest manifest = store.manifest(name + "@" + entry);
        if (manifest.kind() == ManifestKind.TREE && !withSnapshots) {
          return Optional.empty();
        }
        return Optional.of(
            manifest.kind() == ManifestKind.TREE ? snapshot(manifest) : new Version(manifest));
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        // Deleted, or damaged so that not even its size is known.
        return Optional.empty();
      }
    }

    @Override
    public boolean isFlat() {
      return !withSnapshots;
    }

    @Override
    public Instant modified() {
      return opened;
    }
  }

  /** The tree of a snapshot, which stays open as long as the store is mounted. */
  private SnapshotTree snapshot(Manifest manifest) {
    synchronized (snapshots) {
      return snapshots.computeIfAbsent(
          manifest.reference(), none -> new SnapshotTree(new StoredTree(store, manifest)));
    }
  }

  @Override
  public void close() {
    synchronized (snapshots) {
      snapshots.values().forEach(SnapshotTree::close);
      snapshots.clear();
    }
  }

  private final class Version implements MountFile {
    private final Manifest manifest;

    Version(Manifest manifest) {
      this.manifest = manifest;
    }

    @Override
    public long size() {
      return manifest.size();
    }

    @Override
    public long allocated() {
      return manifest.figures().dataBytes() + manifest.figures().badBytes();
    }

    @Override
    public Instant modified() {
      return manifest.finished();
    }

    @Override
    public boolean readsAhead() {
      return true;
    }

    @Override
    public BlockSource open() {
      BlockSource source = store.source(manifest);
      open.add(source);
      return source;
    }

    @Override
    public void release(BlockSource source) {
      synchronized (open) {
        closed = closed.plus(CacheFigures.of(source));
        open.remove(source);
      }
      source.close();
    }
  }
}
