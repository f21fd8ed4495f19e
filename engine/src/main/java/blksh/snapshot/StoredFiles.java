package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.FileEntry;
import blksh.io.NameText;
import blksh.tree.TreeMetadata;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The files of a snapshot in a store. */
final class StoredFiles extends SnapshotFiles {

  private final StoredTree tree;

  /** Numbers of entries without contents: below those of pages, which the others have. */
  private final AtomicLong number = new AtomicLong();

  /**
   * @param tree closed with this
   */
  StoredFiles(StoredTree tree) {
    super(tree.manifest().reference(), tree.manifest().started());
    this.tree = tree;
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    Iterator<StoredEntry> entries = tree.entries(bytes(directory.path()));
    while (entries.hasNext()) {
      each.accept(entry(entries.next()));
    }
  }

  @Override
  public Optional<FileEntry> find(String path) {
    byte[] wanted = bytes(path);
    return wanted.length == 0 ? Optional.of(root()) : tree.find(wanted).map(this::entry);
  }

  private FileEntry entry(StoredEntry entry) {
    return new FileEntry(
        text(entry.path()),
        kind(entry.type()),
        entry.size(),
        entry.modified(),
        entry.mode(),
        entry.target() == null ? null : NameText.of(entry.target()),
        id(entry));
  }

  /** A file has one place, whatever its name; a directory has one name. */
  private long id(StoredEntry entry) {
    long position =
        entry.firstName() == null
            ? entry.position()
            : tree.find(entry.firstName()).map(StoredEntry::position).orElse(-1L);
    return position >= 0 && entry.size() > 0 ? position : -number.incrementAndGet();
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    TreeMetadata stored = tree.metadata(bytes(entry.path()));
    return stored == null ? super.metadata(entry) : stored;
  }

  /** All names of a file have its place; one without contents goes by its first name. */
  @Override
  public long sharedNumber(FileEntry file) {
    if (file.id() >= 0 && file.size() > 0) {
      return file.id() + 1;
    }
    return file.kind() == FileEntry.Kind.FILE ? -1 - tree.number(bytes(file.path())) : 0;
  }

  /** Whatever was not known when the snapshot was taken. */
  @Override
  public List<String> leftBehind(FileEntry entry) {
    return tree.find(bytes(entry.path()))
        .map(StoredEntry::problem)
        .filter(problem -> !problem.isEmpty())
        .map(problem -> List.of("it was not whole when the snapshot was taken: " + problem))
        .orElse(List.of());
  }

  @Override
  public BlockSource open(FileEntry file) {
    return tree.contents(
        tree.find(bytes(file.path())).orElseThrow(() -> new NoSuchElementException(file.path())));
  }

  @Override
  public void close() {
    tree.close();
  }
}
