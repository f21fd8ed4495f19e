package blksh.block;

import blksh.BlkshException;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import blksh.io.Posix;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A block device read past the page cache, for media that fail: one bad sector takes no neighbours
 * with it, and nothing is read but what was asked for. Otherwise as {@link DeviceSource}.
 */
public final class DirectSource implements BlockSource {

  /** What is read at once, and lost at once: as much as ddrescue reads. */
  private static final int CHUNK = 64 << 10;

  private static final int ALIGNMENT = 4096;

  private final DeviceSource device;
  private final Path path;
  private final Posix posix;
  private final int descriptor;
  private final MediaSlot slot;
  private final Optional<String> medium;

  /** Held for writing to close: a descriptor that is in use must not become another file's. */
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  private boolean closed;

  private DirectSource(DeviceSource device, Path path, Posix posix, int descriptor) {
    this.device = device;
    this.path = path;
    this.posix = posix;
    this.descriptor = descriptor;
    this.slot = MediaSlot.at(path);
    this.medium = slot.medium();
  }

  /**
   * Opens a device so; in the ordinary way where the system or the device does not allow it.
   *
   * @throws BlkshException as {@link DeviceSource#open}
   */
  public static BlockSource open(Path path) {
    DeviceSource device = DeviceSource.open(path);
    Posix posix = Posix.instance().orElse(null);
    int descriptor = posix == null ? -1 : posix.openDirect(path.toAbsolutePath());
    return descriptor < 0 ? device : new DirectSource(device, path, posix, descriptor);
  }

  @Override
  public long size() {
    return device.size();
  }

  @Override
  public int sectorSize() {
    return device.sectorSize();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    int sector = sectorSize();
    try (DirectBuffer memory = DirectBuffer.borrow(CHUNK + ALIGNMENT)) {
      ByteBuffer buffer = memory.bytes().alignedSlice(ALIGNMENT);
      long at = position;
      while (at < end) {
        long start = at / sector * sector;
        long to = Math.min((start / CHUNK + 1) * CHUNK, (end + sector - 1) / sector * sector);
        buffer.clear().limit((int) (Math.min(to, size()) - start));
        int count = transfer(start, buffer);
        long reached = count < 0 ? start : start + count;
        if (reached <= at) {
          throw unreadable(at, end - at, problem(count));
        }
        int wanted = (int) (Math.min(reached, end) - at);
        target.put(target.position(), buffer, (int) (at - start), wanted);
        target.position(target.position() + wanted);
        at += wanted;
      }
      return (int) Math.max(0, end - position);
    }
  }

  /** A medium that was taken out fails to read too, and there the error is not the sector's. */
  private UnreadableException unreadable(long start, long length, String problem) {
    Optional<String> now = slot.medium();
    if (now.equals(medium)) {
      return new UnreadableException(path.toString(), start, length, problem, null);
    }
    String what = now.isPresent() ? "another medium was put in" : IoFailure.text(Posix.ENOMEDIUM);
    return new MediumGoneException(path.toString(), start, length, what, null);
  }

  private int transfer(long position, ByteBuffer buffer) {
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException("read " + path);
      }
      use.readLock().lock();
      try {
        if (closed) {
          throw new BlkshException("read " + path, "it was closed");
        }
        int count = posix.read(descriptor, position, buffer);
        if (count != -Posix.EINTR) {
          return count;
        }
      } finally {
        use.readLock().unlock();
      }
    }
  }

  private static String problem(int count) {
    return count == 0 ? "it ends too early" : IoFailure.text(-count);
  }

  @Override
  public SourceInfo describe() {
    return device.describe();
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        posix.close(descriptor);
      }
    } finally {
      use.writeLock().unlock();
    }
    device.close();
  }
}
