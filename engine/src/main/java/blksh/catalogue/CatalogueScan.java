package blksh.catalogue;

import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.SystemCallException;
import blksh.task.CancelledException;
import blksh.task.Handoff;
import blksh.task.Task;
import blksh.task.Workers;
import blksh.tree.LeftOut;
import blksh.tree.ScanCache;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import blksh.tree.Unread;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Looks through a tree and notes what is there. What is known already and has the same size, times,
 * inode and device is not read. What was read is in the database within seconds, so that a scan
 * that is broken off, however, is gone on with by the next.
 */
final class CatalogueScan {

  /** Files that wait to be read. */
  private static final int AHEAD = 512;

  private static final byte[] ITSELF = {};

  private final CatalogueFile file;
  private final ContentTable contents;
  private final long source;
  private final long scan;
  private final TreeScan walk;
  private final Task task;
  private final ScanFindings findings;
  private final Handoff<Waiting> handoff = new Handoff<>(AHEAD);

  /** The last name that was looked at of each directory with more parts to come, by its key. */
  private final Path root;

  private final Map<String, byte[]> seen = new HashMap<>();

  private final AtomicLong entries = new AtomicLong();
  private final AtomicLong files = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private final AtomicInteger reading = new AtomicInteger();
  private final AtomicLong readBytes = new AtomicLong();
  private final AtomicLong gone = new AtomicLong();
  private volatile boolean unmounted;

  /** The number of the root's device when it was scanned before. */
  private volatile long rootDevice;

  /** A file to be read. @param known its last state; null when there is none */
  private record Waiting(
      TreePart part, long directory, byte[] name, FileStatus status, EntryState known) {

    byte[] path() {
      return TreeEntry.path(part.path(), name);
    }
  }

  CatalogueScan(CatalogueFile file, long source, Path root, WalkOptions options, Task task) {
    this.file = file;
    this.contents = new ContentTable(file);
    this.source = source;
    this.root = root;
    this.walk = TreeScan.of(root, options);
    this.task = task;
    this.findings = new ScanFindings(task);
    this.scan =
        file.whole(
            "begin a scan",
            () ->
                file.number(
                    0,
                    "INSERT INTO scan (source, began) VALUES (?, ?) RETURNING id",
                    source,
                    Instant.now().toEpochMilli()));
  }

  ScanReport run() {
    task.phase("reading");
    AtomicBoolean walks = new AtomicBoolean();
    try {
      Workers.run(
          task,
          Workers.count() + 1,
          () -> {
            if (walks.compareAndSet(false, true)) {
              walk.run(task, this::visit);
              handoff.close();
            } else {
              hash();
            }
          },
          handoff::end);
    } finally {
      for (Waiting left = handoff.left(); left != null; left = handoff.left()) {
        left.part.release();
      }
      file.commit();
    }
    task.checkCancelled();
    if (entries.get() == 0 && gone.get() > 0 && !unmounted) {
      findings.add("nothing is there any more: if a drive belongs there, mount it and scan again");
    }
    ScanReport report =
        new ScanReport(
            scan,
            entries.get(),
            files.get(),
            bytes.get(),
            read.get(),
            readBytes.get(),
            gone.get(),
            findings.count(),
            findings.named());
    file.whole(
        "end a scan",
        () ->
            file.execute(
                """
                UPDATE scan SET ended = ?, files = ?, bytes = ?, read_files = ?, read_bytes = ?,
                  gone = ?, problems = ? WHERE id = ?""",
                Instant.now().toEpochMilli(),
                report.files(),
                report.bytes(),
                report.read(),
                report.readBytes(),
                report.gone(),
                report.problemCount(),
                scan));
    return report;
  }

  private void visit(TreePart part) throws IOException {
    List<Waiting> waiting = new ArrayList<>();
    file.change(
        "note a directory",
        () -> {
          note(part, waiting);
          return null;
        });
    for (Waiting each : waiting) {
      each.part.retain();
      if (!handoff.put(each)) {
        each.part.release();
        throw new CancelledException("scan");
      }
    }
  }

