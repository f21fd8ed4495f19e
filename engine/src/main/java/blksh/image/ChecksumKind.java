package blksh.image;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/** The checksums a partclone image of format 0002 may have behind its groups of blocks. */
public enum ChecksumKind {
  NONE(0x00, 0, "none"),
  CRC32(0x20, 4, "CRC32"),
  XXH64(0x30, 8, "XXH64"),
  XXH128(0x31, 16, "XXH128");

  private final int mode;
  private final int size;
  private final String title;

  ChecksumKind(int mode, int size, String title) {
    this.mode = mode;
    this.size = size;
    this.title = title;
  }

  static Optional<ChecksumKind> ofMode(int mode) {
    return Arrays.stream(values()).filter(kind -> kind.mode == mode).findFirst();
  }

  /** The number in the header. */
  int mode() {
    return mode;
  }

  /** Bytes of one checksum. */
  int size() {
    return size;
  }

  String title() {
    return title;
  }

  /**
   * How an image with this checksum is proven.
   *
   * @param perGroup blocks a checksum
   * @param used blocks stored
   * @param reseed whether each checksum starts anew
   */
  Proof proof(long perGroup, long used, boolean reseed) {
    if (this == NONE) {
      return Proof.none();
    }
    Proof.GoesOn goesOn =
        reseed ? Proof.GoesOn.NOTHING : this == CRC32 ? Proof.GoesOn.CHECKSUM : Proof.GoesOn.DATA;
    long groups = used / perGroup + (used % perGroup == 0 ? 0 : 1);
    return new Proof(title, perGroup, groups, size, digests(!reseed), goesOn);
  }

  Supplier<GroupDigest> digests(boolean goesOn) {
    return switch (this) {
      case NONE -> () -> null;
      case CRC32 -> () -> new GroupDigest.Crc(goesOn);
      case XXH64 -> () -> GroupDigest.Xxh.of64Bits(goesOn);
      case XXH128 -> () -> GroupDigest.Xxh.of128Bits(goesOn);
    };
  }
}
