package blksh.filesystem;

import java.nio.ByteBuffer;

/**
 * The table by which exFAT tells whether two names are the same (Microsoft, "exFAT file system
 * specification", 7.2): of each character of 16 bits the one that stands for it. A volume brings
 * its own.
 */
final class ExFatUpcase {

  private static final int CHARACTERS = 1 << 16;

  /** Before a number of characters that stand for themselves. */
  private static final int RUN = 0xffff;

  private final char[] table = new char[CHARACTERS];

  private ExFatUpcase() {
    for (int i = 0; i < CHARACTERS; i++) {
      table[i] = (char) i;
    }
  }

  /** One by which every character stands for itself, where the volume's own cannot be read. */
  static ExFatUpcase none() {
    return new ExFatUpcase();
  }

  /**
   * A table as a volume has it.
   *
   * @param stored all of its bytes, up to 128 KiB
   * @param checksum what its entry says of them
   */
  static ExFatUpcase of(Volume volume, byte[] stored, int checksum) {
    int sum = 0;
    for (byte each : stored) {
      sum = Integer.rotateRight(sum, 1) + (each & 0xff);
    }
    if (sum != checksum) {
      throw volume.damage("its table of capital letters fails its checksum");
    }
    ExFatUpcase upcase = new ExFatUpcase();
    Structure bytes = Structure.of(stored);
    int character = 0;
    for (int at = 0; at + 2 <= stored.length && character < CHARACTERS; at += 2) {
      int value = bytes.u16(at);
      if (value == RUN && at + 4 <= stored.length) {
        at += 2;
        character += bytes.u16(at);
      } else {
        upcase.table[character++] = (char) value;
      }
    }
    return upcase;
  }

  String of(String name) {
    ByteBuffer characters = ByteBuffer.allocate(name.length() * 2);
    for (int i = 0; i < name.length(); i++) {
      characters.putChar(table[name.charAt(i)]);
    }
    return characters.flip().asCharBuffer().toString();
  }
}
