package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.DeviceGuard;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file or a drive that is being written at positions, by several threads. A file appears under
 * its name only when it is whole and on the disk: contents, fsync, rename, fsync of the directory.
 */
final class TargetFile implements Closeable {

  private final Path path;

  /** What is written to until the end; the path itself for a drive. */
  private final Path part;

  private final FileChannel channel;
  private final boolean device;
  private boolean finished;

  private TargetFile(Path path, Path part, FileChannel channel, boolean device) {
    this.path = path;
    this.part = part;
    this.channel = channel;
    this.device = device;
  }

  /**
   * @param action what is about to be done, for messages
   * @param size bytes that are to be written
   * @param overwrite whether what is there may be replaced
   * @param deviceAllowed whether it may be a drive
   */
  static TargetFile open(
      Path path, String action, long size, boolean overwrite, boolean deviceAllowed) {
    boolean device = check(path, action, size, overwrite, deviceAllowed);
    Path absolute = path.toAbsolutePath();
    try {
      if (device) {
        FileChannel channel = FileChannel.open(absolute, StandardOpenOption.WRITE);
        return new TargetFile(absolute, absolute, channel, true);
      }
      boolean exists = Files.exists(absolute);
      Path target = exists ? absolute.toRealPath() : absolute;
      Path part = target.resolveSibling("." + target.getFileName() + ".blksh.part");
      FileChannel channel =
          FileChannel.open(
              part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      // what is written now is emptied only by its own writer
      if (channel.tryLock() == null) {
        channel.close();
        throw new BlkshException(action, "another process is writing it");
      }
      channel.truncate(0);
      if (exists) {
        Files.setPosixFilePermissions(part, Files.getPosixFilePermissions(target));
      }
      return new TargetFile(target, part, channel, false);
    } catch (IOException e) {
      throw failure(action, e);
    }
  }

  /**
   * Refuses a target as {@link #open} does, and leaves it alone.
   *
   * @return whether it is a drive
   */
  static boolean check(
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

  /** Refuses to write over what is being read. */
  static void requireOther(Path path, BlockSource source, String action) {
    try {
      Path read = Path.of(source.describe().location());
      if (Files.exists(path) && Files.exists(read) && Files.isSameFile(path, read)) {
        throw new BlkshException(action, "it is what is being read").suggest("name another file");
      }
    } catch (IOException | InvalidPathException e) {
      // what is read has no path, so it is another
    }
  }

  static BlkshException failure(String action, IOException e) {
    String reason = e instanceof java.nio.file.NoSuchFileException ? "no such directory" : null;
    reason = e instanceof java.nio.file.AccessDeniedException ? "permission denied" : reason;
    return new BlkshException(action, reason == null ? String.valueOf(e.getMessage()) : reason, e);
  }

  boolean isDevice() {
    return device;
  }

  /** Makes a new file this long, all of it a hole. */
  void setLength(long size) throws IOException {
    if (!device && size > 0) {
      write(size - 1, ByteBuffer.wrap(new byte[1]));
    }
  }

  void write(long position, ByteBuffer from) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  /** Makes everything durable, under its name. */
  void finish() throws IOException {
    channel.force(true);
    if (!device) {
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel directory = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    }
    finished = true;
  }

  /** Lets go; a file that was not finished is removed. */
  @Override
  public void close() {
    try {
      if (!finished && !device) {
        Files.deleteIfExists(part);
      }
      channel.close();
    } catch (IOException e) {
      // a part left behind is overwritten by the next attempt
    }
  }
}