  private void note(TreePart part, List<Waiting> waiting) throws SQLException {
    byte[] key = PathKey.of(part.path());
    long directory = directory(key);
    if (part.path().length == 0 && part.number() == 0) {
      noteRoot(part, directory);
    }
    boolean entered = true;
    List<byte[]> untouched = new ArrayList<>();
    for (Unread each : part.unread()) {
      if (each.name().length == 0) {
        entered = false;
      }
      if (!each.gone()) {
        findings.add(
            TreeEntry.path(part.path(), each.name()),
            "it could not be read (%s)".formatted(IoFailure.reason(each.failure())));
        untouched.add(each.name());
      }
    }
    entered &= part.leftOut().stream().map(LeftOut::name).noneMatch(it -> it.length == 0);
    if (!entered) {
      return;
    }
    byte[] last = last(part);
    byte[] before = seen.getOrDefault(text(key), ITSELF);
    Map<String, EntryState> known = known(directory, before, part.isLast() ? null : last);
    int count = known.size();
    for (TreeEntry each : part.entries()) {
      entries.incrementAndGet();
      one(part, directory, each, known.remove(text(each.name())), waiting);
    }
    untouched.forEach(each -> known.remove(text(each)));
    if (isUnmounted(part, known, count)) {
      unmounted = true;
      String path = part.path().length == 0 ? "the root" : NameText.of(part.path());
      findings.add(
          path
              + ": nothing of what was in it is there, and it is of another file system than that:"
              + " it stays known; mount what belongs there, and scan again");
      return;
    }
    for (EntryState each : known.values()) {
      byte[] path = TreeEntry.path(part.path(), each.name());
      gone.addAndGet(EntryState.end(file, each, path, source, scan));
    }
    if (part.isLast()) {
      seen.remove(text(key));
    } else {
      seen.put(text(key), last);
    }
  }

  /**
   * Whether what was found in a directory before was mounted there, and is not now. A device may
   * have another number after each start: what was of the root's is of the root's.
   */
  private boolean isUnmounted(TreePart part, Map<String, EntryState> missing, int known) {
    boolean isRoot = part.path().length == 0;
    return part.number() == 0
        && part.isLast()
        && known > 0
        && missing.size() == known
        && !(isRoot && isMountPoint())
        && missing.values().stream()
            .allMatch(
                each ->
                    each.device() != part.status().device()
                        && (isRoot || each.device() != rootDevice));
  }

