package blksh.io;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A file on its way to its name. Its writer holds it locked; the system drops the lock with the
 * process, which tells a dead writer's file from a living one's.
 *
 * <p>Order of durability: contents, fsync, rename, fsync of the directory. What has the final name
 * is whole. An interrupt of its writer does not end a write to it.
 */
public final class PartFile {

  /** What the name of a part ends with. */
  public static final String ENDING = ".part";

  private static final String BESIDE = ".blksh" + ENDING;

  private static final long LOOK_NANOS = 1_000_000;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

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

  /** Takes over the part of a dead writer; null when its writer lives or it is gone. */
  public static PartFile takeOver(Path path) throws IOException {
    try {
      return open(path, OpenFile.Use.WRITE);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** An empty part, new or a dead writer's; waits for living ones, but not long for any of them. */
  public static PartFile await(Path path, FileAttribute<?>... attributes) throws IOException {
    Object writer = null;
    long end = 0;
    while (true) {
      PartFile part = takeOver(path);
      if (part == null && !Files.exists(path)) {
        try {
          part = open(path, OpenFile.Use.CREATE_NEW, attributes);
        } catch (FileAlreadyExistsException e) {
          // somebody was faster
        }
      }
      if (part != null) {
        part.file.truncate(0);
        return part;
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
      BasicFileAttributes part = Files.readAttributes(path, BasicFileAttributes.class);
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
        OpenFile.open(directory, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH)) {
      entries.force(true);
    }
  }
}
