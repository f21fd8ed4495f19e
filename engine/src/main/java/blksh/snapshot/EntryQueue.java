package blksh.snapshot;

import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * The entries of a tree on their way into its table, in order: each waits until those before it are
 * final. Used by several threads.
 */
final class EntryQueue implements Closeable {

  /** Entries that may wait: some of them hold paths of thousands of bytes, most do not. */
  private static final int MOST = 8192;

  private static final long MOMENT_MILLIS = 20;

  private final TreeTableWriter table;
  private final Findings findings;
  private final Deque<NewEntry> waiting = new ArrayDeque<>();

  /** First names that are not in the table after all. */
  private final Set<String> missing = new HashSet<>();

  private long files;
  private long bytes;
  private boolean ended;

  EntryQueue(TreeTableWriter table, Findings findings) {
    this.table = table;
    this.findings = findings;
  }

  /**
   * Adds an entry that is final.
   *
   * @param r copied when it has to wait
   * @param plannedFirst page of the image where its contents are; of no use without pages
   * @param jump whether it does not follow the last in order
   */
  synchronized void add(TreeRecord r, long plannedFirst, long plannedPages, boolean jump) {
    if (waiting.isEmpty()) {
      write(r, plannedFirst, plannedPages, jump);
      return;
    }
    NewEntry entry = new NewEntry();
    entry.record.copy(r);
    entry.plannedFirst = plannedFirst;
    entry.plannedPages = plannedPages;
    entry.jump = jump;
    entry.done = true;
    waiting.add(entry);
  }

  /** Adds an entry that will be final later. */
  synchronized void add(NewEntry entry) {
    waiting.add(entry);
  }

  /** Whether there are so many that it is time to wait. */
  synchronized boolean isFull() {
    return waiting.size() >= MOST;
  }

  /** Waits a moment for some of them to go. */
  synchronized void awaitRoom() {
    if (waiting.size() >= MOST && !ended) {
      try {
        wait(MOMENT_MILLIS);
      } catch (InterruptedException e) {
        ended = true;
      }
    }
  }

  synchronized void giveUp() {
    ended = true;
    notifyAll();
  }

  /** Some entry has become final. */
  synchronized void settle() {
    while (!waiting.isEmpty() && waiting.peek().done) {
      NewEntry entry = waiting.remove();
      if (entry.gone) {
        if (entry.record.links > 1) {
          missing.add(new String(entry.record.pathBytes(), PathTexts.BYTES));
        }
        continue;
      }
      write(entry.record, entry.plannedFirst, entry.plannedPages, entry.jump);
    }
    notifyAll();
  }

  private void write(TreeRecord r, long plannedFirst, long plannedPages, boolean jump) {
    if (jump) {
      table.jump();
    }
    if (r.firstName != null
        && !missing.isEmpty()
        && missing.contains(new String(r.firstName, PathTexts.BYTES))) {
      r.firstName = null;
      r.state = TreeRecord.State.UNREAD;
      r.problem = "another name of it vanished while that was read";
      findings.unread(r.pathBytes(), r.problem);
    }
    boolean contents = r.hasContents();
    long own = contents ? table.pageSize().count(r.size) : 0;
    boolean here =
        contents
            ? plannedFirst == table.place() && r.firstPage == plannedFirst && own == plannedPages
            : plannedPages == 0;
    r.passedOver = here ? -1 : plannedFirst + plannedPages - table.place();
    table.add(r);
    if (r.type == TreeRecord.Type.FILE && r.firstName == null) {
      files++;
      bytes += r.size;
    }
  }

  /** Lets go of what entries hold that never became final. */
  @Override
  public synchronized void close() {
    waiting.forEach(NewEntry::release);
    waiting.clear();
  }

  /** Regular files, each once. */
  synchronized long files() {
    return files;
  }

  /** Bytes of those. */
  synchronized long bytes() {
    return bytes;
  }
}
