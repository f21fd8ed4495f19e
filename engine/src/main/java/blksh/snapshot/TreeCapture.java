package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.SourceInfo;
import blksh.io.EntryFile;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.store.ImagePiece;
import blksh.store.ManifestFigures;
import blksh.store.PiecedImage;
import blksh.store.RootDigest;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import blksh.tree.TreeScan;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A tree as an image that is put together: the contents of its files in the order of the walk, each
 * from a page on, and then the table. What has not changed since the snapshot before is not read:
 * its pages are taken over. Entries get into the table in the order of the walk, each once it is
 * final.
 */
final class TreeCapture implements PiecedImage, Closeable {

  /** Files that are read at once: of those without a byte it could be any number. */
  private static final int MOST_FILES = 256;

  private final TreeFeed feed;

  /** Null when all is read. */
  private final EarlierTree earlier;

  private final SourceInfo source;
  private final Findings findings;
  private final FileReading reading;
  private final PageSize pageSize;
  private final int mostFilled;
  private final TreeTableWriter table;
  private final EntryQueue queue;
  private final Instant began = Instant.now();

  // Owned by whoever plans.
  private final TreeEntries entries;
  private final FirstNames firstNames = new FirstNames();
  private final RootDigest digest = new RootDigest();
  private boolean fresh = true;
  private boolean walked;
  private long position;
  private LargeFile large;
  private Batch batch;
  private Kept kept;
  private long keptFiles;
  private long readFiles;
  private long tablePages;
  private long tablePlanned = -1;

  /** Pieces that have no place yet, and files to be planned again. Guarded by this. */
  private int inFlight;

  private final Deque<NewEntry> again = new ArrayDeque<>();
  private boolean gaveUp;

  /**
   * @param earlier closed with this; null when all files are to be read
   * @param pageSize of the store
   */
  TreeCapture(
      TreeScan walk,
      EarlierTree earlier,
      PageSize pageSize,
      SourceInfo source,
      Findings findings,
      Task task) {
    this.pageSize = pageSize;
    this.mostFilled = ImagePiece.mostFilled(pageSize);
    this.table = new TreeTableWriter(pageSize);
    this.earlier = earlier;
    this.source = source;
    this.findings = findings;
    this.reading = new FileReading(findings, pageSize);
    this.queue = new EntryQueue(table, findings);
    this.feed = new TreeFeed(walk, task);
    this.entries = new TreeEntries(feed, findings);
  }

  // ---- planning ------------------------------------------------------------------------------

  @Override
  public boolean next(ImagePiece piece) {
    while (true) {
      if (large != null) {
        planLarge(piece);
        return true;
      }
      NewEntry due = dueAgain();
      if (due != null) {
        begin(due);
      } else if (!walked) {
        if (gather(piece)) {
          return true;
        }
      } else if (tablePlanned < 0) {
        awaitPlaced();
        if (!isAgainDue()) {
          table.finish(position, began);
          tablePages = table.pages();
          tablePlanned = 0;
        }
      } else {
        return planTable(piece);
      }
    }
  }

  private synchronized void planned(long pages) {
    position += pages;
    inFlight++;
  }

  private synchronized NewEntry dueAgain() {
    return again.poll();
  }

  private synchronized boolean isAgainDue() {
    return !again.isEmpty();
  }

  /** Begins a file that is read in several pieces. */
  private void begin(NewEntry entry) {
    boolean first = !entry.again;
    entry.again = false;
    EntryFile file = reading.open(entry);
    if (file == null) {
      entry.release();
      if (first) {
        entry.plannedFirst = position;
      }
      entry.done = true;
      queue.settle();
      return;
    }
    entry.file = file;
    LargeFile begun = new LargeFile(entry, file, reading, this::piecePlaced, () -> ended(entry));
    entry.record.firstPage = position;
    if (first) {
      entry.plannedFirst = position;
      entry.plannedPages = begun.pages();
    }
    if (begun.pages() > 0) {
      large = begun;
    } else {
      begun.endEmpty();
    }
  }

