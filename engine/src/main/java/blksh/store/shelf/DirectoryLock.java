package blksh.store.shelf;

import blksh.BlkshException;
import blksh.io.Checksum;
import blksh.io.FileClaim;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.task.Waiting;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who uses a store: the system's locks on its file {@code lock}, so that a process that dies leaves
 * none behind.
 *
 * <p>Byte 0 is held shared by everybody who has the store open, and exclusively by repair. Bytes 1
 * to 3 are held exclusively for moments: 1 to number and publish a manifest, 2 to change the page
 * index, 3 to rely on a pack or to replace one; 4 for as long as a compaction lasts. From {@link
 * #USES} on there is a byte for each thing that may be in use. The locks belong to the process, so
 * one channel per store serves the whole process and threads queue for bytes 1 to 4 among
 * themselves first. Whoever waits for any of them can be stopped.
 *
 * <p>A store on a read-only medium is used without locks: nobody can change it. Who may only read
 * it keeps repair away, and nothing else.
 */
final class DirectoryLock implements Exclusion {

  static final String FILE = "lock";

  /**
   * Where the bytes of things in use begin; each is as far behind it as its name's CRC-32C says.
   */
  private static final long USES = 1L << 32;

  /**
   * File systems of a device, of memory, or over others of this machine, that only it has mounted.
   */
  private static final Set<String> LOCAL =
      Set.of(
          "apfs",
          "aufs",
          "bcachefs",
          "btrfs",
          "cryfs",
          "ecryptfs",
          "encfs",
          "exfat",
          "ext2",
          "ext3",
          "ext4",
          "f2fs",
          "fuse-overlayfs",
          "fuseblk",
          "gocryptfs",
          "hfs",
          "hfsplus",
          "jfs",
          "mergerfs",
          "mhddfs",
          "msdos",
          "nilfs2",
          "ntfs",
          "ntfs3",
          "ntfs-3g",
          "overlay",
          "ramfs",
          "reiserfs",
          "shfs",
          "tmpfs",
          "unionfs",
          "vfat",
          "xfs",
          "zfs");

  private static final long PUBLISHING = 1;
  private static final long INDEXING = 2;
  private static final long RELYING = 3;
  private static final long COMPACTING = 4;

  private static final String WRITES = "waiting for whoever writes to the store";
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
  private final ReentrantLock relying = new ReentrantLock();
  private final ReentrantLock compacting = new ReentrantLock();

  /** What is in use in this process, by its byte. Guards itself. */
  private final Map<Long, Use> uses = new HashMap<>();

  /**
   * The system's lock on a thing in use, and how many in this process use it; none while this
   * process makes sure that nobody does.
   */
  private static final class Use {
    private final FileLock held;
    private int count;

    Use(FileLock held) {
      this.held = held;
    }
  }

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
    return exclusively(publishing, PUBLISHING, WRITES, action);
  }

  @Override
  public <T> T indexing(Action<T> action) {
    return exclusively(indexing, INDEXING, WRITES, action);
  }

  @Override
  public <T> T relying(Action<T> action) {
    return exclusively(relying, RELYING, WRITES, action);
  }

  @Override
  public <T> T compacting(Action<T> action) {
    if (!changeable) {
      throw new BlkshException("compact store " + path.getParent(), "it is read-only");
    }
    return exclusively(compacting, COMPACTING, "waiting for another compaction", action);
  }

  @Override
  public boolean reachesOthers() {
    try {
      return isRemote(Files.getFileStore(path.getParent()).type());
    } catch (IOException e) {
      return true; // it may be
    }
  }

  /**
   * Whether other machines may have a file system of a type mounted as well, each with what it
   * keeps in memory of it: any that is not known here may be.
   */
  static boolean isRemote(String type) {
    String kind = type.startsWith("fuse.") ? type.substring("fuse.".length()) : type;
    return !LOCAL.contains(kind);
  }

  @Override
  public boolean unlessCompacting(Action<?> action) {
    try {
      synchronized (uses) {
        if (!changeable || compacting.isLocked() || !useNow(COMPACTING)) {
          return false;
        }
      }
      try {
        action.run();
        return true;
      } finally {
        useNoMore(COMPACTING);
      }
    } catch (IOException e) {
      throw new BlkshException("change store " + path.getParent(), IoFailure.reason(e), e);
    }
  }

  // ---- what is in use ------------------------------------------------------------------------

  private static long placeOf(String what) {
    byte[] name = what.getBytes(StandardCharsets.UTF_8);
    return USES + (Checksum.of(name, 0, name.length) & 0xFFFFFFFFL);
  }

  @Override
  public Closeable using(String what) {
    long place = placeOf(what);
    String action = "use store " + path.getParent();
    try (Waiting waiting = new Waiting(action, "waiting for a compaction")) {
      while (file != null && !useNow(place)) {
        waiting.turn();
      }
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
    AtomicBoolean ended = new AtomicBoolean(file == null);
    return () -> {
      if (ended.compareAndSet(false, true)) {
        useNoMore(place);
      }
    };
  }

  /** False while somebody makes sure that nobody uses it. */
  private boolean useNow(long place) throws IOException {
    synchronized (uses) {
      Use use = uses.get(place);
      if (use == null) {
        FileLock held = file.tryLock(place, 1, true);
        if (held == null) {
          return false;
        }
        use = new Use(held);
        uses.put(place, use);
      } else if (use.count == 0) {
        return false;
      }
      use.count++;
      return true;
    }
  }

  private void useNoMore(long place) throws IOException {
    synchronized (uses) {
      Use use = uses.get(place);
      if (--use.count == 0) {
        uses.remove(place);
        if (use.held.isValid()) {
          use.held.release();
        }
      }
    }
  }

  @Override
  public boolean unlessUsed(String what, Action<?> action) {
    long place = placeOf(what);
    try (FileLock held = barNow(place)) {
      if (held == null) {
        return false;
      }
      action.run();
      return true;
    } catch (IOException e) {
      throw new BlkshException("change store " + path.getParent(), IoFailure.reason(e), e);
    } finally {
      barNoMore(place);
    }
  }

  /** Has nobody begin to use a thing; null when somebody does. */
  private FileLock barNow(long place) throws IOException {
    synchronized (uses) {
      if (!changeable || uses.containsKey(place)) {
        return null;
      }
      FileLock held = file.tryLock(place, 1, false);
      if (held != null) {
        uses.put(place, new Use(held));
      }
      return held;
    }
  }

  private void barNoMore(long place) {
    synchronized (uses) {
      Use bar = uses.get(place);
      if (bar != null && bar.count == 0 && !bar.held.isValid()) {
        uses.remove(place);
      }
    }
  }

  // ---- one at a time -------------------------------------------------------------------------

  private <T> T exclusively(ReentrantLock threads, long position, String phase, Action<T> action) {
    String what = "change store " + path.getParent();
    try (Waiting waiting = new Waiting(what, phase)) {
      waiting.take(threads);
      try {
        if (!changeable || threads.getHoldCount() > 1) {
          return action.run();
        }
        mustBeHere();
        try (FileLock held = lock(position, waiting)) {
          if (!held.isValid()) {
            throw new IOException("its lock was lost");
          }
          return action.run();
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
      synchronized (uses) {
        FileLock held = uses.containsKey(position) ? null : file.tryLock(position, 1, false);
        if (held != null) {
          return held;
        }
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
