package blksh.store.shelf;

import blksh.BlkshException;
import blksh.io.FileClaim;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.task.Waiting;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who uses a store: the system's locks on its file {@code lock}, so that a process that dies leaves
 * none behind.
 *
 * <p>Byte 0 is held shared by everybody who has the store open, and exclusively by repair. Bytes 1
 * and 2 are held exclusively for moments: 1 to number and publish a manifest, 2 to change the page
 * index. The locks belong to the process, so one channel per store serves the whole process and
 * threads queue for bytes 1 and 2 among themselves first. Whoever waits for them can be stopped.
 *
 * <p>A store on a read-only medium is used without locks: nobody can change it.
 */
final class DirectoryLock implements Exclusion {

  private final Path path;
  private FileClaim claim;

  /** Null where nobody can change anything. */
  private OpenFile file;

  private FileLock use;
  private int users;
  private boolean repairing;
  private final ReentrantLock publishing = new ReentrantLock();
  private final ReentrantLock indexing = new ReentrantLock();

  private DirectoryLock(Path path) {
    this.path = path;
  }

  /**
   * Takes the shared lock of a store.
   *
   * @throws BlkshException when a repair is running
   */
  static DirectoryLock share(Path store) {
    try {
      Path path = store.toRealPath().resolve("lock");
      synchronized (DirectoryLock.class) {
        Object holder = FileClaim.holder(path);
        return (holder instanceof DirectoryLock lock ? lock : open(path)).again();
      }
    } catch (IOException e) {
      throw new BlkshException("lock store " + store, IoFailure.reason(e), e);
    }
  }

  @Override
  public DirectoryLock again() {
    synchronized (DirectoryLock.class) {
      if (repairing) {
        throw beingRepaired();
      }
      users++;
      return this;
    }
  }

  private static DirectoryLock open(Path path) throws IOException {
    DirectoryLock lock = new DirectoryLock(path);
    lock.claim = FileClaim.take(path, lock);
    if (lock.claim == null) {
      throw new IOException("its lock is used as another file");
    }
    boolean taken = false;
    try {
      lock.take();
      taken = true;
      return lock;
    } finally {
      if (!taken) {
        lock.letGo();
      }
    }
  }

  private void take() throws IOException {
    if (Files.isWritable(path.getParent()) || Files.isWritable(path)) {
      file = OpenFile.open(path, OpenFile.Use.CREATE_PLAIN, OpenFile.WhenInterrupted.FINISH);
      use = file.tryLock(0, 1, true);
      if (use == null) {
        throw beingRepaired();
      }
    }
  }

  @Override
  public <T> T publishing(Action<T> action) {
    return exclusively(publishing, 1, action);
  }

  @Override
  public <T> T indexing(Action<T> action) {
    return exclusively(indexing, 2, action);
  }

  private <T> T exclusively(ReentrantLock threads, long position, Action<T> action) {
    String what = "change store " + path.getParent();
    try (Waiting waiting = new Waiting(what, "waiting for whoever writes to the store")) {
      waiting.take(threads);
      try {
        if (file == null || threads.getHoldCount() > 1) {
          return action.run();
        }
        try (FileLock held = lock(position, waiting)) {
          return held.isValid() ? action.run() : null;
        }
      } finally {
        threads.unlock();
      }
    } catch (IOException e) {
      throw new BlkshException(what, IoFailure.reason(e), e);
    }
  }

  /** Not by waiting in the system: an interrupt would close the channel, and nothing end it. */
  private FileLock lock(long position, Waiting waiting) throws IOException {
    while (true) {
      FileLock held = file.tryLock(position, 1, false);
      if (held != null) {
        return held;
      }
      waiting.turn();
    }
  }

  @Override
  public <T> T alone(Action<T> action) {
    synchronized (DirectoryLock.class) {
      if (file == null) {
        throw new BlkshException("repair store " + path.getParent(), "it is read-only");
      }
      if (users > 1 || repairing) {
        throw inUse("it is in use in this process");
      }
      repairing = true;
    }
    try {
      use.release();
      try (FileLock exclusive = file.tryLock(0, 1, false)) {
        if (exclusive == null) {
          throw inUse("it is in use by another process");
        }
        return action.run();
      } finally {
        use = file.lock(0, 1, true);
      }
    } catch (IOException e) {
      throw new BlkshException("repair store " + path.getParent(), IoFailure.reason(e), e);
    } finally {
      synchronized (DirectoryLock.class) {
        repairing = false;
      }
    }
  }

  private BlkshException beingRepaired() {
    return new BlkshException("open store " + path.getParent(), "it is being repaired")
        .suggest("try again when its reindex is done");
  }

  private BlkshException inUse(String who) {
    return new BlkshException("repair store " + path.getParent(), who)
        .suggest("let captures, restores and mounts of it end first");
  }

  /** Gives up one use; the last one in the process drops the lock. */
  @Override
  public void close() {
    synchronized (DirectoryLock.class) {
      if (--users == 0) {
        letGo();
      }
    }
  }

  private void letGo() {
    try {
      if (file != null) {
        file.close();
      }
    } catch (BlkshException e) {
      // the system drops the lock with the process
    } finally {
      claim.release();
    }
  }
}
