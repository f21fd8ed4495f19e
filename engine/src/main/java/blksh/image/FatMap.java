package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Which sectors a FAT12, FAT16 or FAT32 file system uses, by its allocation table. */
final class FatMap {

  private static final int PIECE = 3 << 16;

  private FatMap() {}

  static Optional<UsedBlocks> of(BlockSource source) {
    ByteBuffer first = ByteBuffer.allocate(512);
    if (source.read(0, first) < 512) {
      return Optional.empty();
    }
    HeaderBytes boot = new HeaderBytes(first.array());
    int sector = boot.u16(11);
    int perCluster = boot.u8(13);
    long total = boot.u16(19) != 0 ? boot.u16(19) : boot.u32(32);
    long fatSectors = boot.u16(22) != 0 ? boot.u16(22) : boot.u32(36);
    long root = (boot.u16(17) * 32L + sector - 1) / sector;
    long data = boot.u16(14) + boot.u8(16) * fatSectors + root;
    long clusters = (total - data) / perCluster;
    int bits = clusters < 4085 ? 12 : clusters < 65525 ? 16 : 32;
    boolean sound =
        total <= source.size() / sector
            && (clusters + 2) * bits <= fatSectors * sector * 8
            && total / 8 <= Runtime.getRuntime().maxMemory() / 4;
    if (!sound) {
      return Optional.empty();
    }
    Bitmap.Builder used = new Bitmap.Builder(total);
    used.addRun(true, data);
    long fat = (long) boot.u16(14) * sector;
    // a piece of 2^16 three-byte groups holds whole entries of every width
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    long perPiece = PIECE * 8L / bits;
    long from = -perPiece;
    for (long cluster = 2; cluster < clusters + 2; cluster++) {
      if (cluster >= from + perPiece) {
        from = cluster / perPiece * perPiece;
        piece.clear();
        if (source.read(fat + from / perPiece * PIECE, piece) == 0) {
          return Optional.empty();
        }
      }
      used.addRun(isUsed(new HeaderBytes(piece.array()), bits, (int) (cluster - from)), perCluster);
    }
    used.addRun(true, total - data - clusters * perCluster);
    String name = "FAT" + bits;
    return Optional.of(new UsedBlocks(source, name, used.build(), sector));
  }

  /** Whether an entry is neither free nor marks a bad cluster. */
  private static boolean isUsed(HeaderBytes fat, int bits, int entry) {
    return switch (bits) {
      case 12 -> {
        int at = entry * 3 / 2;
        int pair = fat.u8(at) | fat.u8(at + 1) << 8;
        int value = entry % 2 == 0 ? pair & 0xFFF : pair >> 4;
        yield value != 0 && value != 0xFF7;
      }
      case 16 -> fat.u16(entry * 2) != 0 && fat.u16(entry * 2) != 0xFFF7;
      default -> {
        int value = fat.i32(entry * 4) & 0x0FFFFFFF;
        yield value != 0 && value != 0x0FFFFFF7;
      }
    };
  }
}
