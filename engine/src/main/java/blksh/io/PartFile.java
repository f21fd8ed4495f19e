package blksh.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A file on its way to its name. Its writer holds it locked; the system drops the lock with the
 * process, which tells a dead writer's file from a living one's.
 *
 * <p>Order of durability: contents, fsync, rename, fsync of the directory. What has the final name
 * is whole.
 */
public final class PartFile {

  /** What the name of a part ends with. */
  public static final String ENDING = ".part";

  private static final long LOOK_NANOS = 1_000_000;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /**
   * The parts this process has open. The system drops a process's locks on a file when the process
   * closes any channel to it, so nobody here may even open another's part to try its lock.
   */
  private static final Set<Path> OPEN_HERE = ConcurrentHashMap.newKeySet();

  private final Path path;

  /** What it is known by in {@link #OPEN_HERE}, whichever way its path goes. */
  private final Path key;

  private final FileChannel channel;

  private PartFile(Path path, Path key, FileChannel channel) {
    this.path = path;
    this.key = key;
    this.channel = channel;
  }

  /**
   * Makes a new, empty part. Whoever looks for dead writers' parts may lock it in the instant
   * before its maker does; he removes it then, as it is empty, and it is made again.
   */
  public static PartFile create(Path path) throws IOException {
    PartFile part = open(path, true);
    for (long end = System.nanoTime() + PATIENCE_NANOS; part == null; ) {
      if (System.nanoTime() > end) {
        throw new IOException(path + " is being written by somebody else");
      }
      LockSupport.parkNanos(LOOK_NANOS);
      try {
        part = open(path, true);
      } catch (FileAlreadyExistsException e) {
        continue; // not removed yet
      }
    }
    return part;
  }

  /** Takes over the part of a dead writer; null when its writer lives or it is gone. */
  public static PartFile takeOver(Path path) throws IOException {
    try {
      return open(path, false);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static PartFile open(Path path, boolean fresh) throws IOException {
    Path absolute = path.toAbsolutePath();
    Path key = absolute.getParent().toRealPath().resolve(absolute.getFileName());
    if (!OPEN_HERE.add(key)) {
      return null;
    }
    FileChannel channel = null;
    PartFile part = null;
    try {
      Object inode = inode(path);
      channel =
          fresh
              ? FileChannel.open(
                  path,
                  StandardOpenOption.CREATE_NEW,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE)
              : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      // Between another's rename and our lock the file may have got its name, and perhaps another
      // file the name of the part: then what is locked is no part.
      inode = fresh ? inode(path) : inode;
      if (channel.tryLock() != null && inode != null && inode.equals(inode(path))) {
        part = new PartFile(path, key, channel);
      }
      return part;
    } finally {
      if (part == null) {
        OPEN_HERE.remove(key);
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  /** Device and inode number of what has a name, or null; asked without opening it. */
  private static Object inode(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  public Path path() {
    return path;
  }

  /** To write its contents to; not to be closed but by what ends it. */
  public FileChannel channel() {
    return channel;
  }

  /** Makes the contents durable under their name, in place of what had it. */
  public void publish(Path name) throws IOException {
    channel.force(true);
    Files.move(path, name, StandardCopyOption.ATOMIC_MOVE);
    syncDirectory(name.getParent());
    close();
  }

  /** Removes the file. */
  public void discard() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // what is left is taken over by the next who finds it
    } finally {
      release();
    }
  }

  /** Leaves the file as it is, for somebody else to take over. */
  public void release() {
    try {
      close();
    } catch (IOException e) {
      // the system closes it with the process
    }
  }

  /** Makes the entries of a directory durable: what was renamed or removed in it stays so. */
  public static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private void close() throws IOException {
    channel.close();
    OPEN_HERE.remove(key);
  }
}
