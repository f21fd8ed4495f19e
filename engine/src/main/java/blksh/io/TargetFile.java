package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * A file or a drive that is being written anew at positions, by several threads. A file is sparse
 * and appears under its name only when it is whole, as {@link PartFile} does; a file of that name
 * stays as it was until then, and leaves it its owner, rights and attributes; a new one is its
 * owner's alone. A drive is written in place, nobody else having it meanwhile, and may be relied on
 * once {@link #finish} has returned.
 */
public final class TargetFile implements Closeable {

  private final Path path;

  /** What becomes the file; null for a drive. */
  private final PartFile part;

  private final OpenFile file;

  private final WriteClaim claim;

  /** What is being done, for messages. */
  private final String action;

  /** Whether it may take the place of a file. */
  private final boolean overwrite;

  private boolean finished;

  /** What the file that was there had, and this one has not. */
  private List<String> lost = List.of();

  private TargetFile(
      Path path, String action, PartFile part, OpenFile file, WriteClaim claim, boolean overwrite) {
    this.path = path;
    this.action = action;
    this.part = part;
    this.claim = claim;
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
    boolean device = look(path, action, overwrite, deviceAllowed);
    Path absolute = path.toAbsolutePath();
    WriteClaim claim = WriteClaim.take(absolute, size, action);
    boolean opened = false;
    try {
      TargetFile target =
          device
              ? new TargetFile(absolute, action, null, drive(absolute), claim, overwrite)
              : part(absolute, action, claim, overwrite);
      opened = true;
      return target;
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    } finally {
      if (!opened) {
        claim.close();
      }
    }
  }

  private static OpenFile drive(Path path) throws IOException {
    return OpenFile.open(path, OpenFile.Use.WRITE, OpenFile.WhenInterrupted.FINISH);
  }

  private static TargetFile part(Path absolute, String action, WriteClaim claim, boolean overwrite)
      throws IOException {
    Path name = Files.exists(absolute) ? absolute.toRealPath() : absolute;
    PartFile part = PartFile.begin(PartFile.beside(name));
    if (part == null) {
      throw new BlkshException(action, "it is being written by another restore or conversion");
    }
    return new TargetFile(name, action, part, part.file(), claim, overwrite);
  }

  /**
   * Refuses a target as {@link #open} does, and leaves it alone.
   *
   * @return whether it is a drive
   * @throws BlkshException when it is a directory, or in none; when it exists and may not be
   *     replaced; when it is open here, as what is being read is; or as {@link WriteClaim#take}
   */
  public static boolean check(
      Path path, String action, long size, boolean overwrite, boolean deviceAllowed) {
    boolean device = look(path, action, overwrite, deviceAllowed);
    WriteClaim.check(path.toAbsolutePath(), size, action);
    return device;
  }

  /** Refuses what can be told before the target is claimed. @return whether it is a drive */
  private static boolean look(Path path, String action, boolean overwrite, boolean deviceAllowed) {
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
    if (!Files.exists(absolute)) {
      DeviceDirectory.requireElsewhere(absolute, action, "`drives` shows what there is");
      return false;
    }
    if (!deviceAllowed && !Files.isRegularFile(absolute)) {
      throw new BlkshException(action, "it is no regular file");
    }
    WriteClaim.requireOther(absolute, action);
    return !Files.isRegularFile(absolute);
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
   * Fills a buffer with what was written.
   *
   * @throws java.io.EOFException when not so much was
   */
  public void read(long position, ByteBuffer to) throws IOException {
    file.readFully(position, to);
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
      WriteClaim.check(path, 0, action); // a loop device may stand on it by now
      lost = KeptAttributes.copy(path, part.path());
      part.publish(path);
    }
    finished = true;
  }

  /**
   * What the file that was replaced had and the new one has not, once {@link #finish} has returned:
   * such as an owner that only root can give. A clause each, for people.
   */
  public List<String> lost() {
    return lost;
  }

  /** Lets go; a file that was not finished is removed. */
  @Override
  public void close() {
    try {
      if (part == null) {
        file.close();
      } else if (!finished) {
        part.discard();
      }
    } catch (BlkshException e) {
      // finish has made it durable, or has failed
    } finally {
      claim.close();
    }
  }
}
