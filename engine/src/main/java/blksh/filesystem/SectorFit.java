package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.PageTarget;
import blksh.io.BlockDevice;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Whether what is on an image can be used on a drive of other sectors. A partition table counts in
 * the sectors of its drive; a file system cannot be mounted where its own are smaller.
 */
public final class SectorFit {

  private SectorFit() {}

  /**
   * Checks an image before it is written to a drive; a file takes anything.
   *
   * @param task told as a finding of a file system that will not be mounted there
   * @param anySectors whether a partition table may count in other sectors
   * @throws BlkshException when it does, and may not
   */
  public static void check(
      BlockSource image, Path target, String action, boolean anySectors, Task task) {
    if (!BlockDevice.isAt(target)) {
      return;
    }
    try {
      check(image, BlockDevice.at(target).sectorSize(), action, anySectors, task);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** As above, for a target far away. */
  public static void check(BlockSource image, PageTarget target, boolean anySectors, Task task) {
    if (target.isDevice()) {
      String action = "restore to " + target.describe().location();
      check(image, target.sectorSize(), action, anySectors, task);
    }
  }

  private static void check(
      BlockSource image, int sector, String action, boolean anySectors, Task task) {
    try {
      PartitionTable table = PartitionTable.of(image);
      boolean other = table.kind() != PartitionTable.Kind.NONE && table.sectorSize() != sector;
      if (other && !anySectors) {
        throw new BlkshException(
                action,
                "the partition table (%s) counts in sectors of %d bytes, but the drive has %d: its partitions would not be found"
                    .formatted(table.kind(), table.sectorSize(), sector))
            .suggest(
                "take a drive with such sectors, restore its partitions one by one, or force it: restoreToAnySectors, or --any-sectors");
      }
      if (table.kind() == PartitionTable.Kind.NONE) {
        byte[] head = new byte[FileSystem.HEAD];
        image.read(0, ByteBuffer.wrap(head));
        int own = sectorSize(Head.of(Structure.of(head)));
        if (own > 0 && own < sector) {
          task.finding(
              "the file system has sectors of %d bytes and the drive of %d: it will not be mounted there"
                  .formatted(own, sector));
        }
      }
    } catch (UnreadableException e) {
      // What cannot be read is missing from the drive, too.
    }
  }

  /** Bytes of a sector by what a file system says of itself; 0 when it does not. */
  private static int sectorSize(Head head) {
    return switch (FileSystem.of(head).orElse(FileSystem.RAID)) {
      case NTFS, FAT -> head.at(11, 2).u16(0);
      case EXFAT -> 1 << Math.min(head.at(108, 1).u8(0), 16);
      case XFS -> head.at(102, 2).bigEndian().u16(0);
      default -> 0;
    };
  }
}
