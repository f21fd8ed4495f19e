package blksh.snapshot;

import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.Unread;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** The entries of a walk, one after the other, as records of the table. Used by one thread. */
final class TreeEntries implements Closeable {

  private static final byte[] ITSELF = {};

  private static final EntryAttributes UNKNOWN =
      new EntryAttributes(0, 0, 0, 0, ExtendedAttributes.NONE);

  private final TreeFeed feed;
  private final Findings findings;
  private final TreeRecord record = new TreeRecord();

  private TreePart part;
  private int entry;
  private int unread;
  private boolean rootGiven;

  private byte[] name;
  private FileStatus status;
  private boolean jump;

  /** Whether the next entry does not follow the last in the order of paths. */
  private boolean farNext;

  private boolean ended;
  private byte[] lastPath = ITSELF;

  /** Whether the last part was of a directory that comes in several. */
  private boolean lastSeveral;

  TreeEntries(TreeFeed feed, Findings findings) {
    this.feed = feed;
    this.findings = findings;
  }

  /** What the entry says; without attributes and contents. */
  TreeRecord record() {
    return record;
  }

  /** What is known of the entry; null when that is nothing but its name. */
  FileStatus status() {
    return status;
  }

  /** The directory the entry is in. */
  TreePart part() {
    return part;
  }

  /** Its name in that directory. */
  byte[] name() {
    return name;
  }

  /** Whether it does not follow the one before in the order of paths. */
  boolean isJump() {
    return jump;
  }

  /** The extended attributes of the entry. */
  ExtendedAttributes extended() throws IOException {
    return name.length == 0 ? part.handle().attributes() : part.handle().attributes(name);
  }

  /** Goes to the next entry; false at the end. */
  boolean next() {
    while (true) {
      if (part == null && !enter()) {
        return false;
      }
      if (!rootGiven) {
        rootGiven = true;
        name = ITSELF;
        describe(part.status(), null);
        return true;
      }
      List<TreeEntry> entries = part.entries();
      List<Unread> lost = part.unread();
      boolean more = entry < entries.size();
      if (unread < lost.size()
          && (!more
              || Arrays.compareUnsigned(lost.get(unread).name(), entries.get(entry).name()) < 0)) {
        if (lose(lost.get(unread++))) {
          return true;
        }
      } else if (more) {
        TreeEntry found = entries.get(entry++);
        name = found.name();
        describe(found.status(), found.target());
        return true;
      } else {
        leave();
      }
    }
  }

  /** Goes to the next part; false at the end. */
  private boolean enter() {
    part = ended ? null : feed.next();
    if (part == null) {
      ended = true;
      return false;
    }
    // A directory in several parts has those that are in it between them.
    boolean goesOn = lastSeveral && Arrays.equals(lastPath, part.path());
    farNext |= !goesOn && (lastSeveral || part.number() > 0);
    entry = 0;
    unread = 0;
    findings.leftOut(part.leftOut().size());
    return true;
  }

  private void leave() {
    lastSeveral = !part.isLast() || part.number() > 0;
    lastPath = part.path();
    part.release();
    part = null;
  }

  private void path() {
    byte[] directory = part.path();
    int length = name.length;
    if (directory.length > 0) {
      length += directory.length + 1;
    }
    record.room(length);
    System.arraycopy(directory, 0, record.path, 0, directory.length);
    if (directory.length > 0) {
      record.path[directory.length] = '/';
    }
    System.arraycopy(name, 0, record.path, length - name.length, name.length);
    record.pathLength = length;
    jump = farNext;
    farNext = false;
  }

  private void describe(FileStatus of, byte[] target) {
    path();
    status = of;
    record.plain();
    record.status(of);
    record.target = target;
  }

  /** An entry of which nothing is known; false when there is none. */
  private boolean lose(Unread lost) {
    name = lost.name();
    boolean itself = name.length == 0;
    boolean aWay = false;
    for (byte each : name) {
      aWay |= each == '/';
    }
    path();
    byte[] path = record.pathBytes();
    if (lost.gone()) {
      findings.vanished(itself ? part.path() : path);
      return false;
    }
    String problem = IoFailure.reason(lost.failure());
    findings.unread(itself ? part.path() : path, problem);
    if (aWay || path.length == 0) {
      return false;
    }
    status = null;
    record.plain();
    record.type = TreeRecord.Type.UNKNOWN;
    record.attributes = UNKNOWN;
    record.modifiedSeconds = 0;
    record.modifiedNanos = 0;
    record.changedSeconds = 0;
    record.changedNanos = 0;
    record.inode = 0;
    record.state = TreeRecord.State.UNREAD;
    record.problem = problem;
    return true;
  }

  @Override
  public void close() {
    if (part != null) {
      part.release();
      part = null;
    }
  }
}
