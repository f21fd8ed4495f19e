package blksh.cache;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What a medium says it is, in fields that were made up at random when it was formatted: the UUID
 * of a disk, of a file system or of what encrypts it.
 */
final class ContentMarks {

  /** A field, and the bytes that tell that it is there. */
  private record Field(String mark, int magicAt, String magic, int at, int length) {}

  // Sources: UEFI specification 5.3; the kernel's ext4.h, xfs_format.h, btrfs_tree.h; ntfs_layout.h
  // of ntfs-3g; FAT specification of Microsoft 3.1; exFAT specification 3.1; LUKS on-disk formats.
  private static final List<Field> FIELDS =
      List.of(
          new Field("disk", 512, "EFI PART", 512 + 56, 16),
          new Field("disk", 4096, "EFI PART", 4096 + 56, 16),
          new Field("filesystem", 1024 + 0x38, "\u0053\u00ef", 1024 + 0x68, 16),
          new Field("filesystem", 0, "XFSB", 32, 16),
          new Field("filesystem", 65536 + 0x40, "_BHRfS_M", 65536 + 0x20, 16),
          new Field("filesystem", 3, "NTFS    ", 0x48, 8),
          new Field("filesystem", 3, "EXFAT   ", 100, 4),
          new Field("filesystem", 0x52, "FAT32   ", 0x43, 4),
          new Field("filesystem", 0x36, "FAT1", 0x27, 4),
          new Field("filesystem", 0, "LUKS\u00ba\u00be", 168, 36),
          new Field("filesystem", 4086, "SWAPSPACE2", 1024 + 12, 16));

  private ContentMarks() {}

  /**
   * Adds what is said at the beginning of a medium.
   *
   * @param head what could be read of it, from position 0 on
   */
  static void note(ByteBuffer head, Map<String, String> marks) {
    for (Field field : FIELDS) {
      byte[] magic = field.magic.getBytes(ISO_8859_1);
      if (!marks.containsKey(field.mark)
          && field.at + field.length <= head.limit()
          && field.magicAt + magic.length <= head.limit()
          && Arrays.equals(magic, bytes(head, field.magicAt, magic.length))) {
        marks.put(field.mark, HexFormat.of().formatHex(bytes(head, field.at, field.length)));
      }
    }
  }

  private static byte[] bytes(ByteBuffer head, int position, int length) {
    byte[] bytes = new byte[length];
    head.get(position, bytes);
    return bytes;
  }
}
