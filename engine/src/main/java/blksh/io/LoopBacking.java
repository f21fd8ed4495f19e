package blksh.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a loop device stands on. The kernel tells a name, which may be another file's by now or one
 * of another mount namespace, and which file it is ({@code linux/loop.h}, LOOP_GET_STATUS64).
 *
 * @param name of the loop device: {@code "loop0"}
 * @param path the name of what it stands on when it was attached, or null
 * @param file which file it stands on; null when that could not be asked, as without root
 * @param device the number of the device it stands on, or empty when that is a file
 * @param offset first byte of it that the loop device shows
 * @param length bytes that it shows, or {@link Long#MAX_VALUE} for all that follow
 */
record LoopBacking(
    String name, Path path, FileIdentity file, String device, long offset, long length) {

  private static final Path BLOCK = Path.of("/sys/class/block");

  private static final long LOOP_GET_STATUS64 = 0x4c05;

  /** Of {@code struct loop_info64}. */
  private static final int INFO = 232;

  private static final int INFO_DEVICE = 0;
  private static final int INFO_INODE = 8;

  /** Every loop device that stands on something. */
  static List<LoopBacking> all() throws IOException {
    List<LoopBacking> all = new ArrayList<>();
    if (Files.isDirectory(BLOCK)) {
      try (DirectoryStream<Path> loops = Files.newDirectoryStream(BLOCK, "loop*")) {
        for (Path loop : loops) {
          LoopBacking backing = of(loop);
          if (backing != null) {
            all.add(backing);
          }
        }
      }
    }
    return all;
  }

  /**
   * @param sys the directory of a device in sysfs
   * @return null when it is no loop device, or stands on nothing
   */
  static LoopBacking of(Path sys) {
    String named = BlockDevice.fact(sys, "loop/backing_file");
    if (named.isEmpty()) {
      return null;
    }
    Path path = named.startsWith("/") ? Path.of(named) : null;
    String device = BlockDevice.numberTextIfAny(path); // of one that is gone the inode tells
    long limit = number(BlockDevice.fact(sys, "loop/sizelimit"));
    String name = sys.getFileName().toString();
    return new LoopBacking(
        name,
        path,
        file(name, path),
        device,
        number(BlockDevice.fact(sys, "loop/offset")),
        limit == 0 ? Long.MAX_VALUE : limit);
  }

  private static long number(String text) {
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private static FileIdentity file(String name, Path path) {
    Posix posix = Posix.instance().orElse(null);
    int loop = posix == null ? -1 : posix.openWithoutMedium(Path.of("/dev", name));
    if (loop >= 0) {
      try (DirectBuffer memory = DirectBuffer.borrow(INFO)) {
        ByteBuffer info = memory.bytes().order(ByteOrder.nativeOrder());
        if (posix.ioctl(loop, LOOP_GET_STATUS64, info) == 0) {
          return new FileIdentity(
              BlockDevice.numberText(info.getLong(INFO_DEVICE)), info.getLong(INFO_INODE));
        }
      } finally {
        posix.close(loop);
      }
    }
    try {
      return path == null ? null : FileIdentity.of(path);
    } catch (IOException gone) {
      return null;
    }
  }
}
