package blksh.kit;

import blksh.filesystem.Structure;
import java.util.zip.CRC32C;

/** Has the checksums of an XFS of version 5 agree again once something was changed. */
public final class XfsChecksums {

  private static final int SECTOR = 512;
  private static final int SUPERBLOCK = 224;
  private static final int LARGEST = 1 << 16;

  private XfsChecksums() {}

  /** Of the superblock and all that looks like metadata; its sizes are as the superblock says. */
  public static void correct(byte[] image) {
    Structure superblock = Structure.of(image).bigEndian();
    if (image.length < SECTOR || !superblock.has(0, "XFSB")) {
      return;
    }
    int block = within(superblock.i32(4), 1024);
    int directory = within(block << (superblock.u8(192) & 7), block);
    correct(image, 0, within(superblock.u16(102), SECTOR), SUPERBLOCK);
    for (int at = SECTOR; at + SECTOR <= image.length; at += SECTOR) {
      int mark = superblock.u16(at + 8);
      if (superblock.has(at, "IN")) {
        correct(image, at, within(superblock.u16(104), SECTOR), 100);
      } else if (superblock.has(at, "XDB3") || superblock.has(at, "XDD3")) {
        correct(image, at, directory, 4);
      } else if (superblock.has(at, "BMA3")) {
        correct(image, at, block, 64);
      } else if (mark == 0x3bee || mark == 0x3ebe || superblock.has(at, "XARM")) {
        correct(image, at, block, 12);
      } else if (superblock.has(at, "XSLM")) {
        int link = (superblock.i32(at + 8) + 56 + block - 1) / block * block;
        correct(image, at, within(link, block), 12);
      }
    }
  }

  private static int within(int size, int usual) {
    return size >= SECTOR && size <= LARGEST ? size : usual;
  }

  /** Of one block. */
  public static void correct(byte[] image, int at, int length, int checksum) {
    if (at + length <= image.length) {
      Structure all = Structure.of(image);
      all.putI32(at + checksum, 0);
      CRC32C crc = new CRC32C();
      crc.update(image, at, length);
      all.putI32(at + checksum, (int) crc.getValue());
    }
  }
}
