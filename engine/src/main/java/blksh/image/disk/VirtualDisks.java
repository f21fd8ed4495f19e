package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Opens the disks of virtual machines, told by their content. */
public final class VirtualDisks {

  private static final int HEAD = 512;

  private VirtualDisks() {}

  /**
   * Opens the disk a file holds, when it is one of a format that is read.
   *
   * @param file closed with the disk, and never by a failure or an empty result
   * @param sized whether its size is known: to find it may take long, and a fixed VHD is told by
   *     its end alone
   * @param name what the person who opened it calls it
   * @return nothing when it is of no such format
   * @throws DiskDamageException when its header or its tables cannot be
   * @throws UnsupportedDiskException when it uses what is not read, by its name
   * @throws MissingDiskException when a file it names is not there
   */
  public static Optional<VirtualDisk> open(
      BlockSource file, boolean sized, String name, DiskOptions options) {
    DiskFormat format = format(file, sized);
    if (format == null) {
      return Optional.empty();
    }
    if (options.snapshot() != null && format != DiskFormat.QCOW2) {
      throw new UnsupportedDiskException("open " + name, "only qcow2 has snapshots inside");
    }
    Siblings siblings = Siblings.of("open " + name, options.path(), options.elsewhere());
    DiskChain chain = new DiskChain(siblings, new DiskMemory());
    return Optional.of(format.open(file, name, options.snapshot(), chain));
  }

  /** What another disk was laid on. @param format as {@link DiskChain#open} */
  static VirtualDisk below(BlockSource file, String name, String format, DiskChain chain) {
    DiskFormat found = format(file, true);
    boolean raw = DiskFormat.RAW_NAMES.contains(format) || format.isEmpty() && found == null;
    if (raw) {
      return new VirtualDisk(RawDisk.of(file), chain.memory(), name);
    }
    if (found == null || !format.isEmpty() && !found.names().contains(format)) {
      String seen = found == null ? "and is none that is read" : "and is " + found.names().get(0);
      throw new UnsupportedDiskException(
          "open " + name, "another disk laid on it says it is %s, %s".formatted(format, seen));
    }
    return found.open(file, name, null, chain);
  }

  /** The format of a file, or null. */
  private static DiskFormat format(BlockSource file, boolean sized) {
    byte[] bytes = new byte[HEAD];
    int count = file.read(0, ByteBuffer.wrap(bytes));
    Structure head = Structure.of(Arrays.copyOf(bytes, count));
    for (DiskFormat format : DiskFormat.values()) {
      if (format.isOf(file, head, sized)) {
        return format;
      }
    }
    return null;
  }
}
