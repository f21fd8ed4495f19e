package blksh.workspace;

import blksh.block.BlockSource;
import blksh.catalogue.ArchiveEntry;
import blksh.catalogue.ArchiveTree;
import blksh.io.NameText;
import blksh.mount.MountAccess;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A directory of an archive on discs, looked into as far as somebody asks. A name that is no UTF-8
 * shows as {@link NameText}.
 */
final class ArchiveFolder implements MountDirectory, Closeable {

  /** Names that are asked for at once. */
  private static final int PORTION = 1000;

  private final ArchiveTree tree;
  private final ArchiveEntry entry;

  /**
   * @param tree closed with its root
   */
  static ArchiveFolder root(ArchiveTree tree) {
    return new ArchiveFolder(tree, tree.root());
  }

  private ArchiveFolder(ArchiveTree tree, ArchiveEntry entry) {
    this.tree = tree;
    this.entry = entry;
  }

  @Override
  public Iterator<String> names() {
    return new Names();
  }

  @Override
  public Optional<MountNode> find(String name) {
    Optional<ArchiveEntry> found = tree.find(entry, name.getBytes(StandardCharsets.UTF_8));
    if (found.isEmpty() && name.indexOf('\\') >= 0) {
      found = tree.find(entry, NameText.name(name));
    }
    return found.map(this::node);
  }

  private MountNode node(ArchiveEntry found) {
    MountAccess access = access(found);
    return switch (found.type()) {
      case DIRECTORY -> new ArchiveFolder(tree, found);
      case LINK -> new MountLink(text(found.target()), found.modified(), access);
      default -> new Contents(tree, found);
    };
  }

  private static MountAccess access(ArchiveEntry entry) {
    return new MountAccess(entry.mode(), entry.uid(), entry.gid());
  }

  private static String text(byte[] name) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
    } catch (CharacterCodingException e) {
      return NameText.of(name);
    }
  }

  @Override
  public Instant modified() {
    return entry.modified();
  }

  @Override
  public MountAccess access() {
    return access(entry);
  }

  @Override
  public void close() {
    tree.close();
  }

  /** The names, a portion after the other. */
  private final class Names implements Iterator<String> {
    private List<byte[]> portion = tree.names(entry, new byte[0], PORTION);
    private int at;

    @Override
    public boolean hasNext() {
      if (at == portion.size() && at >= PORTION) {
        portion = tree.names(entry, portion.get(at - 1), PORTION);
        at = 0;
      }
      return at < portion.size();
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return text(portion.get(at++));
    }
  }

  /** A file, whose disc is needed when it is read. */
  private record Contents(ArchiveTree tree, ArchiveEntry entry) implements MountFile {

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
      return ArchiveFolder.access(entry);
    }

    @Override
    public boolean readsAhead() {
      return true;
    }

    @Override
    public BlockSource open() {
      return tree.open(entry);
    }
  }
}
