package blksh.mount.fuse;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.MountTable;
import blksh.mount.Ending;
import blksh.mount.MountDirectory;
import blksh.mount.Traffic;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A tree mounted on a directory, served by threads of this process. It ends when it is unmounted,
 * by whoever; at the latest when the process does, however that ends but by SIGKILL.
 */
public final class FuseMount implements Closeable {

  /** Bytes of the largest write, and of the reads that are best. */
  static final int LARGEST_REQUEST = 128 << 10;

  /** Threads that wait for requests at the same time; each has a buffer for one. */
  private static final int MOST_THREADS = 32;

  private static final int EINTR = -4;
  private static final int EAGAIN = -11;
  private static final int PATIENCE_SECONDS = 10;

  private final Path path;
  private final boolean madeDirectory;
  private final FuseLibrary library;
  private final TreeFileSystem files;
  private final FuseRequests requests;
  private final long channel;
  private final long fuse;
  private final long session;
  private final AtomicInteger threads = new AtomicInteger();
  private final AtomicInteger idle = new AtomicInteger();
  private final AtomicInteger started = new AtomicInteger();
  private final Ending ending = new Ending(this::unmountAtExit, "blksh-unmount");

  private FuseMount(
      Path path, boolean madeDirectory, FuseLibrary library, TreeFileSystem files, long fuse) {
    this.path = path;
    this.madeDirectory = madeDirectory;
    this.library = library;
    this.files = files;
    this.fuse = fuse;
    this.session = library.session(fuse);
    this.channel = library.channel(session);
    this.requests = new FuseRequests(library, files, library.descriptor(channel));
  }

