package blksh.io;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A file on its way to its name. Its writer holds it locked; the system drops the lock with the
 * process, which tells a dead writer's file from a living one's.
 *
 * <p>Its name can be guessed. So a part is made, never found: what has its name already is removed
 * when its writer is dead, whatever it is, and only {@link #takeOver} goes on with a file that is
 * there, when that is this user's.
 *
 * <p>Order of durability: contents, fsync, rename, fsync of the directory. What has the final name
 * is whole. An interrupt of its writer does not end a write to it.
 */
public final class PartFile {

  /** What the name of a part ends with. */
  public static final String ENDING = ".part";

  private static final String BESIDE = ".blksh" + ENDING;

  /** Belongs to the user this process acts for. */
  private static final Path SELF = Path.of("/proc/self");

  private static final long LOOK_NANOS = 1_000_000;

  /** A disk that others keep busy takes tens of seconds for a single fsync. */
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /** How safe a file is under its name once it is published. */
  public enum Durability {
    /** Whole, also when the process is killed; a power cut may take it back, or empty it. */
    WHOLE,
    /** Whole, and there also after a power cut. */
    DURABLE
  }

  private final OpenFile file;

  private PartFile(OpenFile file) {
    this.file = file;
  }

  /** Where the part of a file is, beside it, of which there is one at a time. */
  static Path beside(Path name) {
    return name.resolveSibling("." + name.getFileName() + BESIDE);
  }

  /**
   * Makes a new, empty part. Whoever looks for dead writers' parts may lock it in the instant
   * before its maker does; he removes it then, as it is empty, and it is made again.
   *
   * @throws FileAlreadyExistsException when there is one
   */
  public static PartFile create(Path path, FileAttribute<?>... attributes) throws IOException {
    PartFile part = open(path, OpenFile.Use.CREATE_NEW, attributes);
    for (long end = System.nanoTime() + PATIENCE_NANOS; part == null; ) {
      pause(path, end);
      try {
        part = open(path, OpenFile.Use.CREATE_NEW, attributes);
      } catch (FileAlreadyExistsException e) {
        continue; // not removed yet
      }
    }
    return part;
  }

  private static void pause(Path path, long end) throws IOException {
    if (System.nanoTime() > end) {
      throw new IOException(path + " is being written by somebody else");
    }
    LockSupport.parkNanos(LOOK_NANOS);
  }

  /**
   * Takes over the part of a dead writer, with what is in it.
   *
   * @return null when its writer lives, when it is gone, and when it is none: a link, or a file of
   *     somebody else
   */
  public static PartFile takeOver(Path path) throws IOException {
    try {
      return isOwn(path) ? open(path, OpenFile.Use.WRITE_PLAIN) : null;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /**
   * Whether it is a plain file of this name alone, of this user or of whoever owns the directory
   * and so may put there what he likes.
   */
  private static boolean isOwn(Path path) throws IOException {
    Map<String, Object> part =
        Files.readAttributes(path, "unix:isRegularFile,uid,nlink", LinkOption.NOFOLLOW_LINKS);
    Object owner = part.get("uid");
    return part.get("isRegularFile").equals(true)
        && part.get("nlink").equals(1)
        && (owner.equals(Files.getAttribute(SELF, "unix:uid"))
            || owner.equals(Files.getAttribute(path.toAbsolutePath().getParent(), "unix:uid")));
  }

  /** An empty part of its own; null while a living writer has one. */
  static PartFile begin(Path path, FileAttribute<?>... attributes) throws IOException {
    removeDead(path);
    try {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? null : create(path, attributes);
    } catch (FileAlreadyExistsException e) {
      return null;
    }
  }

  /**
   * Removes what has the name of a part and no living writer. It is not written to again: anybody
   * who may write in the directory can have put it there, to be followed or to be read by him.
   *
   * @throws IOException when it cannot be removed, naming it
   */
  private static void removeDead(Path path) throws IOException {
    try {
      FileType found = FileType.of(path, LinkOption.NOFOLLOW_LINKS);
      if (found == FileType.REGULAR) {
        PartFile dead = open(path, OpenFile.Use.WRITE_PLAIN);
        if (dead != null) {
          try {
            Files.deleteIfExists(path);
          } finally {
            dead.release();
          }
        }
      } else if (found != null) {
        Files.deleteIfExists(path);
      }
    } catch (NoSuchFileException e) {
      // somebody was faster
    } catch (IOException e) {
      throw new IOException(
          "%s is in its way and cannot be removed: %s".formatted(path, IoFailure.reason(e)), e);
    }
  }

  /** As {@link #begin}, but waits for living writers, not long for any of them. */
  public static PartFile await(Path path, FileAttribute<?>... attributes) throws IOException {
    Object writer = null;
    long end = 0;
    while (true) {
      removeDead(path);
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        try {
          PartFile part = open(path, OpenFile.Use.CREATE_NEW, attributes);
          if (part != null) {
            return part;
          }
        } catch (FileAlreadyExistsException e) {
          // somebody was faster
        }
      }
      Object now = generation(path);
      if (!now.equals(writer)) {
        writer = now;
        end = System.nanoTime() + PATIENCE_NANOS;
      }
      pause(path, end);
    }
  }

  /** Tells a part from the one that had its name before. */
  private static Object generation(Path path) throws IOException {
    try {
      BasicFileAttributes part =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return List.of(part.fileKey(), part.lastModifiedTime());
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  private static PartFile open(Path path, OpenFile.Use use, FileAttribute<?>... attributes)
      throws IOException {
    OpenFile file = OpenFile.claim(path, use, OpenFile.WhenInterrupted.FINISH, attributes);
    return file == null ? null : new PartFile(file);
  }

  public Path path() {
    return file.path();
  }

  /** To write its contents to; not to be closed but by what ends it. */
  public OpenFile file() {
    return file;
  }

  /** Makes the contents durable under their name, in place of what had it. */
  public void publish(Path name) throws IOException {
    publish(name, Durability.DURABLE);
  }

  /** Gives the contents their name, in place of what had it. */
  public void publish(Path name, Durability durability) throws IOException {
    if (durability == Durability.DURABLE) {
      file.force(true);
    }
    Files.move(file.path(), name, StandardCopyOption.ATOMIC_MOVE);
    if (durability == Durability.DURABLE) {
      syncDirectory(name.toAbsolutePath().getParent());
    }
    file.close();
  }

  /** Removes the file. */
  public void discard() {
    try {
      Files.deleteIfExists(file.path());
    } catch (IOException e) {
      // what is left is taken over by the next who finds it
    } finally {
      release();
    }
  }

  /** Leaves the file as it is, for somebody else to take over. */
  public void release() {
    try {
      file.close();
    } catch (RuntimeException e) {
      // the system closes it with the process
    }
  }

  /** Makes the entries of a directory durable: what was renamed or removed in it stays so. */
  public static void syncDirectory(Path directory) throws IOException {
    try (OpenFile entries =
        OpenFile.open(directory, OpenFile.Use.DIRECTORY, OpenFile.WhenInterrupted.FINISH)) {
      entries.force(true);
    }
  }
}
