package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The right to write over what is there, which everything asks for that writes to a drive or over a
 * file. A drive is held alone as long as the claim is open: the kernel refuses it to whoever mounts
 * it or swaps to it, and refuses the claim while somebody does, in whatever mount namespace. A file
 * that a loop device stands on is as much in use as a drive; so is what another process has open
 * for writing.
 */
public final class WriteClaim implements Closeable {

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  private static final int NONE = -1;

  /** Holds the drive; {@link #NONE} for a file, and once it is closed. */
  private int descriptor;

  private WriteClaim(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Claims what is there, or what is going to be made.
   *
   * @param size bytes that are to be written
   * @param action what is about to be done, for messages
   * @throws BlkshException when it is in use, naming by whom where the system tells; when it is a
   *     drive that is read-only, too small or has no medium; or when it is neither file nor drive
   */
  public static WriteClaim take(Path path, long size, String action) {
    if (!Files.exists(path)) {
      return new WriteClaim(NONE);
    }
    if (BlockDevice.isAt(path)) {
      return new WriteClaim(DeviceGuard.take(path, size, action));
    }
    if (!Files.isRegularFile(path)) {
      throw new BlkshException(action, "it is neither a file nor a block device");
    }
    try {
      for (DeviceUse use : DeviceUses.now().ofFile(path)) {
        throw new BlkshException(action, use.words()).suggest(use.remedy());
      }
      FileIdentity file = FileIdentity.of(path);
      DeviceGuard.refuseLasting(action, () -> OpenForWriting.uses(file));
      return new WriteClaim(NONE);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** Refuses what {@link #take} refuses. */
  public static void check(Path path, long size, String action) {
    take(path, size, action).close();
  }

  /**
   * Refuses what this process has open, as it has all that it reads, and whatever shares bytes with
   * it: the file behind a loop device, a partition of a disk.
   *
   * @throws BlkshException saying so
   */
  public static void requireOther(Path path, String action) {
    if (!isData(path) || !Files.isDirectory(DESCRIPTORS)) {
      return;
    }
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
      Storage target = Storage.of(path);
      for (Path open : descriptors) {
        if (isData(open) && target.overlaps(Storage.of(open))) {
          throw new BlkshException(action, "it is what is being read, or is open here otherwise")
              .suggest("name another one, or close what was opened of it");
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // what is closed meanwhile is not read
    }
  }

  /**
   * Refuses to write over what is being read.
   *
   * @param read where that is, as sources describe it
   */
  public static void requireOther(Path path, String read, String action) {
    try {
      if (overlap(path, Path.of(read))) {
        throw new BlkshException(action, "it is what is being read").suggest("name another one");
      }
    } catch (InvalidPathException e) {
      // what is read has no path, so it is another
    }
  }

  /** Whether two files or drives that are there share a byte. */
  public static boolean overlap(Path one, Path other) {
    try {
      return isData(one) && isData(other) && Storage.of(one).overlaps(Storage.of(other));
    } catch (IOException e) {
      return false; // one of them is gone meanwhile
    }
  }

  private static boolean isData(Path path) {
    return Files.isRegularFile(path) || BlockDevice.isAt(path);
  }

  /** Lets others have the drive, once whatever wrote to it is closed. */
  @Override
  public synchronized void close() {
    if (descriptor != NONE) {
      Posix.instance().orElseThrow().close(descriptor);
      descriptor = NONE;
    }
  }
}
