package blksh.snapshot;

import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.SystemCallException;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads files whose status is the same before and after, again when it is not, and tells what never
 * settled.
 */
final class FileReading {

  /** How often one is read at most. */
  static final int TRIES = 3;

  private final Findings findings;
  private final PageSize pageSize;

  /**
   * @param pageSize of the image that what is read goes into
   */
  FileReading(Findings findings, PageSize pageSize) {
    this.findings = findings;
    this.pageSize = pageSize;
  }

  PageSize pageSize() {
    return pageSize;
  }

  /** Opens the file of an entry; null when there is none that could be read, which is noted. */
  EntryFile open(NewEntry entry) {
    try {
      EntryFile file = entry.part.handle().open(entry.name);
      try {
        FileStatus status = file.status();
        if (status.isRegular()) {
          entry.status = status;
          return file;
        }
        lose(entry, "it became something else than a file before it was read");
      } catch (IOException e) {
        lose(entry, IoFailure.reason(e));
      }
      file.close();
    } catch (SystemCallException e) {
      if (e.number() == SystemCallException.ENOENT) {
        entry.gone = true;
        findings.vanished(entry.record.pathBytes());
      } else {
        lose(entry, IoFailure.reason(e));
      }
    } catch (IOException e) {
      lose(entry, IoFailure.reason(e));
    }
    return null;
  }

  /** The contents of an entry are missing. */
  void lose(NewEntry entry, String problem) {
    entry.record.state = TreeRecord.State.UNREAD;
    entry.record.problem = problem;
    findings.unread(entry.record.pathBytes(), problem);
  }

  /** The contents of an entry may be of several instants. */
  void unsettle(NewEntry entry) {
    entry.record.state = TreeRecord.State.UNSETTLED;
    entry.record.problem = "it changed each time while it was read";
    findings.unsettled(entry.record.pathBytes());
  }

  /** Waits until a change of a file would show. */
  static void settle(FileStatus status) {
    long nanos = FileClock.settlesIn(status);
    if (nanos > 0) {
      LockSupport.parkNanos(nanos);
    }
  }

  /** What a file says of itself goes into its record. */
  static void describe(NewEntry entry, EntryFile file) throws IOException {
    FileStatus status = entry.status;
    entry.record.status(status);
    entry.record.attributes =
        new EntryAttributes(
            status.mode(), status.uid(), status.gid(), status.device(), file.attributes());
  }

  /**
   * Reads all of a small file into its pages, and what is left of them is zeros.
   *
   * @param bytes a direct buffer
   * @param from where its pages begin
   */
  void readWhole(NewEntry entry, ByteBuffer bytes, int from, int pages) {
    int room = pageSize.at(pages);
    int length = 0;
    try (EntryFile file = open(entry)) {
      if (file != null) {
        length = readSettled(entry, file, bytes.slice(from, room));
      }
    } finally {
      if (!entry.again) {
        entry.release();
      }
    }
    zeros(bytes, from + length, from + room);
  }

  private int readSettled(NewEntry entry, EntryFile file, ByteBuffer to) {
    try {
      int length = 0;
      for (int i = 0; i < TRIES; i++) {
        FileStatus before = file.status();
        if (before.size() > to.capacity()) {
          entry.again = true;
          return 0;
        }
        entry.status = before;
        settle(before);
        to.position(0).limit((int) before.size());
        length = file.read(0, to);
        FileStatus after = file.status();
        if (length == before.size() && after.isUnchanged(before)) {
          describe(entry, file);
          return length;
        }
      }
      describe(entry, file);
      unsettle(entry);
      return length;
    } catch (IOException e) {
      lose(entry, IoFailure.reason(e));
      return 0;
    }
  }

  static void zeros(ByteBuffer bytes, int from, int to) {
    for (int at = from; at < to; at += Page.ZEROS.length) {
      bytes.put(at, Page.ZEROS, 0, Math.min(Page.ZEROS.length, to - at));
    }
  }
}
