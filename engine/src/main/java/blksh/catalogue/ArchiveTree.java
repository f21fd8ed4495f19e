package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.io.FileType;
import blksh.io.NameText;
import blksh.tree.TreeEntry;
import java.io.Closeable;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * All that was scanned, as it was found last, as one tree: directories, regular files and symbolic
 * links. What files hold comes from discs that were written, through a cache. It uses a connection
 * of its own, and may be used by any number of threads.
 */
public final class ArchiveTree implements Closeable {

  private static final byte[] NONE = {};

  private final CatalogueFile file;
  private final List<CatalogueSource> sources;
  private final SourcePrefixes prefixes;
  private final ArchiveDiscs discs;
  private final ArchiveFetch fetch;

  private ArchiveTree(
      CatalogueFile file, Catalogue catalogue, ArchiveDiscs discs, Path cache, long most) {
    this.file = file;
    this.sources = catalogue.sources().stream().filter(each -> !each.imported()).toList();
    this.prefixes = catalogue.prefixes();
    this.discs = discs;
    this.fetch = new ArchiveFetch(file, discs, new ArchiveCache(cache, most));
  }

  /**
   * Opens one.
   *
   * @param discs closed with it
   * @param cache the directory of the cache, made when there is none
   * @param most bytes that the cache takes, about
   * @throws BlkshException when nothing was scanned, or the cache cannot be used
   */
  public static ArchiveTree open(Catalogue catalogue, ArchiveDiscs discs, Path cache, long most) {
    CatalogueFile file = CatalogueFile.open(catalogue.path(), false);
    boolean ready = false;
    try {
      ArchiveTree tree = new ArchiveTree(file, catalogue, discs, cache, most);
      if (tree.sources.isEmpty()) {
        throw new BlkshException(
                "open the archive of catalogue " + catalogue.name(), "no directory was scanned")
            .suggest("image(PATH).files shows what a disc has that another program made");
      }
      ready = true;
      return tree;
    } finally {
      if (!ready) {
        file.close();
      }
    }
  }

  /** The directory that holds all. */
  public ArchiveEntry root() {
    return file.call(
        "look at the archive",
        () -> {
          for (CatalogueSource each : sources) {
            if (prefixes.of(each.id()).length == 0) {
              return source(each.id(), NONE);
            }
          }
          return new ArchiveEntry(
              NONE,
              FileType.DIRECTORY,
              0,
              Instant.now(),
              0555,
              0,
              0,
              null,
              new ArchiveEntry.Folder(0, 0, NONE),
              null);
        });
  }

  private static boolean isRoot(ArchiveEntry.Folder in) {
    return in.path().length == 0;
  }

  /** The root of a source, under a name. */
  private ArchiveEntry source(int source, byte[] name) throws SQLException {
    long id = directory(source, NONE);
    ArchiveEntry own = entry(source, NONE, id, NONE).orElse(null);
    ArchiveEntry.Folder folder = new ArchiveEntry.Folder(source, id, NONE);
    return own == null
        ? new ArchiveEntry(
            name, FileType.DIRECTORY, 0, Instant.now(), 0555, 0, 0, null, folder, null)
        : new ArchiveEntry(
            name,
            FileType.DIRECTORY,
            0,
            own.modified(),
            own.mode(),
            own.uid(),
            own.gid(),
            null,
            folder,
            null);
  }

  private long directory(int source, byte[] path) throws SQLException {
    return file.number(
        0, "SELECT id FROM directory WHERE source = ? AND path = ?", source, PathKey.of(path));
  }

  /** Looks for an entry of a directory; nothing when there is none that shows. */
  public Optional<ArchiveEntry> find(ArchiveEntry directory, byte[] name) {
    ArchiveEntry.Folder in = directory.folder();
    return file.call(
        "look at the archive",
        () -> {
          if (isRoot(in) && directory.name().length == 0) {
            for (CatalogueSource each : sources) {
              if (name.length > 0 && Arrays.equals(prefixes.of(each.id()), name)) {
                return Optional.of(source(each.id(), name));
              }
            }
          }
          return in.id() == 0 || name.length == 0
              ? Optional.empty()
              : entry(in.source(), in.path(), in.id(), name);
        });
  }

