package blksh.block;

import blksh.BlkshException;
import blksh.io.FileClaim;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.Posix;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Optional;

/**
 * Where an open file has holes. Asks the kernel one extent at a time; where it cannot, everything
 * is data. What was cut off the file since it was opened counts as data, so that reading it fails
 * instead of yielding zeros.
 */
final class Holes implements Closeable {

  private static final int NONE = -1;

  private final OpenFile file;
  private Optional<Posix> posix = Optional.empty();
  private int descriptor = NONE;
  private boolean opened;
  private boolean closed;

  Holes(OpenFile file) {
    this.file = file;
  }

  /** The extents of {@code [from, to)}, which must lie inside the file. */
  Iterator<Extent> extents(long from, long to) {
    return ExtentWalk.of(from, to, at -> extentAt(at, to));
  }

  private synchronized Extent extentAt(long at, long to) {
    long data = firstData(at, to);
    return data > at
        ? new Extent(at, Math.min(data, to) - at, Extent.Kind.ZERO)
        : new Extent(at, firstHole(at, to) - at, Extent.Kind.DATA);
  }

  private long firstData(long at, long to) {
    if (!open()) {
      return at;
    }
    long found = posix.get().seek(descriptor, at, Posix.SEEK_DATA);
    if (found == -Posix.ENXIO) {
      long end = posix.get().seek(descriptor, 0, Posix.SEEK_END);
      return end >= file.size() ? to : Math.max(at, end);
    }
    return found < 0 ? at : found;
  }

  private long firstHole(long at, long to) {
    if (!open()) {
      return to;
    }
    long found = posix.get().seek(descriptor, at, Posix.SEEK_HOLE);
    return found <= at ? to : Math.min(found, to);
  }

  /** Opens a descriptor of the very same file on first use. */
  private boolean open() {
    if (closed) {
      throw new BlkshException("read the extents of " + file.path(), "it was closed");
    }
    if (!opened) {
      opened = true;
      posix = Posix.instance();
      descriptor = posix.map(calls -> calls.open(file.path())).orElse(NONE);
      if (descriptor >= 0 && !isSameFile(descriptor)) {
        posix.get().close(descriptor);
        descriptor = NONE;
      }
    }
    return descriptor >= 0;
  }

  private boolean isSameFile(int descriptor) {
    try {
      Path link = Path.of("/proc/self/fd", Integer.toString(descriptor));
      return file.key().equals(Files.readAttributes(link, BasicFileAttributes.class).fileKey());
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (descriptor >= 0) {
      int open = descriptor;
      descriptor = NONE;
      try {
        FileClaim.close(file.key(), () -> posix.get().close(open));
      } catch (IOException e) {
        throw IoFailure.told("close " + file.path(), e);
      }
    }
  }
}
