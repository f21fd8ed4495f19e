package blksh.workspace;

import blksh.block.BlockSource;
import blksh.block.CacheFigures;
import blksh.block.Overlay;
import blksh.block.WritableSource;
import blksh.catalogue.ArchiveTree;
import blksh.io.IoFailure;
import blksh.mount.FixedDirectory;
import blksh.mount.MountDirectory;
import blksh.mount.MountNode;
import blksh.mount.nbd.NbdExport;
import blksh.mount.nbd.NbdExports;
import blksh.mount.nbd.TreeExports;
import blksh.snapshot.StoredTree;
import blksh.store.Store;
import blksh.store.diskdump.Diskdump;
import java.io.Closeable;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What is mounted or served: one source, several by name, a store, or a tree. It is closed when the
 * mount or the server has ended, also when that cannot begin.
 */
public abstract sealed class MountSource implements Closeable {

  /**
   * A source under its name, with its partitions beside it as {@code NAME.p1}; as an export it is
   * also the default. It can be written when it is a {@link WritableSource}.
   */
  public static MountSource of(BlockSource source) {
    return named(source, SourceTree.fileName(source));
  }

  /**
   * The same, but in a mounted directory under another name than its own; as an export it keeps its
   * own.
   *
   * @param name of the file of the whole source; those of its partitions begin with it
   */
  public static MountSource named(BlockSource source, String name) {
    return new One(source, SourceTree.fileName(name));
  }

  /** Sources by the names clients ask for. */
  public static MountSource of(Map<String, BlockSource> sources) {
    return new Named(sources);
  }

  /** All versions of all names of a store, which stays open until after the end. */
  public static MountSource of(Store store) {
    String description = "store " + store.place();
    return new Tree(new StoreTree(store, true), new StoreTree(store, false), description);
  }

  /** All dumps of a store of diskdump. */
  public static MountSource of(Diskdump store) {
    return new Tree(new DiskdumpTree(store), "diskdump store " + store.base());
  }

  /** The tree of a snapshot, which is closed in the end. */
  public static MountSource of(StoredTree tree) {
    return new Tree(new SnapshotTree(tree), "snapshot " + tree.manifest().reference());
  }

  /** The one tree of an archive on discs, which is closed in the end. */
  public static MountSource of(ArchiveTree tree, String catalogue) {
    return new Tree(ArchiveFolder.root(tree), "archive of catalogue " + catalogue);
  }

  /**
   * A tree, whose files are exports by their paths.
   *
   * @param description what it shows, for people
   */
  public static MountSource of(MountDirectory tree, String description) {
    return new Tree(tree, description);
  }

  abstract MountDirectory tree();

  abstract NbdExports exports();

  /** What it shows, for people. */
  abstract String description();

  /** The files that take what is written, or nothing. */
  abstract String overlay();

  /** Whether it is there to be written. */
  abstract boolean isWritable();

  /** How often what was asked for was at hand. */
  abstract CacheFigures cacheFigures();

  @Override
  public abstract void close();

  /** Of an overlay what it lies over, as its file is told beside. */
  private static String describe(BlockSource source) {
    BlockSource shown = source instanceof Overlay overlay ? overlay.base() : source;
    return shown.describe().toString();
  }

  private static String overlayFile(BlockSource source) {
    return source instanceof Overlay overlay ? overlay.file().toString() : "";
  }

  private static NbdExports fixed(Map<String, BlockSource> sources) {
    return NbdExports.of(
        sources.entrySet().stream()
            .map(export -> new NbdExport(export.getKey(), export.getValue()))
            .toArray(NbdExport[]::new));
  }

  private static final class One extends MountSource {
    private final BlockSource source;
    private final String name;

    One(BlockSource source, String name) {
      this.source = source;
      this.name = name;
    }

    @Override
    MountDirectory tree() {
      return SourceTree.of(source, name);
    }

    @Override
    NbdExports exports() {
      return fixed(SourceTree.parts(source));
    }

    @Override
    String description() {
      return describe(source);
    }

    @Override
    String overlay() {
      return overlayFile(source);
    }

    @Override
    boolean isWritable() {
      return source instanceof WritableSource;
    }

    @Override
    CacheFigures cacheFigures() {
      return CacheFigures.of(source);
    }

    @Override
    public void close() {
      source.close();
    }
  }

  private static final class Named extends MountSource {
    private final Map<String, BlockSource> sources;

    Named(Map<String, BlockSource> sources) {
      this.sources = new LinkedHashMap<>(sources);
    }

    @Override
    MountDirectory tree() {
      Map<String, MountNode> files = new LinkedHashMap<>();
      sources.forEach((name, source) -> files.put(name, SourceTree.file(source, source)));
      return new FixedDirectory(files, Instant.now());
    }

    @Override
    NbdExports exports() {
      return fixed(sources);
    }

    @Override
    String description() {
      return sources.values().stream().map(MountSource::describe).collect(Collectors.joining(", "));
    }

    @Override
    String overlay() {
      return sources.values().stream()
          .map(MountSource::overlayFile)
          .filter(file -> !file.isEmpty())
          .collect(Collectors.joining(", "));
    }

    @Override
    boolean isWritable() {
      return sources.values().stream().anyMatch(WritableSource.class::isInstance);
    }

    @Override
    CacheFigures cacheFigures() {
      return sources.values().stream()
          .map(CacheFigures::of)
          .reduce(CacheFigures.NONE, CacheFigures::plus);
    }

    @Override
    public void close() {
      sources.values().forEach(BlockSource::close);
    }
  }

  private static final class Tree extends MountSource {
    private final MountDirectory root;
    private final MountDirectory exported;
    private final String description;

    Tree(MountDirectory root, String description) {
      this(root, root, description);
    }

    Tree(MountDirectory root, MountDirectory exported, String description) {
      this.root = root;
      this.exported = exported;
      this.description = description;
    }

    @Override
    MountDirectory tree() {
      return root;
    }

    @Override
    NbdExports exports() {
      return new TreeExports(exported);
    }

    @Override
    String description() {
      return description;
    }

    @Override
    String overlay() {
      return "";
    }

    @Override
    boolean isWritable() {
      return false;
    }

    @Override
    CacheFigures cacheFigures() {
      return counted(root).plus(exported == root ? CacheFigures.NONE : counted(exported));
    }

    private static CacheFigures counted(MountDirectory tree) {
      return tree instanceof CacheFigures.Counting counting
          ? counting.cacheFigures()
          : CacheFigures.NONE;
    }

    /** Each of its files is closed by who opened it. */
    @Override
    public void close() {
      if (root instanceof Closeable closeable) {
        try {
          closeable.close();
        } catch (IOException e) {
          throw IoFailure.told("close " + description, e);
        }
      }
    }
  }
}
