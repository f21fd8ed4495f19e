package blksh.luks;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The header of LUKS1 (on-disk format specification 1.2.3): 592 bytes, without a checksum. */
final class Luks1 {

  private static final int LENGTH = 592;
  private static final int FIELD = 32;
  private static final int DIGEST = 20;
  private static final int SLOTS = 8;
  private static final int FIRST_SLOT = 208;
  private static final int SLOT = 48;
  private static final int ACTIVE = 0xac71f3;

  private Luks1() {}

  static LuksHeader read(BlockSource source) throws LuksProblem {
    ByteBuffer header = LuksHeader.bytes(source, 0, LENGTH);
    LuksProblem.unless(header != null, "its header is cut short");
    String name = LuksHeader.text(header, 8, FIELD) + "-" + LuksHeader.text(header, 40, FIELD);
    String hash = LuksHeader.text(header, 72, FIELD);
    CipherName cipher = CipherName.of(name);
    Hash.digestName(hash);
    int keyBytes = header.getInt(108);
    byte[] digest = new byte[DIGEST];
    header.get(112, digest);
    List<KeySlot> slots = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      int at = FIRST_SLOT + i * SLOT;
      if (header.getInt(at) == ACTIVE) {
        try {
          slots.add(slot(header, at, i, keyBytes, cipher, hash));
        } catch (IllegalArgumentException e) {
          skipped.add("key slot %d is not tried: %s".formatted(i, e.getMessage()));
        }
      }
    }
    try {
      return new LuksHeader(
          1,
          LuksHeader.text(header, 168, 40),
          "",
          (header.getInt(104) & 0xffffffffL) * LuksHeader.SECTOR,
          -1,
          cipher,
          LuksHeader.SECTOR,
          0,
          slots,
          digest,
          derivation(header, 164, 132, hash),
          List.of(),
          skipped);
    } catch (IllegalArgumentException e) {
      throw new LuksProblem("its header is damaged: " + e.getMessage());
    }
  }

  private static KeySlot slot(
      ByteBuffer header, int at, int number, int keyBytes, CipherName cipher, String hash) {
    return new KeySlot(
        number,
        keyBytes,
        derivation(header, at + 4, at + 8, hash),
        (header.getInt(at + 40) & 0xffffffffL) * LuksHeader.SECTOR,
        cipher,
        keyBytes,
        header.getInt(at + 44),
        hash);
  }

  private static KeyDerivation.Pbkdf2 derivation(
      ByteBuffer header, int iterations, int salt, String hash) {
    byte[] bytes = new byte[FIELD];
    header.get(salt, bytes);
    return new KeyDerivation.Pbkdf2(hash, header.getInt(iterations) & 0xffffffffL, bytes);
  }
}
