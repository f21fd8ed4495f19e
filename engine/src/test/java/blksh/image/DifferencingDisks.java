package blksh.image;

import blksh.filesystem.Structure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Disks that have what differs from another, which qemu-img does not make: made of whole ones by
 * their documents.
 */
final class DifferencingDisks {

  private static final int SECTOR = 512;

  private DifferencingDisks() {}

  /**
   * A VHD that has every second sector of a block, and else what its parent has.
   *
   * @param whole a dynamic VHD
   * @param parent the VHD it differs from
   */
  static byte[] vhd(byte[] whole, byte[] parent, String parentName) {
    byte[] name = parentName.getBytes(StandardCharsets.UTF_16LE);
    byte[] bytes = Arrays.copyOf(whole, whole.length + SECTOR);
    Structure all = Structure.of(bytes).bigEndian();
    int place = whole.length - SECTOR; // where the footer was
    System.arraycopy(whole, place, bytes, whole.length, SECTOR);
    Arrays.fill(bytes, place, whole.length, (byte) 0);
    System.arraycopy(name, 0, bytes, place, name.length);
    for (int footer : new int[] {0, whole.length}) {
      all.putI32(footer + 60, 4);
      sum(bytes, footer, SECTOR, 64);
    }
    int header = (int) all.i64(16);
    System.arraycopy(parent, 68, bytes, header + 40, 16);
    all.putText(header + 576, "W2ru");
    all.putI32(header + 580, SECTOR);
    all.putI32(header + 584, name.length);
    all.putI64(header + 592, place);
    sum(bytes, header, 1024, 36);
    int table = (int) all.i64(header + 16);
    for (int i = 0; i < all.i32(header + 28); i++) {
      if (all.i32(table + i * 4) != -1) {
        int bitmap = all.i32(table + i * 4) * SECTOR;
        Arrays.fill(bytes, bitmap, bitmap + SECTOR, (byte) 0xaa);
      }
    }
    return bytes;
  }

  private static void sum(byte[] bytes, int at, int length, int field) {
    Structure all = Structure.of(bytes).bigEndian();
    all.putI32(at + field, 0);
    int sum = 0;
    for (int i = at; i < at + length; i++) {
      sum += bytes[i] & 0xff;
    }
    all.putI32(at + field, ~sum);
  }

  /**
   * A VHDX that has every second sector of its first block, and else what its parent has.
   *
   * @param whole a VHDX with blocks of 1 MiB, of fewer than a chunk of them
   */
  static byte[] vhdx(byte[] whole, byte[] parent, String parentName) {
    int mib = 1 << 20;
    int bitmap = (whole.length + mib - 1) / mib * mib;
    byte[] bytes = Arrays.copyOf(whole, bitmap + mib);
    Structure all = Structure.of(bytes);
    int table = region(all, 0x2dc27766);
    int metadata = region(all, 0x8b7ca206);
    int chunk = (int) ((1L << 23) * 512 / mib);
    all.putI64(table, all.i64(table) | 7);
    all.putI64(table + chunk * 8, bitmap | 6);
    Arrays.fill(bytes, bitmap, bitmap + mib, (byte) 0x55);
    int entry = metadata + 32 + all.u16(metadata + 10) * 32;
    putIdentifier(all, entry, 0xa8d35f2d, 0xb30b, 0x454d, 0xabf7d3d84834ab0cL);
    int locator = 128 << 10;
    all.putI32(entry + 16, locator);
    all.putI32(entry + 20, 1024);
    all.putI32(entry + 24, 4);
    all.putU16(metadata + 10, all.u16(metadata + 10) + 1);
    for (int i = metadata + 32; i < entry; i += 32) {
      if (all.i32(i) == 0xcaa16737) {
        int parameters = metadata + all.i32(i + 16);
        all.putI32(parameters + 4, 2);
      }
    }
    Structure of = Structure.of(parent);
    String linkage =
        "{%08x-%04x-%04x-%s}"
            .formatted(
                of.i32(newest(of) + 32),
                of.u16(newest(of) + 36),
                of.u16(newest(of) + 38),
                "%016x"
                    .formatted(of.bigEndian().i64(newest(of) + 40))
                    .replaceFirst("^(....)", "$1-"));
    all.putU16(metadata + locator + 18, 2);
    put(all, metadata + locator, 0, "parent_linkage", linkage, 100);
    put(all, metadata + locator, 1, "relative_path", ".\\" + parentName, 400);
    return bytes;
  }

  private static int newest(Structure of) {
    return of.i64((64 << 10) + 8) > of.i64((128 << 10) + 8) ? 64 << 10 : 128 << 10;
  }

  private static void put(Structure all, int start, int number, String key, String value, int at) {
    byte[] name = key.getBytes(StandardCharsets.UTF_16LE);
    byte[] text = value.getBytes(StandardCharsets.UTF_16LE);
    int entry = start + 20 + number * 12;
    all.putI32(entry, at);
    all.putI32(entry + 4, at + name.length);
    all.putU16(entry + 8, name.length);
    all.putU16(entry + 10, text.length);
    System.arraycopy(name, 0, all.bytes(), start + at, name.length);
    System.arraycopy(text, 0, all.bytes(), start + at + name.length, text.length);
  }

  private static void putIdentifier(Structure all, int at, int a, int b, int c, long d) {
    all.putI32(at, a);
    all.putU16(at + 4, b);
    all.putU16(at + 6, c);
    all.bigEndian().putI64(at + 8, d);
  }

  /** Where a region of a VHDX begins. @param first 32 bits of its identifier */
  static int region(Structure all, int first) {
    int table = 192 << 10;
    for (int at = table + 16; ; at += 32) {
      if (all.i32(at) == first) {
        return (int) all.i64(at + 16);
      }
    }
  }

  /** Gives a structure of VHDX its checksum. */
  static void seal(byte[] bytes, int at, int length) {
    Structure all = Structure.of(bytes);
    all.putI32(at + 4, 0);
    CRC32C crc = new CRC32C();
    crc.update(bytes, at, length);
    all.putI32(at + 4, (int) crc.getValue());
  }
}
