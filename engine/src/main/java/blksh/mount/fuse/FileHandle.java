package blksh.mount.fuse;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.WritableSource;
import blksh.io.UnreadableException;
import blksh.mount.MountFile;
import java.nio.ByteBuffer;
import java.util.Iterator;
import ru.serce.jnrfuse.ErrorCodes;

/**
 * A file as one client has it open.
 *
 * @param ahead null where nothing is read ahead
 */
record FileHandle(SharedFile shared, BlockSource source, PrefetchingReader ahead) {

  /** As lseek(2) has them. */
  private static final int SEEK_DATA = 3;

  private static final int SEEK_HOLE = 4;

  /** As fallocate(2) has them. */
  private static final int FALLOC_KEEP_SIZE = 1;

  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FALLOC_ZERO_RANGE = 16;

  MountFile file() {
    return shared.file();
  }

  /**
   * Exactly what is unreadable fails. A client gets what is before it; the page cache, which takes
   * a short answer for the end of the file, gets an error and asks again for each page alone.
   *
   * @param directIo whether a client asks, not the page cache
   * @return bytes read
   */
  int read(long offset, ByteBuffer target, boolean directIo) {
    int size = target.remaining();
    try {
      return ahead != null ? ahead.read(offset, target) : source.read(offset, target);
    } catch (UnreadableException e) {
      if (!directIo || e.start() <= offset || e.start() >= offset + size) {
        throw e;
      }
      return (int) (e.start() - offset);
    }
  }

  /**
   * Finds data or a hole.
   *
   * @param whence as lseek(2) has it
   */
  long seek(long offset, int whence) throws Refusal {
    long size = source.size();
    if (whence != SEEK_DATA && whence != SEEK_HOLE) {
      throw new Refusal(ErrorCodes.EINVAL());
    }
    if (offset < 0 || offset >= size) {
      throw new Refusal(ErrorCodes.ENXIO());
    }
    Iterator<Extent> extents = source.extents(offset, size - offset);
    while (extents.hasNext()) {
      Extent extent = extents.next();
      if (extent.kind().readsAsZeros() == (whence == SEEK_HOLE)) {
        return extent.start();
      }
    }
    if (whence == SEEK_DATA) {
      throw new Refusal(ErrorCodes.ENXIO());
    }
    return size;
  }

  /** How many of so many bytes can be written at a position. */
  int room(long offset, long size) throws Refusal {
    long room = writable().size() - offset;
    if (room <= 0) {
      throw new Refusal(ErrorCodes.ENOSPC());
    }
    return (int) Math.min(size, room);
  }

  void write(long offset, ByteBuffer bytes) throws Refusal {
    writable().write(offset, bytes);
  }

  /**
   * Makes a range read as zeros, or sees that there is room for it.
   *
   * @param mode as fallocate(2) has it
   */
  void allocate(int mode, long offset, long length) throws Refusal {
    WritableSource target = writable();
    int what = mode & ~FALLOC_KEEP_SIZE;
    if (offset < 0 || length <= 0 || offset > target.size() - length) {
      throw new Refusal(ErrorCodes.EFBIG());
    }
    if (what == FALLOC_PUNCH_HOLE || what == FALLOC_ZERO_RANGE) {
      target.zero(offset, length);
    } else if (what != 0) {
      throw new Refusal(ErrorCodes.EOPNOTSUPP());
    }
  }

  private WritableSource writable() throws Refusal {
    if (!(source instanceof WritableSource target)) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    return target;
  }

  /** Makes durable what was written. */
  void sync() {
    if (source instanceof WritableSource target) {
      target.sync();
    }
  }

  /** Ends reading ahead; the source is let go of with the shared file. */
  void close() {
    if (ahead != null) {
      ahead.close();
    }
  }
}
