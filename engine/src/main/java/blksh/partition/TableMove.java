package blksh.partition;

import blksh.block.BlockSource;
import java.util.List;

/**
 * What is another when a disk's contents go to a disk of another size. The sources of the formats
 * are those of {@link PartitionTable}.
 *
 * @param length bytes of the disk, from its beginning, that go there as they are, but for the
 *     pieces
 * @param pieces bytes that are others there, in order
 */
public record TableMove(long length, List<Piece> pieces) {

  /**
   * Bytes at a place.
   *
   * @param position byte on the disk they go to
   */
  public record Piece(long position, byte[] bytes) {}

  /**
   * Of a disk, or an image of one.
   *
   * @param size bytes of the disk it goes to
   * @throws IllegalArgumentException when it cannot go there, with the reason in words
   * @throws blksh.io.UnreadableException when its table cannot be read
   */
  public static TableMove of(BlockSource disk, long size) {
    PartitionTable table = PartitionTable.of(disk);
    if (size == disk.size()) {
      return new TableMove(size, List.of());
    }
    if (!table.sound() || table.kind() == PartitionTable.Kind.GPT && !table.warnings().isEmpty()) {
      throw new IllegalArgumentException(
          "its partition table is not sound: " + String.join("; ", table.warnings()));
    }
    if (table.kind() == PartitionTable.Kind.GPT) {
      return GuidPartitionTable.moved(disk, table.sectorSize(), size);
    }
    if (table.kind() == PartitionTable.Kind.NONE && size < disk.size()) {
      throw new IllegalArgumentException("it has no partition table, and is larger");
    }
    if (table.kind() == PartitionTable.Kind.MBR && MasterBootRecord.end(disk) > size) {
      throw new IllegalArgumentException(
          "what its boot record names ends at byte %d, and there is room up to byte %d"
              .formatted(MasterBootRecord.end(disk), size));
    }
    for (Partition each : table.partitions()) {
      if (each.end() > size) {
        throw new IllegalArgumentException(
            "partition %d ends at byte %d, and there is room up to byte %d"
                .formatted(each.number(), each.end(), size));
      }
    }
    return new TableMove(Math.min(disk.size(), size), List.of());
  }

  /**
   * Of a disk with a GPT of which the first copy alone is gone by: the second is made anew.
   *
   * @param size bytes of the disk it goes to, which may be those it has
   * @throws IllegalArgumentException when it cannot go there, with the reason in words
   */
  public static TableMove anew(BlockSource disk, long size) {
    PartitionTable table = PartitionTable.of(disk);
    if (table.kind() != PartitionTable.Kind.GPT || !table.sound()) {
      throw new IllegalArgumentException(
          "its partition table is not sound: " + String.join("; ", table.warnings()));
    }
    return GuidPartitionTable.moved(disk, table.sectorSize(), size);
  }
}
