package blksh.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The chain of boot records of an extended partition, made anew from where its logical partitions
 * lie. A record stands in front of its partition: as far as sfdisk and Windows put it, where there
 * is room, or in the sector before it. Format: each record names its partition relative to itself
 * and the next record relative to the extended partition, in sectors.
 */
final class LogicalPartitions {

  private static final int LENGTH = 512;

  /** Bytes of code before the entries. */
  static final int CODE = 446;

  private static final int ENTRIES = CODE;
  private static final int ENTRY = 16;
  private static final byte LINK = 5;

  /** Sectors between a record and its partition, as the tools leave them, and at least. */
  private static final long[] GAPS = {2048, 63, 1};

  /**
   * A record at its place.
   *
   * @param position byte on the drive
   */
  record Placed(long position, byte[] bytes) {}

  private LogicalPartitions() {}

  /**
   * @param extended the extended partition
   * @param logical those inside, of which the first record is the first sector of the extended one;
   *     without any there is an empty record
   * @param sector bytes
   * @throws IllegalArgumentException when there is no room for a record, with the partition's name
   */
  static List<Placed> records(
      ClonezillaTable.Entry extended, List<ClonezillaTable.Entry> logical, int sector) {
    List<ClonezillaTable.Entry> sorted = new ArrayList<>(logical);
    sorted.sort(Comparator.comparingLong(ClonezillaTable.Entry::start));
    // The numbers of the partitions follow the chain: it is in the order of the table.
    long[] places = new long[logical.size()];
    for (int i = 0; i < places.length; i++) {
      ClonezillaTable.Entry each = logical.get(i);
      int rank = sorted.indexOf(each);
      long from =
          rank == 0
              ? extended.start() + (i == 0 ? 0 : sector)
              : sorted.get(rank - 1).start() + sorted.get(rank - 1).length();
      places[i] = i == 0 ? extended.start() : place(each, from, sector);
    }
    List<Placed> records = new ArrayList<>();
    if (places.length == 0) {
      records.add(new Placed(extended.start(), signed().array()));
    }
    for (int i = 0; i < places.length; i++) {
      ByteBuffer record = signed();
      ClonezillaTable.Entry each = logical.get(i);
      int type = Integer.parseInt(each.type().isEmpty() ? "83" : each.type(), 16);
      entry(record, 0, type, (each.start() - places[i]) / sector, each.length() / sector);
      if (i + 1 < places.length) {
        ClonezillaTable.Entry next = logical.get(i + 1);
        long end = next.start() + next.length();
        entry(
            record,
            1,
            LINK,
            (places[i + 1] - extended.start()) / sector,
            (end - places[i + 1]) / sector);
      }
      record.put(ENTRIES, (byte) (each.bootable() ? 0x80 : 0));
      records.add(new Placed(places[i], record.array()));
    }
    return records;
  }

  private static ByteBuffer signed() {
    ByteBuffer record = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    return record.putShort(LENGTH - 2, (short) 0xaa55);
  }

  private static long place(ClonezillaTable.Entry partition, long from, int sector) {
    for (long gap : GAPS) {
      long at = partition.start() - gap * sector;
      if (at >= from) {
        return at;
      }
    }
    throw new IllegalArgumentException(
        "there is no room in front of %s for its boot record".formatted(partition.name()));
  }

  private static void entry(ByteBuffer record, int number, int type, long start, long count) {
    int at = ENTRIES + ENTRY * number;
    // Places by cylinder, head and sector are what the tools write where they do not fit.
    record.put(at + 1, (byte) 0xfe).put(at + 2, (byte) 0xff).put(at + 3, (byte) 0xff);
    record.put(at + 4, (byte) type);
    record.put(at + 5, (byte) 0xfe).put(at + 6, (byte) 0xff).put(at + 7, (byte) 0xff);
    record.putInt(at + 8, (int) start).putInt(at + 12, (int) count);
  }
}
