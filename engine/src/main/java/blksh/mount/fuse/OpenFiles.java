package blksh.mount.fuse;

import blksh.block.BlockSource;
import blksh.mount.MountFile;
import blksh.mount.TrafficMeter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import ru.serce.jnrfuse.ErrorCodes;

/**
 * The files that are open, by the handles the kernel knows them by. Each handle is one client's;
 * whoever opens a file more than once shares its source, which is closed after the last.
 */
final class OpenFiles {

  private final TrafficMeter traffic;
  private final PrefetchPool ahead = new PrefetchPool("blksh-mount");
  private final AtomicLong lastHandle = new AtomicLong();
  private final Map<Long, FileHandle> open = new ConcurrentHashMap<>();

  /** By path; guarded by itself, as the counts of users are. */
  private final Map<String, SharedFile> shared = new HashMap<>();

  OpenFiles(TrafficMeter traffic) {
    this.traffic = traffic;
  }

  /**
   * Opens a file.
   *
   * @return its handle
   * @throws blksh.BlkshException when its source cannot be opened
   */
  long open(String path, MountFile file) {
    SharedFile opened;
    synchronized (shared) {
      opened = shared.computeIfAbsent(path, absent -> new SharedFile(path, file));
      opened.users++;
    }
    BlockSource source;
    try {
      source = opened.source();
    } catch (RuntimeException | Error e) {
      letGo(opened);
      throw e;
    }
    long number = lastHandle.incrementAndGet();
    boolean prefetches = file.readsAhead() && !file.writable();
    open.put(
        number,
        new FileHandle(opened, source, prefetches ? new PrefetchingReader(source, ahead) : null));
    traffic.opened();
    return number;
  }

  /** The open file of a handle. */
  FileHandle get(long number) throws Refusal {
    FileHandle handle = open.get(number);
    if (handle == null) {
      throw new Refusal(ErrorCodes.EBADF());
    }
    return handle;
  }

  /** A client closes what it has open. */
  void release(long number) {
    FileHandle handle = open.remove(number);
    if (handle != null) {
      traffic.closed();
      handle.close();
      letGo(handle.shared());
    }
  }

  private void letGo(SharedFile file) {
    boolean last;
    synchronized (shared) {
      last = --file.users == 0;
      if (last) {
        shared.remove(file.path());
      }
    }
    if (last) {
      file.release();
    }
  }

  /** Makes durable whatever was written to files that are open. */
  void sync() {
    open.values().forEach(FileHandle::sync);
  }

  /** Lets go of everything, when no more requests can come. */
  void close() {
    for (Long number : open.keySet()) {
      try {
        release(number);
      } catch (RuntimeException e) {
        traffic.failed(e);
      }
    }
    ahead.close();
  }
}
