package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.DirectBuffer;
import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.io.Sha256;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreeMetadata;
import blksh.tree.TreeWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes what a catalogue knows again, from images and drives that hold its discs. A file that is
 * there with its size and time stays: whoever goes on with a restore that was broken off, or brings
 * more discs, gets the rest. No file is left with contents that are not its own.
 */
final class DiscRestore {

  private static final int BUFFER = 1 << 20;

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final List<Disc> discs;
  private final OpenDiscs open;
  private final List<byte[]> paths;
  private final boolean compare;

  /** Which of the paths something was found under. */
  private final BitSet fits = new BitSet();

  private final Task task;
  private final ScanFindings findings;
  private final Set<String> missingDiscs = new TreeSet<>();

  /** Whether the directory all of it goes to was not there: else it stays as its owner has it. */
  private boolean isNew;

  private long entries;
  private long bytes;
  private long there;
  private long lost;
  private long lostBytes;

  /**
   * @param paths in the one tree of all sources; empty for all
   * @param compare whether the contents of files that are there are compared
   */
  DiscRestore(Catalogue catalogue, OpenDiscs open, List<byte[]> paths, boolean compare, Task task) {
    this.file = catalogue.file();
    this.prefixes = catalogue.prefixes();
    this.discs = catalogue.discs();
    this.open = open;
    this.paths = paths;
    this.compare = compare;
    this.task = task;
    this.findings = new ScanFindings(task);
  }

  RestoreReport to(Path directory) {
    task.phase("restoring");
    requireAny(directory);
    IOException[] failed = new IOException[1];
    try {
      isNew = !Files.isDirectory(directory);
      OwnerOnly.makeDirectories(directory.toAbsolutePath());
      try (DirectoryHandle root = DirectoryHandle.open(directory);
          TreeWriter writer = new TreeWriter(directory, findings::add);
          DirectBuffer memory = DirectBuffer.borrow(BUFFER)) {
        file.call(
            "list what is to be restored",
            () -> {
              try {
                walk(root, writer, memory.bytes());
              } catch (IOException e) {
                failed[0] = e;
              }
              return null;
            });
        writer.finish();
      }
      for (int i = 0; i < paths.size(); i++) {
        if (!fits.get(i)) {
          findings.add(paths.get(i), "nothing is there under that path");
        }
      }
    } catch (IOException e) {
      failed[0] = e;
    }
    if (failed[0] != null) {
      throw IoFailure.told("restore to " + directory, failed[0]);
    }
    return new RestoreReport(
        entries,
        bytes,
        there,
        lost,
        lostBytes,
        List.copyOf(missingDiscs),
        findings.count(),
        findings.named());
  }

  /** What was gone at the last scan is not made; when that is all there was, nobody means that. */
  private void requireAny(Path directory) {
    String files =
        "SELECT count(*) FROM (SELECT DISTINCT e.directory, e.name FROM entry e"
            + " JOIN directory d ON d.id = e.directory JOIN source s ON s.id = d.source"
            + " WHERE s.imported = 0 AND e.name <> '' AND e.gone IS ";
    long now = file.call("look", () -> file.number(0, files + "NULL)"));
    long gone =
        file.call(
            "look",
            () ->
                file.number(
                    0,
                    files
                        + "NOT NULL AND NOT EXISTS (SELECT 1 FROM entry n WHERE n.gone IS NULL"
                        + " AND n.directory = e.directory AND n.name = e.name))"));
    String script = "restore.py, which is on each disc, makes all that is on them";
    if (now == 0) {
      throw new BlkshException(
              "restore to " + directory,
              gone == 0
                  ? "the catalogue knows of nothing"
                  : "all %d entries the catalogue knows of were gone at the last scan"
                      .formatted(gone))
          .suggest(script);
    }
    if (gone > 0) {
      task.note(
          "%d entries were gone at the last scan, and are left out: %s".formatted(gone, script));
    }
  }

  /** Whether a directory that was there is from an earlier run, by what it belongs to. */
  private static boolean isDressed(DirectoryHandle root, EntryState entry) throws IOException {
    FileStatus status = root.status();
    boolean owned =
        DirectoryHandle.user() != 0 || status.uid() == entry.uid() && status.gid() == entry.gid();
    return owned && status.mode() == entry.mode();
  }

