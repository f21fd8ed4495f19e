package blksh.workspace;

import blksh.block.BlockSource;
import blksh.io.NameText;
import blksh.mount.MountAccess;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.snapshot.StoredEntry;
import blksh.snapshot.StoredTree;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A snapshot as a tree of files, looked into as far as somebody asks: directories, regular files
 * and symbolic links, with their owners, permissions and times. A name that is no UTF-8 shows as
 * {@link NameText}.
 */
final class SnapshotTree implements MountDirectory, Closeable {

  private static final byte[] ROOT = {};

  private final StoredTree tree;
  private final Folder root;

  /**
   * @param tree closed with this
   */
  SnapshotTree(StoredTree tree) {
    this.tree = tree;
    this.root = new Folder(ROOT, tree.manifest().started(), null);
  }

  @Override
  public Iterator<String> names() {
    return root.names();
  }

  @Override
  public Optional<MountNode> find(String name) {
    return root.find(name);
  }

  @Override
  public Instant modified() {
    return root.modified();
  }

  @Override
  public void close() {
    tree.close();
  }

  private MountNode node(StoredEntry entry) {
    MountAccess access = new MountAccess(entry.mode(), entry.uid(), entry.gid());
    return switch (entry.type()) {
      case DIRECTORY -> new Folder(entry.path(), entry.modified(), access);
      case LINK -> new MountLink(text(entry.target()), entry.modified(), access);
      case REGULAR -> new Contents(entry, access);
      default -> null;
    };
  }

  private static boolean shows(StoredEntry entry) {
    if (entry.type() == null) {
      return false;
    }
    return switch (entry.type()) {
      case DIRECTORY, LINK, REGULAR -> true;
      default -> false;
    };
  }

  private static String text(byte[] name) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
    } catch (CharacterCodingException e) {
      return NameText.of(name);
    }
  }

  private final class Folder implements MountDirectory {
    private final byte[] path;
    private final Instant modified;
    private final MountAccess access;

    Folder(byte[] path, Instant modified, MountAccess access) {
      this.path = path;
      this.modified = modified;
      this.access = access;
    }

    @Override
    public Iterator<String> names() {
      return new Names(tree.entries(path));
    }

    @Override
    public Optional<MountNode> find(String name) {
      Optional<StoredEntry> found = at(name.getBytes(StandardCharsets.UTF_8));
      if (found.isEmpty() && name.indexOf('\\') >= 0) {
        found = at(NameText.name(name));
      }
      return found.filter(SnapshotTree::shows).map(SnapshotTree.this::node);
    }

    private Optional<StoredEntry> at(byte[] name) {
      int before = path.length == 0 ? 0 : path.length + 1;
      byte[] whole = Arrays.copyOf(path, before + name.length);
      if (before > 0) {
        whole[path.length] = '/';
      }
      System.arraycopy(name, 0, whole, before, name.length);
      return tree.find(whole);
    }

    @Override
    public Instant modified() {
      return modified;
    }

    @Override
    public MountAccess access() {
      return access;
    }
  }

  /** The names of those entries that show. */
  private static final class Names implements Iterator<String> {
    private final Iterator<StoredEntry> entries;
    private StoredEntry next;

    Names(Iterator<StoredEntry> entries) {
      this.entries = entries;
      advance();
    }

    private void advance() {
      next = null;
      while (next == null && entries.hasNext()) {
        StoredEntry entry = entries.next();
        next = shows(entry) ? entry : null;
      }
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public String next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      String name = text(next.name());
      advance();
      return name;
    }
  }

  private final class Contents implements MountFile {
    private final StoredEntry entry;
    private final MountAccess access;

    Contents(StoredEntry entry, MountAccess access) {
      this.entry = entry;
      this.access = access;
    }

    @Override
    public long size() {
      return entry.size();
    }

    @Override
    public Instant modified() {
      return entry.modified();
    }

    @Override
    public MountAccess access() {
      return access;
    }

    @Override
    public boolean readsAhead() {
      return true;
    }

    @Override
    public BlockSource open() {
      return tree.contents(entry);
    }
  }
}
