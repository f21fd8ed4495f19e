package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.DeviceSource;
import blksh.io.BlockDevice;
import blksh.io.UnreadableException;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the system knows a device by, beside its serial number: the World Wide Identifier of a disk
 * ({@code wwid}), the register of a memory card ({@code cid}; both from sysfs), and of a partition
 * its UUID, which in a master boot record is the disk's number and the partition's, as blkid(8)
 * writes it.
 *
 * <p>A drive whose media are changed, such as one for discs, has an identifier of its own that says
 * nothing of the medium; what an adapter makes up ({@code t10.…}) says nothing of the disk in it.
 */
final class DeviceMarks {

  private static final Path UDEV = Path.of("/run/udev/data");
  private static final String UDEV_UUID = "E:ID_PART_ENTRY_UUID=";
  private static final int DISK_NUMBER = 440;

  private final Path device;
  private final Path disk;
  private final String number;

  private DeviceMarks(Path device, String number) {
    this.device = device;
    this.disk = Files.exists(device.resolve("partition")) ? device.getParent() : device;
    this.number = number;
  }

  /** Adds what is known of a source, if it is a device. */
  static void note(BlockSource source, Map<String, String> marks) {
    String location = source.describe().location();
    try {
      Path path = Path.of(location);
      if (!path.isAbsolute() || !BlockDevice.isAt(path)) {
        return;
      }
      Path device = BlockDevice.at(path).directory();
      if (device != null) {
        new DeviceMarks(device, BlockDevice.numberText(path)).note(marks);
      }
    } catch (IOException | java.nio.file.InvalidPathException e) {
      // it is known by less
    }
  }

  private void note(Map<String, String> marks) {
    String cid = BlockDevice.fact(disk, "device/cid");
    marks.put("cid", cid);
    if (!BlockDevice.fact(disk, "removable").equals("1")) {
      String wwid = BlockDevice.fact(disk, "wwid") + BlockDevice.fact(disk, "device/wwid");
      marks.put("wwid", wwid.startsWith("t10.") ? "" : wwid);
    }
    if (!disk.equals(device)) {
      marks.put("partition", noted().orElseGet(this::read));
    }
  }

  /** As udev found it, which takes no reading. */
  private Optional<String> noted() {
    try {
      return Files.readAllLines(UDEV.resolve("b" + number)).stream()
          .filter(line -> line.startsWith(UDEV_UUID))
          .map(line -> line.substring(UDEV_UUID.length()))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private String read() {
    String entry = BlockDevice.fact(device, "partition");
    Path path = Path.of("/dev", disk.getFileName().toString().replace('!', '/'));
    try (BlockSource whole = DeviceSource.open(path)) {
      PartitionTable table = PartitionTable.of(whole);
      if (table.kind() == PartitionTable.Kind.MBR) {
        ByteBuffer id = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        whole.read(DISK_NUMBER, id);
        return "%08x-%02x".formatted(id.getInt(0), Integer.parseInt(entry));
      }
      return table.partition(entry).map(Partition::uuid).orElse("");
    } catch (UnreadableException | NumberFormatException e) {
      return "";
    } catch (BlkshException e) {
      return ""; // the disk may not be read by whom the partition may
    }
  }
}
