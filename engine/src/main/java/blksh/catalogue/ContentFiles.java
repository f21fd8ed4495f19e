package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.FileStatus;
import blksh.tree.TreeEntry;
import java.io.Closeable;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The files that have the contents of a disc, where they were when they were scanned. */
final class ContentFiles implements Closeable {

  /** Names of one content that are tried; there may be any number. */
  private static final int MOST_NAMES = 1000;

  /** What a query selects for {@link #found}. */
  static final String COLUMNS = EntryState.COLUMNS + ", s.root, d.path";

  /** How many columns those are. */
  static final int WIDTH = EntryState.WIDTH + 2;

  private static final String SELECT = "SELECT " + COLUMNS + " FROM ";

  private static final String PLACE =
      """
       CROSS JOIN directory d ON d.id = e.directory
      CROSS JOIN source s ON s.id = d.source AND s.imported = 0""";

  private final CatalogueFile file;
  private final long disc;
  private final ScannedDirectories directories = new ScannedDirectories();

  ContentFiles(CatalogueFile file, long disc) {
    this.file = file;
    this.disc = disc;
  }

  /**
   * A file that has a content, and where it is.
   *
   * @param path below the root
   */
  record Found(byte[] root, byte[] path, EntryState entry) {

    /** 0 of a file that shows no change, 1 of one that is as long as it was. */
    private int rank(ScannedFile opened) {
      if (entry.isUnchanged(opened.status())) {
        return 0;
      }
      return entry.size() == opened.size() ? 1 : 2;
    }
  }

  /** A file that was opened; whoever has it closes it. */
  record Opened(Found found, ScannedFile file) {}

  /** Whether a file shows no change since it was scanned. */
  boolean isUnchanged(Found found) {
    try {
      FileStatus now = directories.look(found.root, found.path);
      return now != null && found.entry.isUnchanged(now);
    } catch (BlkshException e) {
      return false; // it is told of when nothing else has the content
    }
  }

  /** Why it is not the empty file it was; null when it is, or is gone. */
  String notEmpty(Found found) {
    try {
      FileStatus now = directories.look(found.root, found.path);
      if (now == null || now.isRegular() && now.size() == 0) {
        return null;
      }
      return now.isRegular()
          ? "it has %d bytes more".formatted(now.size())
          : "it is " + now.type().words() + " now";
    } catch (BlkshException e) {
      return e.getMessage();
    }
  }

  static Found found(ResultSet row) throws SQLException {
    EntryState entry = EntryState.of(row);
    byte[] directory = PathKey.path(EntryState.bytes(row, EntryState.WIDTH + 2));
    return new Found(
        row.getBytes(EntryState.WIDTH + 1), TreeEntry.path(directory, entry.name()), entry);
  }

  /** The first that have a content; those that the last scan found come first. */
  List<Found> of(long content) {
    return file.call(
        "look for a file",
        () -> {
          List<Found> found = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      SELECT
                          + "entry e CROSS JOIN place p ON p.entry = e.id AND p.disc = ?"
                          + PLACE
                          + " WHERE e.content = ?"
                          + " ORDER BY e.gone IS NOT NULL, d.source, d.path, e.name LIMIT "
                          + MOST_NAMES,
                      disc,
                      content)
                  .executeQuery()) {
            while (rows.next()) {
              found.add(found(rows));
            }
          }
          return found;
        });
  }

  /** Takes files. */
  interface Visitor {
    void take(Found found);
  }

  /** Hands out the empty ones. */
  void empty(Visitor visitor) {
    file.call(
        "look at empty files",
        () -> {
          try (PreparedStatement statement =
                  file.own(
                      SELECT
                          + "place p CROSS JOIN entry e ON e.id = p.entry"
                          + " CROSS JOIN content c ON c.id = e.content AND c.size = 0"
                          + PLACE
                          + " WHERE p.disc = ? ORDER BY d.source, d.path, e.name",
                      disc);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              visitor.take(found(rows));
            }
          }
          return null;
        });
  }

  /**
   * Opens a file that shows no change since it was scanned.
   *
   * @return null when it does, or cannot be opened
   */
  Opened open(Found found) {
    ScannedFile opened = null;
    boolean kept = false;
    try {
      opened = directories.open(found.root, found.path);
      kept = found.rank(opened) == 0;
      return kept ? new Opened(found, opened) : null;
    } catch (BlkshException e) {
      return null; // whoever looks at all names tells of it
    } finally {
      if (opened != null && !kept) {
        opened.close();
      }
    }
  }

  /**
   * Opens the file that is most likely to have a content still.
   *
   * @throws BlkshException when none can be opened
   */
  Opened open(long content) {
    BlkshException failure = null;
    Opened chosen = null;
    for (Found each : of(content)) {
      try {
        ScannedFile opened = directories.open(each.root, each.path);
        if (chosen == null || each.rank(opened) < chosen.found.rank(chosen.file)) {
          if (chosen != null) {
            chosen.file.close();
          }
          chosen = new Opened(each, opened);
        } else {
          opened.close();
        }
        if (chosen.found.rank(chosen.file) == 0) {
          break;
        }
      } catch (BlkshException e) {
        failure = failure == null ? e : failure; // another name may be there still
      }
    }
    if (chosen != null) {
      return chosen;
    }
    throw failure != null
        ? failure
        : new BlkshException("read content " + content, "no file has it any more");
  }

  /** Lets go of the directory that was used last. */
  @Override
  public void close() {
    directories.close();
  }
}
