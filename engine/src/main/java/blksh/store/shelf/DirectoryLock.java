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
 * threads queue for bytes 1 and 2 among themselves first. Whoever waits for any of them can be
 * stopped.
 *
 * <p>A store on a read-only medium is used without locks: nobody can change it. Who may only read
 * it keeps repair away, and nothing else.
 */
final class DirectoryLock implements Exclusion {

  static final String FILE = "lock";

  private static final String REPAIRED = "waiting until it is repaired";

  private final Path path;
  private FileClaim claim;

  /** Null where there is nothing to lock. */
  private OpenFile file;

  /** Whether this user may change anything. */
  private boolean changeable;

  /** Whether somebody else may be repairing it, as this process did not wait. */
  private volatile boolean lost;

  private FileLock use;
  private int users;
  private boolean repairing;
  private final ReentrantLock publishing = new ReentrantLock();
  private final ReentrantLock indexing = new ReentrantLock();

  private DirectoryLock(Path path) {
    this.path = path;
  }

  /**
   * Takes the shared lock of a store; waits while a repair is running.
   *
   * @throws blksh.task.CancelledException when asked to stop meanwhile
   */
  static DirectoryLock share(Path store) {
    String what = "open store " + store;
    try (Waiting waiting = new Waiting(what, REPAIRED)) {
      Path path = store.toRealPath().resolve(FILE);
      DirectoryLock lock = shareNow(path);
      while (lock == null) {
        waiting.turn();
        lock = shareNow(path);
      }
      return lock;
    } catch (IOException e) {
      throw new BlkshException(what, IoFailure.reason(e), e);
    }
  }

  /** Null while a repair is running. */
  private static DirectoryLock shareNow(Path path) throws IOException {
    synchronized (DirectoryLock.class) {
      Object holder = FileClaim.holder(path);
      DirectoryLock lock = holder instanceof DirectoryLock known ? known : open(path);
      return lock != null && lock.useNow() ? lock : null;
    }
  }

  private boolean useNow() {
    synchronized (DirectoryLock.class) {
      if (lost) {
        throw new BlkshException("use store " + path.getParent(), "its lock was lost")
            .suggest("open it again");
      }
      users += repairing ? 0 : 1;
      return !repairing;
    }
  }

  @Override
  public DirectoryLock again() {
    try (Waiting waiting = new Waiting("use store " + path.getParent(), REPAIRED)) {
      while (!useNow()) {
        waiting.turn();
      }
      return this;
    }
  }

  /** Null while another process repairs. */
  private static DirectoryLock open(Path path) throws IOException {
    DirectoryLock lock = new DirectoryLock(path);
    lock.claim = FileClaim.take(path, lock);
    if (lock.claim == null) {
      throw new IOException("its lock is used as another file");
    }
    boolean taken = false;
    try {
      taken = lock.take();
      return taken ? lock : null;
    } finally {
      if (!taken) {
        lock.letGo();
      }
    }
  }

  private boolean take() throws IOException {
    changeable =
        Files.isWritable(path) || !Files.exists(path) && Files.isWritable(path.getParent());
    if (changeable || Files.isReadable(path)) {
      OpenFile.Use how = changeable ? OpenFile.Use.CREATE_PLAIN : OpenFile.Use.READ_PLAIN;
      file = OpenFile.open(path, how, OpenFile.WhenInterrupted.FINISH);
      use = file.tryLock(0, 1, true);
      return use != null;
    }
    return true;
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
        if (!changeable || threads.getHoldCount() > 1) {
          return action.run();
        }
        mustBeHere();
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

  /** That its path still leads to the store that was opened. */
  private void mustBeHere() throws IOException {
    if (!FileClaim.isInode(path, file.key())) {
      throw new IOException("it is not there any more: was its drive unmounted?");
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
      if (!changeable) {
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
        shareAgain();
      }
    } catch (IOException e) {
      throw new BlkshException("repair store " + path.getParent(), IoFailure.reason(e), e);
    } finally {
      synchronized (DirectoryLock.class) {
        repairing = false;
      }
    }
  }

  /** Another may have begun a repair at once: who does not wait for it has the store no more. */
  private void shareAgain() throws IOException {
    String what = "use store " + path.getParent();
    lost = true;
    try (Waiting waiting = new Waiting(what, REPAIRED)) {
      for (use = file.tryLock(0, 1, true); use == null; use = file.tryLock(0, 1, true)) {
        waiting.turn();
      }
      lost = false;
    }
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