  private void planLarge(ImagePiece piece) {
    planned(large.plan(piece));
    if (large.isPlanned()) {
      large = null;
    }
  }

  /** Plans a piece of what is walked next; false when there is something else to do before. */
  private boolean gather(ImagePiece piece) {
    while (large == null) {
      if (queue.isFull()) {
        if (planGathered(piece)) {
          return true;
        }
        if (isAgainDue()) {
          return false;
        }
        queue.awaitRoom();
        if (hasGivenUp()) {
          throw new BlkshException("take the snapshot", "another worker has failed");
        }
        continue;
      }
      if (fresh && !entries.next()) {
        walked = true;
        return planGathered(piece);
      }
      fresh = false;
      if (!take(piece)) {
        return true;
      }
      fresh = true;
    }
    return false;
  }

  private boolean planGathered(ImagePiece piece) {
    if (batch != null) {
      piece.fill(batch.pages, batch);
      planned(batch.pages);
      batch = null;
      return true;
    }
    if (kept != null) {
      piece.keep(earlier.pages(), kept.first, kept.pages, kept);
      planned(kept.pages);
      kept = null;
      return true;
    }
    return false;
  }

  /** Takes the entry there is; false when a piece had to be planned before it. */
  private boolean take(ImagePiece piece) {
    TreeRecord now = entries.record();
    FileStatus status = entries.status();
    if (status == null) {
      queue.add(now, 0, 0, entries.isJump());
      return true;
    }
    TreeRecord then = earlier == null ? null : earlier.unchanged(now, status, entries.isJump());
    boolean file = status.isRegular();
    if (now.links > 1) {
      now.firstName = firstNames.of(status.device(), status.inode(), now);
    }
    if (then != null) {
      now.attributes = then.attributes;
      if (!file || now.size == 0 || now.firstName != null) {
        queue.add(now, 0, 0, entries.isJump());
        return true;
      }
      long first = earlier.contents(then, now);
      if (first >= 0) {
        return keep(piece, now, first);
      }
    }
    if (!file || now.firstName != null) {
      now.attributes = attributes(status, now);
      queue.add(now, 0, 0, entries.isJump());
      return true;
    }
    return read(piece, now, status);
  }

  private boolean keep(ImagePiece piece, TreeRecord now, long first) {
    long pages = pageSize.count(now.size);
    if (batch != null || kept != null && !kept.isFollowedBy(first)) {
      return !planGathered(piece);
    }
    if (kept == null) {
      kept = new Kept(first);
    }
    now.firstPage = position + kept.pages;
    queue.add(now, now.firstPage, pages, entries.isJump());
    kept.pages += pages;
    keptFiles++;
    return true;
  }

  private boolean read(ImagePiece piece, TreeRecord now, FileStatus status) {
    long pages = pageSize.count(now.size);
    boolean small = pages <= mostFilled;
    boolean fits =
        small
            && (batch == null
                || batch.pages + pages <= mostFilled && batch.files.size() < MOST_FILES);
    if (kept != null || batch != null && !fits) {
      return !planGathered(piece);
    }
    readFiles++;
    NewEntry entry = new NewEntry();
    entry.record.copy(now);
    entry.record.attributes =
        new EntryAttributes(
            status.mode(), status.uid(), status.gid(), status.device(), ExtendedAttributes.NONE);
    entry.part = entries.part();
    entry.name = entries.name();
    entry.status = status;
    entry.jump = entries.isJump();
    entry.part.retain();
    queue.add(entry);
    if (!small) {
      begin(entry);
      return true;
    }
    if (batch == null) {
      batch = new Batch();
    }
    entry.record.firstPage = position + batch.pages;
    entry.plannedFirst = entry.record.firstPage;
    entry.plannedPages = pages;
    batch.files.add(entry);
    batch.pages += (int) pages;
    return true;
  }

