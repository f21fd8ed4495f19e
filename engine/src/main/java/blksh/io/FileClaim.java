package blksh.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * That one part of this process has a file, and no other part of it. The system's locks are between
 * processes only, and it drops those a process has on a file as soon as the process closes any
 * descriptor of that file. So a file is claimed here before it is opened to be locked; and what
 * others in the process have open of it meanwhile is not closed before the claim ends.
 *
 * <p>A file is known by its device and inode number, whichever way its path goes; and by its name
 * in its directory, as long as there is none.
 */
public final class FileClaim {

  /** By inode, and by name. Guarded by the class. */
  private static final Map<Object, FileClaim> HELD = new HashMap<>();

  private final Object holder;
  private final Path name;

  /** Null until there is a file. */
  private Object inode;

  /** Of the file, open for reading, and used by nobody now. */
  private final Deque<FileChannel> idle = new ArrayDeque<>();

  private final List<Closeable> leftOpen = new ArrayList<>();

  private FileClaim(Object holder, Path name, Object inode) {
    this.holder = holder;
    this.name = name;
    this.inode = inode;
  }

  /**
   * Claims a file, or a name that is to become one.
   *
   * @param holder whom {@link #holder} names
   * @return null when it is claimed already
   * @throws IOException when there is no such directory
   */
  public static FileClaim take(Path path, Object holder) throws IOException {
    Path name = nameOf(path);
    Object inode = inode(name);
    synchronized (FileClaim.class) {
      return of(name, inode) != null ? null : new FileClaim(holder, name, inode).enter();
    }
  }

  /** As {@link #take}, but waits until it is free; an interrupt does not end that, and stays. */
  static FileClaim await(Path path, Object holder) throws IOException {
    Path name = nameOf(path);
    boolean interrupted = false;
    synchronized (FileClaim.class) {
      Object inode = inode(name);
      while (of(name, inode) != null) {
        try {
          FileClaim.class.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
        inode = inode(name);
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return new FileClaim(holder, name, inode).enter();
    }
  }

  /** Whoever has claimed a file in this process, or null. */
  public static Object holder(Path path) throws IOException {
    Path name = nameOf(path);
    Object inode = inode(name);
    synchronized (FileClaim.class) {
      FileClaim claim = of(name, inode);
      return claim == null ? null : claim.holder;
    }
  }

  private static Path nameOf(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    try {
      return absolute.toRealPath();
    } catch (NoSuchFileException e) {
      return absolute.getParent().toRealPath().resolve(absolute.getFileName());
    }
  }

  private static FileClaim of(Path name, Object inode) {
    FileClaim known = inode == null ? null : HELD.get(inode);
    return known != null ? known : HELD.get(name);
  }

  private FileClaim enter() {
    HELD.put(name, this);
    if (inode != null) {
      HELD.put(inode, this);
    }
    return this;
  }

  /** Device and inode number of what has a name, or null; asked without opening it. */
  static Object inode(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Whether a path leads to the file of an {@link OpenFile#key}. */
  public static boolean isInode(Path path, Object key) throws IOException {
    return key.equals(inode(path));
  }

  /** Says which file has the name that was claimed; false when it is another's. */
  boolean made(Object made) {
    synchronized (FileClaim.class) {
      FileClaim known = HELD.putIfAbsent(made, this);
      if (known != null && known != this) {
        return false;
      }
      inode = made;
      return true;
    }
  }

  /** Ends the claim, once what was opened under it is closed. */
  public void release() {
    synchronized (FileClaim.class) {
      if (HELD.get(name) == this) {
        HELD.remove(name);
        HELD.remove(inode);
        idle.forEach(FileClaim::closeQuietly);
        leftOpen.forEach(FileClaim::closeQuietly);
        FileClaim.class.notifyAll();
      }
    }
  }

  /**
   * Ends the claim and closes what was opened under it, at once for all others in the process: the
   * system gives the number of a file that is gone to the next that is made as soon as it is
   * closed, and that one must not be taken for this.
   */
  void release(Closeable opened) throws IOException {
    synchronized (FileClaim.class) {
      release();
      opened.close();
    }
  }

  /** A channel to read a file that is claimed, left by somebody else; or null. */
  static synchronized FileChannel idle(Object inode) {
    FileClaim claim = HELD.get(inode);
    return claim == null ? null : claim.idle.poll();
  }

  /** Closes a channel to read a file; one of a file that is claimed when the claim ends. */
  static void closeReading(Object inode, FileChannel channel) throws IOException {
    synchronized (FileClaim.class) {
      FileClaim claim = HELD.get(inode);
      if (claim != null && channel.isOpen()) {
        claim.idle.push(channel);
        return;
      }
    }
    channel.close();
  }

  /** Closes whatever has a file open; if the file is claimed, when the claim ends. */
  public static void close(Object inode, Closeable open) throws IOException {
    synchronized (FileClaim.class) {
      FileClaim claim = HELD.get(inode);
      if (claim != null) {
        claim.leftOpen.add(open);
        return;
      }
    }
    open.close();
  }

  private static void closeQuietly(Closeable open) {
    try {
      open.close();
    } catch (IOException e) {
      // the system closes it with the process
    }
  }
}