  private void walk(DirectoryHandle root, TreeWriter writer, ByteBuffer memory)
      throws SQLException, IOException {
    try (PreparedStatement statement =
            file.own(
                "SELECT "
                    + EntryState.COLUMNS
                    + ", d.source, d.path, c.sha256, c.size FROM source s"
                    + " CROSS JOIN directory d ON d.source = s.id"
                    + " CROSS JOIN entry e ON e.directory = d.id"
                    + " LEFT JOIN content c ON c.id = e.content"
                    + " WHERE s.imported = 0 AND e.gone IS NULL ORDER BY s.id, d.path, e.name");
        ResultSet rows = statement.executeQuery()) {
      byte[] last = null;
      byte[] closed = null; // a directory that could not be made, with all below it
      while (rows.next()) {
        task.checkCancelled();
        EntryState entry = EntryState.of(rows);
        byte[] in = PathKey.path(EntryState.bytes(rows, EntryState.WIDTH + 2));
        byte[] directory = prefixes.on(rows.getInt(EntryState.WIDTH + 1), in);
        if (!Arrays.equals(directory, last)) {
          last = directory;
          if (closed != null && !isAtOrBelow(directory, closed)) {
            closed = null;
          }
          if (closed == null && (isWanted(directory) || isOnTheWay(directory))) {
            closed = enter(root, writer, rows.getLong(2), directory, in.length == 0);
          }
        }
        byte[] path = TreeEntry.path(directory, entry.name());
        if (closed != null) {
          if (entry.isRegular() && isWanted(path)) {
            lost++;
            lostBytes += entry.size();
          }
        } else if (!entry.isDirectory() && isWanted(path)) {
          one(root, writer, entry, path, rows, memory);
        } else if (entry.isDirectory()
            && entry.name().length > 0
            && isWanted(path)
            && isEmpty(rows.getInt(EntryState.WIDTH + 1), in, entry.name())) {
          directory(writer, path, entry.metadata());
        }
      }
    }
  }

  /** Whether nothing is in a directory, so that the walk does not come to it. */
  private boolean isEmpty(int source, byte[] in, byte[] name) throws SQLException {
    return file.number(
            0,
            "SELECT e.id FROM directory d JOIN entry e ON e.directory = d.id AND e.gone IS NULL"
                + " AND e.name <> '' WHERE d.source = ? AND d.path = ? LIMIT 1",
            source,
            PathKey.of(TreeEntry.path(in, name)))
        == 0;
  }

  /**
   * Makes a directory with what the row in the one above says of it.
   *
   * @return its path when it could not be made
   */
  private byte[] enter(DirectoryHandle to, TreeWriter writer, long id, byte[] path, boolean root)
      throws SQLException, IOException {
    DirectoryLevel level = new DirectoryLevels(file, prefixes).of(id);
    TreeMetadata metadata = level.entry() == null ? null : level.entry().metadata();
    if (path.length > 0 && isWanted(path)) {
      return directory(writer, path, metadata) ? null : path;
    }
    try {
      if (root && path.length == 0) {
        boolean own = isNew || level.entry() == null || isDressed(to, level.entry());
        writer.directory(path, own ? metadata : null);
      } else {
        writer.leading(path, metadata);
      }
      return null;
    } catch (IOException e) {
      tell(path, e);
      return path;
    }
  }

  private boolean directory(TreeWriter writer, byte[] path, TreeMetadata metadata)
      throws IOException {
    try {
      writer.directory(path, metadata);
      entries++;
      return true;
    } catch (IOException e) {
      tell(path, e);
      return false;
    }
  }

  /** Names what could not be made, unless nothing more can be. */
  private void tell(byte[] path, IOException e) throws IOException {
    IoFailure kind = IoFailure.of(e);
    if (kind == IoFailure.NO_SPACE || kind == IoFailure.READ_ONLY) {
      throw e;
    }
    findings.add(path, IoFailure.reason(e));
  }

  private boolean isWanted(byte[] path) {
    boolean wanted = paths.isEmpty();
    for (int i = 0; i < paths.size(); i++) {
      if (isAtOrBelow(path, paths.get(i))) {
        fits.set(i);
        wanted = true;
      }
    }
    return wanted;
  }

  private boolean isOnTheWay(byte[] path) {
    return paths.stream().anyMatch(each -> isAtOrBelow(each, path));
  }

  private static boolean isAtOrBelow(byte[] path, byte[] above) {
    return above.length == 0
        || path.length >= above.length
            && Arrays.equals(path, 0, above.length, above, 0, above.length)
            && (path.length == above.length || path[above.length] == '/');
  }

  private void one(
      DirectoryHandle root,
      TreeWriter writer,
      EntryState entry,
      byte[] path,
      ResultSet row,
      ByteBuffer memory)
      throws SQLException, IOException {
    byte[] sha256 = row.getBytes(EntryState.WIDTH + 3);
    long size = entry.content() == 0 ? entry.size() : row.getLong(EntryState.WIDTH + 4);
    try {
      if (isThere(root, entry, path, size)) {
        if (compare && entry.isRegular() && isOther(root, path, sha256, memory)) {
          findings.add(
              path, "it is as long as it was and of that time, and its contents are others");
        } else {
          there++;
        }
        return;
      }
      if (entry.isRegular()) {
        regular(root, writer, entry, path, sha256, size, memory);
      } else if (entry.type() == FileType.LINK) {
        writer.link(path, entry.metadata(), entry.target());
        entries++;
      } else {
        writer.node(path, entry.metadata());
        entries++;
      }
    } catch (IOException e) {
      tell(path, e);
    }
  }