  private boolean isMountPoint() {
    try {
      Path real = root.toRealPath();
      Path above = real.getParent();
      return above != null
          && !Files.getAttribute(real, "unix:dev").equals(Files.getAttribute(above, "unix:dev"));
    } catch (IOException e) {
      return false;
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** The last of all names that a part tells of. */
  private static byte[] last(TreePart part) {
    byte[] last = ITSELF;
    for (TreeEntry each : part.entries()) {
      last = max(last, each.name());
    }
    for (Unread each : part.unread()) {
      last = max(last, each.name());
    }
    for (LeftOut each : part.leftOut()) {
      last = max(last, each.name());
    }
    return last;
  }

  private static byte[] max(byte[] a, byte[] b) {
    return Arrays.compareUnsigned(a, b) < 0 ? b : a;
  }

  private long directory(byte[] key) throws SQLException {
    long id = file.number(0, "SELECT id FROM directory WHERE source = ? AND path = ?", source, key);
    return id != 0
        ? id
        : file.number(
            0, "INSERT INTO directory (source, path) VALUES (?, ?) RETURNING id", source, key);
  }

  /** What is known in a directory between two names, the first of them not; by name. */
  private Map<String, EntryState> known(long directory, byte[] after, byte[] last)
      throws SQLException {
    String sql =
        "SELECT "
            + EntryState.COLUMNS
            + " FROM entry e WHERE e.directory = ? AND e.gone IS NULL AND e.name > CAST(? AS TEXT)"
            + (last == null ? "" : " AND e.name <= CAST(? AS TEXT)");
    Map<String, EntryState> known = new HashMap<>();
    try (ResultSet rows =
        (last == null
                ? file.prepared(sql, directory, after)
                : file.prepared(sql, directory, after, last))
            .executeQuery()) {
      while (rows.next()) {
        EntryState state = EntryState.of(rows);
        known.put(text(state.name()), state);
      }
    }
    return known;
  }

  private void noteRoot(TreePart part, long directory) throws SQLException {
    EntryState known = null;
    try (ResultSet rows =
        file.prepared(
                "SELECT "
                    + EntryState.COLUMNS
                    + " FROM entry e WHERE e.directory = ? AND e.gone IS NULL AND e.name = ''",
                directory)
            .executeQuery()) {
      known = rows.next() ? EntryState.of(rows) : null;
    }
    rootDevice = known == null ? part.status().device() : known.device();
    try {
      byte[] attributes =
          part.handle() == null ? null : AttributeBytes.of(part.handle().attributes());
      EntryState now = EntryState.of(directory, ITSELF, part.status(), null, attributes, 0, true);
      enter(known, now, ITSELF);
    } catch (IOException e) {
      findings.add("the root: its attributes could not be read (" + IoFailure.reason(e) + ")");
    }
  }

  private void one(
      TreePart part, long directory, TreeEntry entry, EntryState known, List<Waiting> waiting)
      throws SQLException {
    FileStatus status = entry.status();
    if (status.isRegular()) {
      files.incrementAndGet();
      bytes.addAndGet(status.size());
    }
    if (known != null && known.isUnchanged(status)) {
      if (known.links() != status.links()) {
        known.touch(file, again(known, status));
      }
      task.resume(status.isRegular() ? status.size() : 0);
      return;
    }
    if (status.isRegular()) {
      waiting.add(new Waiting(part, directory, entry.name(), status, known));
      return;
    }
    byte[] attributes = null;
    try {
      attributes = AttributeBytes.of(part.handle().attributes(entry.name()));
    } catch (SystemCallException e) {
      if (!e.isGone()) {
        lost(part, entry, e);
      }
    } catch (IOException e) {
      lost(part, entry, e);
    }
    boolean settled = ScanCache.isSettled(status, part.began());
    EntryState now =
        EntryState.of(directory, entry.name(), status, entry.target(), attributes, 0, settled);
    enter(known, now, TreeEntry.path(part.path(), entry.name()));
  }

  private void lost(TreePart part, TreeEntry entry, IOException e) {
    findings.add(
        TreeEntry.path(part.path(), entry.name()),
        "its attributes could not be read (%s)".formatted(IoFailure.reason(e)));
  }

  private static EntryState again(EntryState known, FileStatus status) {
    return EntryState.of(
        known.directory(),
        known.name(),
        status,
        known.target(),
        known.attributes(),
        known.content(),
        known.settled());
  }

  private void enter(EntryState known, EntryState now, byte[] path) throws SQLException {
    if (known != null && known.isSameAs(now)) {
      known.touch(file, now);
      return;
    }
    if (known != null) {
      boolean below = known.isDirectory() && now.type() != FileType.DIRECTORY;
      gone.addAndGet(
          below
              ? EntryState.end(file, known, path, source, scan)
              : file.execute("UPDATE entry SET gone = ? WHERE id = ?", scan, known.id()));
    }
    now.insert(file, scan);
  }

  private void hash() throws IOException {
    try (FileHashing hashing = new FileHashing(task, reading)) {
      for (Waiting each = handoff.take(); each != null; each = handoff.take()) {
        try {
          hash(hashing, each);
        } finally {
          each.part.release();
        }
      }
    }
  }

  private void hash(FileHashing hashing, Waiting waiting) {
    FileHashing.Hashed hashed = null;
    byte[] attributes = null;
    try (EntryFile opened = waiting.part.handle().open(waiting.name)) {
      if (opened.status().isRegular()) {
        hashed = hashing.read(opened);
        attributes = AttributeBytes.of(opened.attributes());
      } else {
        findings.add(waiting.path(), "it became something else before it was read");
        return;
      }
    } catch (IOException e) {
      if (e instanceof SystemCallException call && call.isGone()) {
        task.note(NameText.of(waiting.path()) + " vanished before it was read");
        vanish(waiting);
        return;
      }
      findings.add(waiting.path(), "it could not be read (%s)".formatted(IoFailure.reason(e)));
    }
    read.incrementAndGet();
    keep(waiting, hashed, attributes);
  }

  private void vanish(Waiting waiting) {
    if (waiting.known != null) {
      file.change(
          "note what is gone",
          () -> gone.addAndGet(EntryState.end(file, waiting.known, waiting.path(), source, scan)));
    }
  }

  private void keep(Waiting waiting, FileHashing.Hashed hashed, byte[] attributes) {
    if (hashed != null) {
      readBytes.addAndGet(hashed.bytes());
      if (hashed.torn()) {
        findings.add(waiting.path(), "it changed each time while it was read");
      }
    }
    file.change(
        "note a file",
        () -> {
          // What cannot be read now may be on a disc, which is when that is wanted.
          boolean kept =
              hashed == null && waiting.known != null && waiting.known.mayBeAsItWas(waiting.status);
          long content =
              hashed != null
                  ? contents.enter(hashed.digests(), hashed.length())
                  : kept ? waiting.known.content() : 0;
          FileStatus status = hashed == null ? waiting.status : hashed.status();
          boolean settled =
              hashed != null
                  && !hashed.torn()
                  && ScanCache.isSettled(hashed.status(), hashed.looked());
          EntryState now =
              EntryState.of(
                  waiting.directory,
                  waiting.name,
                  status,
                  null,
                  kept ? waiting.known.attributes() : attributes,
                  content,
                  settled);
          enter(waiting.known, now, waiting.path());
          return null;
        });
  }
}
