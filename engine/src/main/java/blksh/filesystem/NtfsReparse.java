package blksh.filesystem;

import java.nio.ByteOrder;

/**
 * What a reparse point says of its file: where a link leads, or who keeps the content (Microsoft,
 * MS-FSCC, "Reparse Point Data Structures"; of compressed system files {@code wofapi.h}).
 *
 * @param tag which kind it is
 * @param data what follows the tag
 */
record NtfsReparse(int tag, Structure data) {

  static final int MOUNT_POINT = 0xa0000003;
  static final int SYMLINK = 0xa000000c;
  static final int LX_SYMLINK = 0xa000001d;

  /** Windows Overlay Filter. */
  static final int WOF = 0x80000017;

  /** Longest one, in bytes. */
  private static final int LONGEST = 16 << 10;

  /** Bytes before what a kind keeps for itself. */
  private static final int HEADER = 8;

  /** The bits that tell services of one kind apart, as in {@code 0x9000101a}. */
  private static final int SERVICE = 0xf000;

  private static final int CLOUD = 0x9000001a;

  /** What a file has, or null. */
  static NtfsReparse of(NtfsRecord record) {
    if (!record.has(NtfsRecord.REPARSE_POINT, "")) {
      return null;
    }
    byte[] bytes = record.whole(NtfsRecord.REPARSE_POINT, "", LONGEST + HEADER);
    if (bytes.length < HEADER) {
      throw record.damage();
    }
    Structure data = Structure.of(bytes);
    return new NtfsReparse(data.i32(0), data);
  }

  /** Where it leads as a symbolic link; null when it is none. */
  String link() {
    if (tag == LX_SYMLINK && data.length() >= 12) {
      return Volume.text(data.bytes(12, data.length() - 12));
    }
    if (tag != SYMLINK && tag != MOUNT_POINT || data.length() < 16) {
      return null;
    }
    int from = (tag == SYMLINK ? 20 : 16) + data.u16(12);
    int length = data.u16(14);
    return from + length <= data.length()
        ? Volume.text(Volume.utf16(data.bytes(from, length), ByteOrder.LITTLE_ENDIAN))
        : "";
  }

  /** Whether it stands for a socket, a pipe or a device of Linux in Windows. */
  boolean isSpecial() {
    return switch (tag) {
      case 0x80000023, 0x80000024, 0x80000025, 0x80000026 -> true;
      default -> false;
    };
  }

  /** Whether the file is one that a cloud service may keep elsewhere, or have brought here. */
  boolean isCloud() {
    return (tag & ~SERVICE) == CLOUD || tag == 0x80000021;
  }

  /** How the content is compressed, when that is in the file; null when it is elsewhere. */
  WofFormat format() {
    boolean inFile =
        data.length() >= 24 && data.u32(8) == 1 && data.u32(12) == 2 && data.u32(16) == 1;
    return tag == WOF && inFile ? WofFormat.of(data.i32(20)) : null;
  }

  /** Who keeps the content, for people. */
  String words() {
    String who =
        switch (tag) {
          case 0x80000013 -> "data deduplication";
          case 0xc0000004, 0x80000006 -> "hierarchical storage management";
          case 0x80000007 -> "single instance storage";
          case 0x80000008 -> "a mounted WIM archive";
          case 0x80000009 -> "cluster shared volumes";
          case 0x8000000a, 0x80000012 -> "the distributed file system";
          case 0x80000014 -> "NFS";
          case 0x80000015 -> "a file placeholder of OneDrive";
          case 0x8000001b -> "an app of Windows";
          case 0x8000001e, 0x90000027 -> "Azure file sync";
          case WOF -> wofWords();
          case 0x80000018, 0x90001018, 0xa0000027, 0x9000001c, 0xa000001f, 0xa0000022 ->
              "a container or a projected file system";
          default -> isCloud() ? "a cloud service" : "a service that is not known";
        };
    return "%s (reparse point 0x%08x)".formatted(who, tag);
  }

  private String wofWords() {
    return data.length() >= 16 && data.u32(12) == 1
        ? "a WIM archive"
        : "a compression of system files that is not known";
  }
}