  /** Whether a file that is there has other contents than it should; not when nobody knows. */
  private boolean isOther(DirectoryHandle root, byte[] path, byte[] sha256, ByteBuffer memory)
      throws IOException {
    if (sha256 == null) {
      return false;
    }
    int slash = slash(path);
    MessageDigest digest = Sha256.begin();
    try (DirectoryHandle in = root.directory(Arrays.copyOf(path, Math.max(0, slash - 1)));
        EntryFile file = in.open(Arrays.copyOfRange(path, slash, path.length))) {
      long at = 0;
      while (true) {
        task.checkCancelled();
        int read = file.read(at, memory.clear());
        if (read <= 0) {
          return !Arrays.equals(digest.digest(), sha256);
        }
        digest.update(memory.flip());
        at += read;
      }
    }
  }

  private static boolean isTaken(DirectoryHandle root, byte[] path) throws IOException {
    int slash = slash(path);
    try (DirectoryHandle in = root.directory(Arrays.copyOf(path, Math.max(0, slash - 1)))) {
      return in.statusIfAny(Arrays.copyOfRange(path, slash, path.length)) != null;
    }
  }

  private static int slash(byte[] path) {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    return slash;
  }

  /** A file gets its time last, so one that has it is whole. */
  private static boolean isThere(DirectoryHandle root, EntryState entry, byte[] path, long size)
      throws IOException {
    int slash = slash(path);
    try (DirectoryHandle in = root.directory(Arrays.copyOf(path, Math.max(0, slash - 1)))) {
      byte[] name = Arrays.copyOfRange(path, slash, path.length);
      FileStatus status = in.statusIfAny(name);
      if (status == null || status.type() != entry.type()) {
        return false;
      }
      boolean same =
          switch (entry.type()) {
            case REGULAR -> status.size() == size;
            case LINK -> Arrays.equals(in.readLink(name), entry.target());
            default -> status.special() == entry.special();
          };
      return same
          && status.mtimeSeconds() == entry.mtime()
          && status.mtimeNanos() == entry.mtimeNanos();
    } catch (IOException e) {
      if (IoFailure.of(e) == IoFailure.NO_SUCH_FILE) {
        return false;
      }
      throw e;
    }
  }

  private void regular(
      DirectoryHandle root,
      TreeWriter writer,
      EntryState entry,
      byte[] path,
      byte[] sha256,
      long size,
      ByteBuffer memory)
      throws SQLException, IOException {
    if (entry.content() == 0 || sha256 == null) {
      lose(path, entry.size(), "it was not read when it was scanned");
      return;
    }
    byte[] first = HardLinkNames.first(file, prefixes, entry);
    String alone = "it is a file of its own: its first name was not restored";
    if (first != null && isWanted(first) && isThere(root, entry, first, size)) {
      try {
        writer.name(path, first);
        entries++;
        return;
      } catch (IOException e) {
        if (isTaken(root, path)) {
          throw e;
        }
        alone = "it is a file of its own: a hard link failed (" + IoFailure.reason(e) + ")";
      }
    }
    ContentCopies copies = ContentCopies.of(file, entry.content(), size, open);
    if (!copies.isWhole()) {
      List<String> where = where(entry.content());
      missingDiscs.addAll(where);
      lose(
          path,
          size,
          where.isEmpty()
              ? "it is on no disc"
              : "it is on a disc that is missing: " + String.join(", ", where));
      return;
    }
    try {
      writer.wholeFile(
          path, entry.metadata(), to -> RestoredContents.copy(copies, sha256, to, memory, task));
      entries++;
      bytes += size;
      if (first != null && isWanted(first)) {
        findings.add(path, alone);
      }
    } catch (RestoredContents.Damaged e) {
      List<String> where = where(entry.content());
      missingDiscs.addAll(where);
      lose(
          path,
          size,
          where.isEmpty()
              ? e.getMessage()
              : e.getMessage() + "; it may be whole on " + String.join(", ", where));
    }
  }

  private void lose(byte[] path, long size, String problem) {
    lost++;
    lostBytes += size;
    findings.add(path, problem);
  }

  private List<String> where(long content) throws SQLException {
    List<String> names = new ArrayList<>();
    for (PartRow each : PartTable.ofContent(file, content)) {
      for (Disc disc : discs) {
        if (disc.id() == each.disc()
            && disc.written() != null
            && open.get(disc.id()) == null
            && !names.contains(disc.name())) {
          names.add(disc.name());
        }
      }
    }
    return names;
  }
}
