package blksh.iso;

import blksh.filesystem.Udf;
import blksh.io.LittleEndian;
import blksh.parity.ParityLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The descriptors of a UDF volume (ECMA-167 parts 2 and 3, OSTA UDF 1.02): one partition that is
 * read only, from behind the first anchor to before the last.
 */
final class UdfVolume {

  /** Blocks of the partition that come before the root: the file set, and what ends it. */
  static final int FILE_SET_BLOCKS = 2;

  /** The last block of the image. */
  static final int LAST_ANCHOR_BLOCKS = 1;

  /** The sector of the volume recognition sequence, right behind the descriptors of ISO 9660. */
  static final int RECOGNITION = 19;

  private static final int MAIN_SEQUENCE = 32;
  private static final int RESERVE_SEQUENCE = 48;
  private static final int SEQUENCE_SECTORS = 16;
  private static final int INTEGRITY = 64;
  private static final int INTEGRITY_SECTORS = 2;

  private static final int PRIMARY = 1;
  private static final int IMPLEMENTATION_USE = 4;
  private static final int UNALLOCATED_SPACE = 7;
  private static final int INTEGRITY_DESCRIPTOR = 9;

  /** Bytes of most descriptors, without their tag. */
  private static final int BODY = 512 - Udf.TAG;

  /** How files are kept: strategy 4 without levels, in the terms of interchange level 3. */
  private static final int INTERCHANGE = 3;

  private final DiscPlan plan;
  private final DiscLabel label;

  UdfVolume(DiscPlan plan, DiscLabel label) {
    this.plan = plan;
    this.label = label;
  }

  /** Writes what lies before the partition, from the recognition sequence to the first anchor. */
  void write(ImageOutput out) throws IOException {
    out.to(RECOGNITION);
    for (String identifier :
        new String[] {Udf.EXTENDED_AREA_BEGINS, Udf.NSR + "2", Udf.EXTENDED_AREA_ENDS}) {
      byte[] sector = sector();
      System.arraycopy(identifier.getBytes(StandardCharsets.US_ASCII), 0, sector, 1, 5);
      sector[6] = 1;
      out.put(sector);
    }
    sequence(MAIN_SEQUENCE, out);
    sequence(RESERVE_SEQUENCE, out);
    out.to(INTEGRITY);
    out.put(integrity());
    out.put(terminator(INTEGRITY + 1));
    if (plan.parity() != null) {
      for (int each : ParityLayout.HEADERS) {
        out.to(each);
        out.put(plan.parity().header());
      }
    }
    out.to(Udf.ANCHOR_BLOCK);
    anchor(out);
  }

  private static byte[] sector() {
    return new byte[DiscPlan.SECTOR];
  }

  private void sequence(int start, ImageOutput out) throws IOException {
    out.to(start);
    out.put(primary(start));
    out.put(use(start + 1));
    out.put(partition(start + 2));
    out.put(logicalVolume(start + 3));
    byte[] unallocated = sector();
    LittleEndian.putI32(unallocated, 16, 4);
    UdfField.tag(unallocated, 0, UNALLOCATED_SPACE, 8, start + 4L);
    out.put(unallocated);
    out.put(terminator(start + 5));
  }

  private byte[] primary(int at) {
    byte[] sector = sector();
    LittleEndian.putI32(sector, 16, 0);
    UdfField.text(sector, 24, 32, label.volume());
    LittleEndian.putU16(sector, 56, 1);
    LittleEndian.putU16(sector, 58, 1);
    LittleEndian.putU16(sector, 60, 2);
    LittleEndian.putU16(sector, 62, 2);
    LittleEndian.putI32(sector, 64, 1);
    LittleEndian.putI32(sector, 68, 1);
    UdfField.text(sector, 72, 128, label.set() + label.volume());
    UdfField.charset(sector, 200);
    UdfField.charset(sector, 264);
    UdfField.implementation(sector, 344);
    UdfField.time(sector, 376, label.seconds(), 0);
    UdfField.implementation(sector, 388);
    UdfField.tag(sector, 0, PRIMARY, BODY, at);
    return sector;
  }

  private byte[] use(int at) {
    byte[] sector = sector();
    LittleEndian.putI32(sector, 16, 1);
    UdfField.entity(
        sector, 20, "*UDF LV Info", UdfField.REVISION & 0xff, UdfField.REVISION >> 8, 4, 5);
    UdfField.charset(sector, 52);
    UdfField.text(sector, 116, 128, label.volume());
    UdfField.implementation(sector, 352);
    UdfField.tag(sector, 0, IMPLEMENTATION_USE, BODY, at);
    return sector;
  }

