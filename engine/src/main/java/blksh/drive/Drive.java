package blksh.drive;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A block device of this machine as it was when asked: a disk, a partition, a loop device, a
 * logical volume. Texts that are not known are empty.
 *
 * @param name the kernel's name: {@code "sda1"}
 * @param path where to open it: {@code "/dev/sda1"}
 * @param type what lsblk calls it: {@code "disk"}, {@code "part"}, {@code "loop"}, {@code "rom"},
 *     {@code "lvm"}, {@code "crypt"}
 * @param size bytes; 0 without a medium
 * @param sectorSize logical sector in bytes
 * @param physicalSectorSize physical sector in bytes
 * @param transport how it is attached: {@code "sata"}, {@code "nvme"}, {@code "usb"}
 * @param fileSystem what is on it: {@code "ext4"}
 * @param label of the file system, or else of the partition
 * @param uuid of the file system
 * @param table the kind of partition table on it: {@code "gpt"}, {@code "dos"}
 * @param start where a partition begins on its disk, in bytes
 * @param backingFile the file behind a loop device
 * @param mountPoints where it is mounted; {@code "[SWAP]"} when it is swapped to
 * @param children what lies on it: partitions, volumes
 */
public record Drive(
    String name,
    Path path,
    String type,
    String model,
    String serial,
    long size,
    int sectorSize,
    int physicalSectorSize,
    boolean rotational,
    boolean removable,
    boolean readOnly,
    String transport,
    String fileSystem,
    String label,
    String uuid,
    String table,
    long start,
    String backingFile,
    List<String> mountPoints,
    List<Drive> children) {

  public Drive {
    mountPoints = List.copyOf(mountPoints);
    children = List.copyOf(children);
  }

  /** Its partitions in the order of the disk. */
  public List<Drive> partitions() {
    return children.stream().filter(child -> child.type().equals("part")).toList();
  }

  /** A partition by its name, path, label or UUID. */
  public Drive partition(String key) {
    return Drives.find(partitions(), key, "partition of " + name, false);
  }

  /** Whether it or anything on it is mounted or swapped to. */
  public boolean inUse() {
    return !mountPoints.isEmpty() || children.stream().anyMatch(Drive::inUse);
  }

  /** Opens it for reading; only one of this machine can be opened so. */
  public BlockSource open() {
    return BlockSources.open(path);
  }

  /** Itself and everything on it. */
  List<Drive> withChildren() {
    List<Drive> all = new ArrayList<>(List.of(this));
    children.forEach(child -> all.addAll(child.withChildren()));
    return all;
  }
}
