package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the bytes of a file or drive are: it itself, and all it lies on. A partition lies on its
 * disk, a loop device on its file, a mapped device on the devices below it. So two of them are told
 * to be the same bytes, whatever they are called.
 */
final class Storage {

  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final int SECTOR = 512;

  /**
   * Bytes of one file or device.
   *
   * @param key a {@link FileIdentity}, or a device number
   * @param exact whether the bytes are these, and not just somewhere among them
   */
  private record Piece(Object key, long start, long end, boolean exact) {
    boolean overlaps(Piece other) {
      return key.equals(other.key)
          && start < other.end
          && other.start < end
          && (exact || other.exact);
    }
  }

  private final List<Piece> pieces = new ArrayList<>();

  private Storage() {}

  /**
   * @param path a regular file or block device
   * @throws IOException when there is nothing, or sysfs does not tell what is expected of it
   */
  static Storage of(Path path) throws IOException {
    Storage storage = new Storage();
    if (BlockDevice.isAt(path)) {
      storage.add(BlockDevice.numberText(path), 0, Long.MAX_VALUE, true);
    } else {
      storage.pieces.add(new Piece(FileIdentity.of(path), 0, Long.MAX_VALUE, true));
    }
    return storage;
  }

  /** Whether a byte of one is a byte of the other. */
  boolean overlaps(Storage other) {
    return pieces.stream().anyMatch(piece -> other.pieces.stream().anyMatch(piece::overlaps));
  }

  private void add(String number, long start, long end, boolean exact) throws IOException {
    pieces.add(new Piece(number, start, end, exact));
    Path link = DEVICES.resolve(number);
    if (!Files.exists(link)) {
      return;
    }
    Path device = link.toRealPath();
    if (Files.exists(device.resolve("partition"))) {
      long first = bytes(device, "start");
      long last = first + bytes(device, "size");
      String disk = BlockDevice.fact(device.getParent(), "dev");
      add(disk, first + start, Math.min(last, saturated(first, end)), exact);
    }
    LoopBacking loop = LoopBacking.of(device);
    if (loop != null) {
      long first = saturated(loop.offset(), start);
      long last = saturated(loop.offset(), Math.min(loop.length(), end));
      if (!loop.device().isEmpty()) {
        add(loop.device(), first, last, exact);
      } else if (loop.file() != null) {
        pieces.add(new Piece(loop.file(), first, last, exact));
      }
    }
    Path below = device.resolve("slaves");
    if (Files.isDirectory(below)) {
      try (DirectoryStream<Path> devices = Files.newDirectoryStream(below)) {
        for (Path each : devices) {
          add(BlockDevice.fact(each, "dev"), 0, Long.MAX_VALUE, false);
        }
      }
    }
  }

  private static long bytes(Path device, String fact) {
    return Long.parseLong(BlockDevice.fact(device, fact)) * SECTOR;
  }

  private static long saturated(long offset, long length) {
    return length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length;
  }
}