  private Optional<ArchiveEntry> entry(int source, byte[] path, long directory, byte[] name)
      throws SQLException {
    try (ResultSet row =
        file.prepared(
                "SELECT "
                    + EntryState.COLUMNS
                    + ", c.sha256, c.size FROM entry e LEFT JOIN content c ON c.id = e.content"
                    + " WHERE e.directory = ? AND e.name = CAST(? AS TEXT) AND e.gone IS NULL",
                directory,
                name)
            .executeQuery()) {
      if (!row.next()) {
        return Optional.empty();
      }
      EntryState state = EntryState.of(row);
      if (!shows(state.type())) {
        return Optional.empty();
      }
      byte[] whole = name.length == 0 ? path : TreeEntry.path(path, name);
      boolean isDirectory = state.isDirectory();
      return Optional.of(
          new ArchiveEntry(
              name,
              state.type(),
              size(state, row),
              Instant.ofEpochSecond(state.mtime(), state.mtimeNanos()),
              state.mode() & 07777,
              state.uid(),
              state.gid(),
              state.target(),
              isDirectory ? new ArchiveEntry.Folder(source, directory(source, whole), whole) : null,
              state.isRegular()
                  ? new ArchiveEntry.Contents(state.content(), row.getBytes(EntryState.WIDTH + 1))
                  : null));
    }
  }

  /** Of a file that changed while it was scanned, what was read counts: that is on the disc. */
  private static long size(EntryState state, ResultSet row) throws SQLException {
    if (!state.isRegular()) {
      return 0;
    }
    return state.content() == 0 ? state.size() : row.getLong(EntryState.WIDTH + 2);
  }

  private static boolean shows(FileType type) {
    return switch (type) {
      case DIRECTORY, LINK, REGULAR -> true;
      default -> false;
    };
  }

  /**
   * Names in a directory by their bytes, at most so many.
   *
   * @param after the last that is known; empty for the first
   */
  public List<byte[]> names(ArchiveEntry directory, byte[] after, int most) {
    ArchiveEntry.Folder in = directory.folder();
    return file.call(
        "list the archive",
        () -> {
          List<byte[]> names = new ArrayList<>();
          if (isRoot(in) && directory.name().length == 0 && after.length == 0) {
            for (CatalogueSource each : sources) {
              if (prefixes.of(each.id()).length > 0) {
                names.add(prefixes.of(each.id()));
              }
            }
          }
          try (ResultSet rows =
              file.prepared(
                      "SELECT CAST(name AS BLOB) FROM entry WHERE directory = ? AND gone IS NULL"
                          + " AND name > CAST(? AS TEXT) AND type IN (?, ?, ?)"
                          + " ORDER BY name LIMIT ?",
                      in.id(),
                      after,
                      FileType.DIRECTORY.ordinal(),
                      FileType.LINK.ordinal(),
                      FileType.REGULAR.ordinal(),
                      most)
                  .executeQuery()) {
            while (rows.next()) {
              names.add(rows.getBytes(1));
            }
          }
          return names;
        });
  }

  /**
   * Opens a file, to be read in any order.
   *
   * @throws BlkshException when no disc that was written has all of it
   */
  public BlockSource open(ArchiveEntry entry) {
    String name = NameText.of(entry.name());
    if (entry.size() == 0) {
      return new ByteArraySource(name, NONE);
    }
    if (entry.contents().id() == 0 || entry.contents().sha256() == null) {
      throw new BlkshException("read " + name, "it could not be read when it was scanned");
    }
    return fetch.open(name, entry);
  }

  @Override
  public void close() {
    discs.close();
    file.close();
  }
}