  /**
   * Mounts a tree.
   *
   * @param directory an empty directory, or one to be made (and removed afterwards)
   * @throws BlkshException when it cannot be mounted there; when a part of FUSE is missing it names
   *     the package
   */
  public static FuseMount mount(Path directory, MountDirectory root, MountOptions options) {
    FuseLibrary library = FuseLibrary.load();
    String action = "mount on " + directory;
    boolean made = prepare(directory, action);
    Path path;
    try {
      path = directory.toRealPath();
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    TreeFileSystem files = new TreeFileSystem(root, !options.pageCache());
    List<String> settings = new ArrayList<>();
    settings.add("fsname=" + new MountServer().name());
    settings.add("subtype=blksh");
    settings.add("default_permissions");
    settings.add("big_writes");
    settings.add("max_read=" + FuseRequests.LARGEST_READ);
    settings.add("max_write=" + LARGEST_REQUEST);
    if (!options.writable()) {
      settings.add("ro");
    }
    if (options.allowOther()) {
      settings.add("allow_other");
    }
    String[] words = {"blksh", "-f", "-o", String.join(",", settings), path.toString()};
    long fuse = library.setup(files.operations(), words);
    if (fuse == 0) {
      removeDirectory(path, made);
      throw new BlkshException(action, "the kernel or fusermount refused it")
          .suggest(
              options.allowOther()
                  ? "see that /etc/fuse.conf has user_allow_other, or mount as root"
                  : "see that the directory belongs to you, or mount as root");
    }
    FuseMount mount = new FuseMount(path, made, library, files, fuse);
    mount.start();
    return mount;
  }

  /** Whether the directory was made. */
  private static boolean prepare(Path directory, String action) {
    try {
      if (Files.exists(directory) && !Files.isDirectory(directory)) {
        throw new BlkshException(action, "it is no directory");
      }
      boolean made = false;
      if (!Files.exists(directory)) {
        try {
          Files.createDirectories(directory);
          made = true;
        } catch (FileSystemException e) {
          refuseDead(directory, action); // what a dead mount left does not exist
          throw e;
        }
      }
      refuseDead(directory, action);
      if (MountTable.readIfAny().at(directory.toRealPath()).isPresent()) {
        throw new BlkshException(action, "something is mounted there already")
            .suggest("unmount it first, or choose another directory");
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        if (entries.iterator().hasNext()) {
          throw new BlkshException(action, "the directory is not empty")
              .suggest("choose an empty one, or one that does not exist");
        }
      }
      return made;
    } catch (NoSuchFileException e) {
      throw new BlkshException(action, "there is no such directory", e);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private static void refuseDead(Path directory, String action) {
    if (SystemMounts.isDead(directory)) {
      throw new BlkshException(action, "a mount that has no process any more is in the way")
          .suggest("blksh run mounts --prune cleans it away, or fusermount -u " + directory);
    }
  }

  private static void removeDirectory(Path path, boolean made) {
    if (made) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        // somebody put something there
      }
    }
  }

  private void start() {
    threads.incrementAndGet();
    startThread();
  }

  private void startThread() {
    idle.incrementAndGet();
    Thread thread =
        new Thread(
            this::serve, "blksh-mount-" + path.getFileName() + "-" + started.incrementAndGet());
    thread.setDaemon(true);
    thread.start();
  }

  /** Receives and answers requests. There is always a thread that waits for the next one. */
  private void serve() {
    Runtime runtime = Runtime.getSystemRuntime();
    int size = library.bufferSize(channel);
    Pointer buffer = Memory.allocateDirect(runtime, size);
    Pointer cell = Memory.allocateDirect(runtime, runtime.addressSize());
    ByteBuffer answer = FuseRequests.answerBuffer();
    try {
      while (!library.hasExited(session)) {
        cell.putAddress(0, channel);
        int length = library.receive(cell, buffer, size);
        if (length == EINTR || length == EAGAIN) {
          continue;
        }
        if (length <= 0) {
          break;
        }
        if (idle.decrementAndGet() == 0) {
          startAnother();
        }
        if (FuseRequests.isFirst(buffer)) {
          requests.agree(session, buffer, length);
        } else if (!requests.answer(buffer, answer)) {
          library.process(session, buffer, length, channel);
        }
        idle.incrementAndGet();
      }
    } finally {
      if (threads.decrementAndGet() == 0) {
        end();
      }
    }
  }

  private void startAnother() {
    int count = threads.get();
    while (count > 0 && count < MOST_THREADS) {
      if (threads.compareAndSet(count, count + 1)) {
        startThread();
        return;
      }
      count = threads.get();
    }
  }

  /** After the last thread: nothing can be asked any more. */
  private void end() {
    library.unmount(path, channel);
    library.destroy(fuse);
    files.close();
    removeDirectory(path, madeDirectory);
    ending.end();
  }

  /** The directory it is mounted on, absolute and without links. */
  public Path path() {
    return path;
  }

  /** What it served so far. */
  public Traffic traffic() {
    return files.traffic();
  }

  /** Who uses it now, as far as this user may see. */
  public List<Holder> holders() {
    return Holder.of(path);
  }

  /** Whether it ended: nobody can use it any more, and its sources are released. */
  public boolean ended() {
    return ending.ended();
  }

  /** Waits until it has ended. */
  public void awaitEnd() throws InterruptedException {
    ending.await();
  }

  /** Runs an action when it has ended, at once if it already has; it counts as part of ending. */
  public void whenEnded(Runnable action) {
    ending.whenEnded(action);
  }

  /**
   * Takes it away. When it is busy it vanishes from the directory all the same, and goes on serving
   * those who use it until they are done.
   *
   * @return who still uses it
   * @throws BlkshException when it cannot be unmounted
   */
  public List<Holder> unmount() {
    if (ended()) {
      return List.of();
    }
    List<Holder> holders = SystemMounts.unmount(path);
    if (holders.isEmpty()) {
      ending.awaitUninterrupted(PATIENCE_SECONDS);
    }
    return holders;
  }

  private void unmountAtExit() {
    try {
      if (!unmount().isEmpty()) {
        files.sync();
      }
    } catch (BlkshException e) {
      // nobody is left to be told; the next prune finds it
    }
  }

  /** Unmounts it. */
  @Override
  public void close() {
    unmount();
  }
}