  /** The attributes of an entry that is not opened. */
  private EntryAttributes attributes(FileStatus status, TreeRecord now) {
    ExtendedAttributes extended = ExtendedAttributes.NONE;
    try {
      extended = entries.extended();
    } catch (IOException e) {
      now.state = TreeRecord.State.UNREAD;
      now.problem = "its attributes: " + IoFailure.reason(e);
      findings.unread(now.pathBytes(), now.problem);
    }
    return new EntryAttributes(
        status.mode(), status.uid(), status.gid(), status.device(), extended);
  }

  private boolean planTable(ImagePiece piece) {
    if (tablePlanned == tablePages) {
      return false;
    }
    int some = (int) Math.min(mostFilled, tablePages - tablePlanned);
    piece.fill(some, new TablePart(tablePlanned));
    tablePlanned += some;
    return true;
  }

  // ---- what pieces are of --------------------------------------------------------------------

  /** Some files that are read at once. */
  private final class Batch implements PiecedImage.Part {
    final List<NewEntry> files = new ArrayList<>();
    int pages;

    @Override
    public void fill(ByteBuffer bytes) {
      int at = 0;
      for (NewEntry each : files) {
        int count = (int) each.plannedPages;
        reading.readWhole(each, bytes, pageSize.at(at), count);
        at += count;
      }
    }

    @Override
    public void placed(ImagePiece piece) {
      int at = 0;
      for (NewEntry each : files) {
        TreeRecord r = each.record;
        if (!each.again) {
          if (r.hasContents()) {
            piece.addTo(digest, at, at + (int) pageSize.count(r.size));
            byte[] found = digest.finished(r.size);
            System.arraycopy(found, 0, r.digest, 0, found.length);
          }
          each.done = true;
        } else {
          planAgain(each);
        }
        at += (int) each.plannedPages;
      }
      queue.settle();
      piecePlaced(); // the last: the table is ended when all pieces have their places
    }
  }

  /** Files whose pages lie together in the snapshot before. */
  private final class Kept implements PiecedImage.Part {
    final long first;
    long pages;

    Kept(long first) {
      this.first = first;
    }

    boolean isFollowedBy(long page) {
      return first + pages == page;
    }

    @Override
    public void placed(ImagePiece piece) {
      piecePlaced();
    }
  }

  private final class TablePart implements PiecedImage.Part {
    private final long first;

    TablePart(long first) {
      this.first = first;
    }

    @Override
    public void fill(ByteBuffer bytes) {
      table.copy(first, bytes.duplicate());
    }
  }

  // ---- what comes back -----------------------------------------------------------------------

  private synchronized void piecePlaced() {
    inFlight--;
    notifyAll();
  }

  private synchronized void planAgain(NewEntry entry) {
    again.add(entry);
  }

  private void ended(NewEntry entry) {
    if (entry.again) {
      planAgain(entry);
      return;
    }
    entry.release();
    entry.done = true;
    queue.settle();
  }

  private synchronized void awaitPlaced() {
    while (inFlight > 0 && !gaveUp) {
      try {
        wait();
      } catch (InterruptedException e) {
        gaveUp = true;
      }
    }
    if (gaveUp) {
      throw new BlkshException("take the snapshot", "another worker has failed");
    }
  }

  private synchronized boolean hasGivenUp() {
    return gaveUp;
  }

  @Override
  public void giveUp() {
    synchronized (this) {
      gaveUp = true;
      notifyAll();
    }
    queue.giveUp();
    feed.stop();
  }

  /** Files whose contents were taken over. */
  long keptFiles() {
    return keptFiles;
  }

  /** Files that were read. */
  long readFiles() {
    return readFiles;
  }

  @Override
  public SourceInfo describe() {
    return source;
  }

  @Override
  public ManifestFigures.Tree figures() {
    return new ManifestFigures.Tree(
        table.entries(), queue.files(), queue.bytes(), findings.unread(), findings.unsettled());
  }

  @Override
  public void close() {
    feed.close();
    entries.close();
    firstNames.close();
    queue.close();
    table.close();
    if (earlier != null) {
      earlier.close();
    }
  }
}
