package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;

/**
 * A file or a drive that is being written anew at positions, by several threads. A file is sparse
 * and appears under its name only when it is whole, as {@link PartFile} does; a file of that name
 * stays as it was until then. A drive is written in place, and may be relied on once {@link
 * #finish} has returned.
 */
public final class TargetFile implements Closeable {

  private static final String BESIDE = ".blksh" + PartFile.ENDING;

  private final Path path;

  /** What becomes the file; null for a drive. */
  private final PartFile part;

  private final FileChannel channel;

  /** Whether it may take the place of a file. */
  private final boolean overwrite;

  private boolean finished;

  private TargetFile(Path path, PartFile part, FileChannel channel, boolean overwrite) {
    this.path = path;
    this.part = part;
    this.overwrite = overwrite;
    this.channel = channel;
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
        FileChannel channel = FileChannel.open(absolute, StandardOpenOption.WRITE);
        return new TargetFile(absolute, null, channel, overwrite);
      }
      Path name = Files.exists(absolute) ? absolute.toRealPath() : absolute;
      PartFile part = partOf(name);
      if (part == null) {
        throw new BlkshException(action, "it is being written by another restore or conversion");
      }
      boolean ready = false;
      try {
        part.channel().truncate(0);
        copyPermissions(name, part.path());
        ready = true;
        return new TargetFile(name, part, part.channel(), overwrite);
      } finally {
        if (!ready) {
          part.discard();
        }
      }
    } catch (IOException e) {
      throw failure(action, e);
    }
  }

  /** A part of its own, or one a dead writer left; null while another is writing it. */
  private static PartFile partOf(Path name) throws IOException {
    Path part = name.resolveSibling("." + name.getFileName() + BESIDE);
    try {
      return Files.exists(part) ? PartFile.takeOver(part) : PartFile.create(part);
    } catch (FileAlreadyExistsException e) {
      return null;
    }
  }

  private static void copyPermissions(Path from, Path to) throws IOException {
    PosixFileAttributeView there = Files.getFileAttributeView(from, PosixFileAttributeView.class);
    if (there != null && Files.exists(from)) {
      Files.setPosixFilePermissions(to, there.readAttributes().permissions());
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
      throw new BlkshException(action, "its directory does not exist").suggest("make it first");
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

  /** A failed write to a target, told for people. */
  public static BlkshException failure(String action, IOException e) {
    return new BlkshException(action, reason(e), e);
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such directory";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }

  public boolean isDevice() {
    return part == null;
  }

  /** Makes a new file this long, all of it a hole; a drive keeps its size. */
  public void setLength(long size) throws IOException {
    if (part != null) {
      // One byte past the end, cut off again: not even the last block is allocated.
      write(size, ByteBuffer.allocate(1));
      channel.truncate(size);
    }
  }

  /** Writes all that remains of a buffer. */
  public void write(long position, ByteBuffer from) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /**
   * Makes everything durable, under its name.
   *
   * @throws FileAlreadyExistsException when that was made meanwhile and may not be replaced
   */
  public void finish() throws IOException {
    if (part == null) {
      channel.force(true);
    } else {
      if (!overwrite && Files.exists(path)) {
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
        channel.close();
      } catch (IOException e) {
        // finish has made it durable, or has failed
      }
    } else if (!finished) {
      part.discard();
    }
  }
}