  private byte[] partition(int at) {
    byte[] sector = sector();
    LittleEndian.putI32(sector, 16, 2);
    LittleEndian.putU16(sector, 20, 1);
    UdfField.entity(sector, 24, "+NSR02");
    sector[24] = 2;
    LittleEndian.putI32(sector, 184, 1);
    LittleEndian.putI32(sector, 188, DiscPlan.PARTITION);
    LittleEndian.putI32(sector, 192, partitionBlocks());
    UdfField.implementation(sector, 196);
    UdfField.tag(sector, 0, Udf.PARTITION, BODY, at);
    return sector;
  }

  private int partitionBlocks() {
    return (int) (plan.sectors() - LAST_ANCHOR_BLOCKS - DiscPlan.PARTITION);
  }

  private byte[] logicalVolume(int at) {
    byte[] sector = sector();
    LittleEndian.putI32(sector, 16, 3);
    UdfField.charset(sector, 20);
    UdfField.text(sector, 84, 128, label.volume());
    LittleEndian.putI32(sector, 212, DiscPlan.SECTOR);
    UdfField.domain(sector, 216);
    UdfField.longExtent(sector, 248, (long) FILE_SET_BLOCKS * DiscPlan.SECTOR, 0, 0);
    LittleEndian.putI32(sector, 264, 6);
    LittleEndian.putI32(sector, 268, 1);
    UdfField.implementation(sector, 272);
    UdfField.extent(sector, 432, (long) INTEGRITY_SECTORS * DiscPlan.SECTOR, INTEGRITY);
    sector[440] = 1;
    sector[441] = 6;
    LittleEndian.putU16(sector, 442, 1);
    UdfField.tag(sector, 0, Udf.LOGICAL_VOLUME, 446 - Udf.TAG, at);
    return sector;
  }

  private static byte[] terminator(long at) {
    byte[] sector = sector();
    UdfField.tag(sector, 0, Udf.TERMINATOR, BODY, at);
    return sector;
  }

  private byte[] integrity() {
    byte[] sector = sector();
    UdfField.time(sector, 16, label.seconds(), 0);
    LittleEndian.putI32(sector, 28, 1);
    LittleEndian.putI64(sector, 40, UdfEntry.FIRST_NUMBER + plan.partitionBlocksUsed());
    LittleEndian.putI32(sector, 72, 1);
    LittleEndian.putI32(sector, 76, 46);
    LittleEndian.putI32(sector, 84, partitionBlocks());
    UdfField.implementation(sector, 88);
    LittleEndian.putI32(sector, 120, (int) plan.files());
    LittleEndian.putI32(sector, 124, plan.tree().directories());
    LittleEndian.putU16(sector, 128, UdfField.REVISION);
    LittleEndian.putU16(sector, 130, UdfField.REVISION);
    LittleEndian.putU16(sector, 132, UdfField.REVISION);
    UdfField.tag(sector, 0, INTEGRITY_DESCRIPTOR, 134 - Udf.TAG, INTEGRITY);
    return sector;
  }

  /** Writes an anchor at the sector that is due. */
  static void anchor(ImageOutput out) throws IOException {
    out.put(anchor(out.position() / DiscPlan.SECTOR));
  }

  /** The anchor of a sector. */
  static byte[] anchor(long at) {
    byte[] sector = sector();
    long bytes = (long) SEQUENCE_SECTORS * DiscPlan.SECTOR;
    UdfField.extent(sector, 16, bytes, MAIN_SEQUENCE);
    UdfField.extent(sector, 24, bytes, RESERVE_SEQUENCE);
    UdfField.tag(sector, 0, Udf.ANCHOR, BODY, at);
    return sector;
  }

  /** Writes what the partition begins with: the file set. */
  void fileSet(ImageOutput out) throws IOException {
    out.to(DiscPlan.PARTITION);
    byte[] sector = sector();
    UdfField.time(sector, 16, label.seconds(), 0);
    LittleEndian.putU16(sector, 28, INTERCHANGE);
    LittleEndian.putU16(sector, 30, INTERCHANGE);
    LittleEndian.putI32(sector, 32, 1);
    LittleEndian.putI32(sector, 36, 1);
    UdfField.charset(sector, 48);
    UdfField.text(sector, 112, 128, label.volume());
    UdfField.charset(sector, 240);
    UdfField.text(sector, 304, 32, label.volume());
    UdfField.longExtent(sector, 400, DiscPlan.SECTOR, FILE_SET_BLOCKS, 0);
    UdfField.domain(sector, 416);
    UdfField.tag(sector, 0, Udf.FILE_SET, BODY, 0);
    out.put(sector);
    out.put(terminator(1));
  }
}
