package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * A file or a drive that is being written anew at positions, by several threads. A file is sparse
 * and appears under its name only when it is whole, as {@link PartFile} does; a file of that name
 * stays as it was until then, and a new one is its owner's alone. A drive is written in place, and
 * may be relied on once {@link #finish} has returned.
 */
public final class TargetFile implements Closeable {

  private final Path path;

  /** What becomes the file; null for a drive. */
  private final PartFile part;

  private final OpenFile file;

  /** Whether it may take the place of a file. */
  private final boolean overwrite;

  private boolean finished;

  private TargetFile(Path path, PartFile part, OpenFile file, boolean overwrite) {
    this.path = path;
    this.part = part;
    this.overwrite = overwrite;
    this.file = file;
  }

  /**
   * Opens a target and refuses it before anything is written.
   *
   * @param action what is about to be done, for messages
   * @param size bytes that are to be written
   * @param overwrite whether what is there may be replaced
   * @param deviceAllowed whether it may be a drive
   * @throws BlkshException as {@link #check}, or when another is writing it
   */
  public static TargetFile open(
      Path path, String action, long size, boolean overwrite, boolean deviceAllowed) {
    boolean device = check(path, action, size, overwrite, deviceAllowed);
    Path absolute = path.toAbsolutePath();
    try {
      if (device) {
        OpenFile file =
            OpenFile.open(absolute, OpenFile.Use.WRITE, OpenFile.WhenInterrupted.FINISH);
        return new TargetFile(absolute, null, file, overwrite);
      }
      Path name = Files.exists(absolute) ? absolute.toRealPath() : absolute;
      PartFile part = PartFile.begin(PartFile.beside(name));
      if (part == null) {
        throw new BlkshException(action, "it is being written by another restore or conversion");
      }
      boolean ready = false;
      try {
        WholeFile.copyPermissions(name, part.path());
        ready = true;
        return new TargetFile(name, part, part.file(), overwrite);
      } finally {
        if (!ready) {
          part.discard();
        }
      }
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /**
   * Refuses a target as {@link #open} does, and leaves it alone.
   *
   * @return whether it is a drive
   * @throws BlkshException when it is a directory, or in none; when it exists and may not be
   *     replaced; or as {@link DeviceGuard#check}
   */
  public static boolean check(
      Path path, String action, long size, boolean overwrite, boolean deviceAllowed) {
    Path absolute = path.toAbsolutePath();
    if (Files.isDirectory(absolute)) {
      throw new BlkshException(action, "it is a directory").suggest("name a file in it");
    }
    Path directory = absolute.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new BlkshException(action, WholeFile.NO_DIRECTORY).suggest("make it first");
    }
    if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS) && !overwrite) {
      throw new BlkshException(action, "it exists")
          .suggest("to write over it, say overwrite = true (--overwrite)");
    }
    if (Files.exists(absolute) && !Files.isRegularFile(absolute)) {
      if (!deviceAllowed) {
        throw new BlkshException(action, "it is no regular file");
      }
      DeviceGuard.check(absolute, size, action);
      return true;
    }
    return false;
  }

  /**
   * Refuses to write over what is being read.
   *
   * @param location where what is read is, as sources describe it
   */
  public static void requireOther(Path path, String location, String action) {
    try {
      Path read = Path.of(location);
      if (Files.exists(path) && Files.exists(read) && Files.isSameFile(path, read)) {
        throw new BlkshException(action, "it is what is being read").suggest("name another file");
      }
    } catch (IOException | InvalidPathException e) {
      // what is read has no path, so it is another
    }
  }

  public boolean isDevice() {
    return part == null;
  }

  /** Makes a new file this long, all of it a hole; a drive keeps its size. */
  public void setLength(long size) throws IOException {
    if (part != null) {
      // One byte past the end, cut off again: not even the last block is allocated.
      write(size, ByteBuffer.allocate(1));
      file.truncate(size);
    }
  }

  /** Writes all that remains of a buffer. */
  public void write(long position, ByteBuffer from) throws IOException {
    file.write(position, from);
  }

  /**
   * Makes everything durable, under its name.
   *
   * @throws FileAlreadyExistsException when that was made meanwhile and may not be replaced
   */
  public void finish() throws IOException {
    if (part == null) {
      file.force(true);
    } else {
      if (!overwrite && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(path.toString(), null, "it was made meanwhile");
      }
      part.publish(path);
    }
    finished = true;
  }

  /** Lets go; a file that was not finished is removed. */
  @Override
  public void close() {
    if (part == null) {
      try {
        file.close();
      } catch (BlkshException e) {
        // finish has made it durable, or has failed
      }
    } else if (!finished) {
      part.discard();
    }
  }
}
