package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SliceSource;
import blksh.block.SourceInfo;
import blksh.io.NameText;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.tree.TreeMetadata;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * The tree of a snapshot in a store, open to look into and to read from. Paths are bytes, relative
 * to the root, which is the empty one. May be used by any number of threads.
 */
public final class StoredTree implements Closeable {

  private final Manifest manifest;
  private final BlockSource image;
  private final TreeTable table;

  /**
   * Opens one; it has the store open for itself until it is closed.
   *
   * @throws BlkshException when it is no snapshot of a file tree, or its table is damaged
   */
  public StoredTree(Store store, Manifest manifest) {
    this.manifest = manifest;
    this.image = store.treeSource(manifest);
    boolean whole = false;
    try {
      this.table = new TreeTable(image, manifest.reference());
      whole = true;
    } finally {
      if (!whole) {
        image.close();
      }
    }
  }

  public Manifest manifest() {
    return manifest;
  }

  TreeTable table() {
    return table;
  }

  BlockSource image() {
    return image;
  }

  /** Names in the tree. */
  public long entries() {
    return table.entries();
  }

  /** The entry of a path, if there is one. */
  public Optional<StoredEntry> find(byte[] path) {
    TreeTable.Cursor cursor = table.cursor();
    return cursor.find(path) ? Optional.of(entry(cursor.record())) : Optional.empty();
  }

  /** What the entry of a path has beside its contents; null when there is none. */
  TreeMetadata metadata(byte[] path) {
    TreeTable.Cursor cursor = table.cursor();
    return cursor.find(path) ? TreeRestore.metadata(cursor.record()) : null;
  }

  /**
   * A number of the entry of a path that no other has, from 0 on, of each name of a file that of
   * the first; -1 when there is none.
   */
  long number(byte[] path) {
    TreeTable.Cursor cursor = table.cursor();
    if (!cursor.find(path)) {
      return -1;
    }
    byte[] first = cursor.record().firstName;
    if (first == null) {
      return cursor.number();
    }
    byte[] other = first.clone();
    return cursor.find(other) ? cursor.number() : -1;
  }

  /** What is in a directory, by the bytes of the names; read as it is asked for. */
  public Iterator<StoredEntry> entries(byte[] directory) {
    return new Walk(directory, false);
  }

  /** All that is below a directory, in the order of the table. */
  public Iterator<StoredEntry> below(byte[] directory) {
    return new Walk(directory, true);
  }

  private final class Walk implements Iterator<StoredEntry> {
    private final TreeTable.Cursor cursor = table.cursor();
    private final byte[] directory;
    private final boolean deep;
    private boolean there;

    Walk(byte[] directory, boolean deep) {
      this.directory = directory.clone();
      this.deep = deep;
      there = cursor.enter(directory);
      skip();
    }

    /** A record of which nothing is known but that something is missing has no name. */
    private void skip() {
      while (there && isNameless(cursor.record())) {
        there = cursor.next();
      }
      TreeRecord r = cursor.record();
      there =
          there
              && (deep
                  ? PathOrder.isWithin(r.path, r.pathLength, directory)
                  : PathOrder.isIn(r.path, r.pathLength, directory));
    }

    @Override
    public boolean hasNext() {
      return there;
    }

    @Override
    public StoredEntry next() {
      if (!there) {
        throw new NoSuchElementException();
      }
      StoredEntry entry = entry(cursor.record());
      there = cursor.next();
      skip();
      return entry;
    }
  }

  static boolean isNameless(TreeRecord r) {
    return r.pathLength > 0 && r.path[r.pathLength - 1] == '/';
  }

  private StoredEntry entry(TreeRecord r) {
    long position = -1;
    if (r.hasContents()) {
      position = table.pageSize().at(r.firstPage);
    }
    return new StoredEntry(
        r.pathBytes(),
        r.type.fileType(),
        r.attributes.mode(),
        r.attributes.uid(),
        r.attributes.gid(),
        r.type == TreeRecord.Type.FILE ? r.size : 0,
        Instant.ofEpochSecond(r.modifiedSeconds, r.modifiedNanos),
        r.target,
        r.firstName,
        position,
        r.problem);
  }

  /**
   * The contents of a regular file, which need not be closed; of no use once the tree is.
   *
   * @throws BlkshException when it is none, or was not read when the snapshot was taken
   */
  public BlockSource contents(StoredEntry entry) {
    StoredEntry holder = entry;
    if (entry.firstName() != null) {
      holder = find(entry.firstName()).orElse(entry);
    }
    if (!entry.isFile() || holder.position() < 0 && holder.size() > 0) {
      String problem = entry.isFile() ? "it was not read: " + holder.problem() : "it is no file";
      throw new BlkshException(
          "read /" + NameText.of(entry.path()) + " of " + manifest.reference(), problem);
    }
    long position = Math.max(0, holder.position());
    if (holder.size() > image.size() - position) {
      throw new BlkshException(
          "read /" + NameText.of(entry.path()) + " of " + manifest.reference(),
          "its contents are not where the table says");
    }
    return new SliceSource(new Borrowed(image), position, holder.size());
  }

  /** A source that somebody else closes. */
  private record Borrowed(BlockSource of) implements BlockSource {
    @Override
    public long size() {
      return of.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return of.read(position, target);
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      return of.extents(position, length);
    }

    @Override
    public SourceInfo describe() {
      return of.describe();
    }

    @Override
    public void close() {}
  }

  @Override
  public void close() {
    image.close();
  }

  @Override
  public String toString() {
    return manifest.reference() + " " + Arrays.toString(new long[] {entries()});
  }
}
