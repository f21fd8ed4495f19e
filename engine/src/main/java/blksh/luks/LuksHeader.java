package blksh.luks;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a header says, of whichever version.
 *
 * @param version 1 or 2
 * @param uuid of the volume
 * @param label of the volume, or empty
 * @param start first byte of what is encrypted
 * @param length bytes of it; -1 up to the end
 * @param cipher what it is encrypted with
 * @param sector bytes that are encrypted in one piece
 * @param firstVector number of the first sector, as initial vectors count
 * @param slots the key slots that may open it, in the order to try them
 * @param digest what proves the key
 * @param digestTerms how that is made of the key
 * @param warnings what is damaged, as sentences
 * @param skipped which key slots are not tried, and why, as sentences
 */
record LuksHeader(
    int version,
    String uuid,
    String label,
    long start,
    long length,
    CipherName cipher,
    int sector,
    long firstVector,
    List<KeySlot> slots,
    byte[] digest,
    KeyDerivation.Pbkdf2 digestTerms,
    List<String> warnings,
    List<String> skipped) {

  static final String MAGIC = "LUKS\u00ba\u00be";
  static final String SECOND_MAGIC = "SKUL\u00ba\u00be";
  static final int SECTOR = 512;

  /** Big-endian bytes of a source, or null when they do not all lie within it. */
  static ByteBuffer bytes(BlockSource source, long position, int length) {
    if (position < 0 || length <= 0 || position > source.size() - length) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length);
    return source.read(position, buffer) < length ? null : buffer.rewind();
  }

  static boolean has(ByteBuffer bytes, String magic) {
    for (int i = 0; bytes != null && i < magic.length(); i++) {
      if ((bytes.get(i) & 0xff) != magic.charAt(i)) {
        return false;
      }
    }
    return bytes != null;
  }

  /** Text up to a NUL or the end of its field; what does not print becomes {@code ?}. */
  static String text(ByteBuffer bytes, int at, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = at; i < at + length && bytes.get(i) != 0; i++) {
      char c = (char) (bytes.get(i) & 0xff);
      text.append(c >= 0x20 && c < 0x7f ? c : '?');
    }
    return text.toString();
  }

  /** Holds what it says against what is there; leaves out slots that cannot be, and tells. */
  LuksHeader checked(BlockSource source) throws LuksProblem {
    LuksProblem.unless(start > 0, "its header is for another device (detached), which is not read");
    LuksProblem.unless(
        start % SECTOR == 0 && start < source.size(),
        "what is encrypted begins at byte %d, and there are %d",
        start,
        source.size());
    LuksProblem.unless(
        length == -1 || length > 0 && length <= source.size() - start && length % sector == 0,
        "what is encrypted has %d bytes from byte %d on, and there are %d",
        length,
        start,
        source.size());
    List<KeySlot> fine = new ArrayList<>();
    List<String> told = new ArrayList<>(skipped);
    for (KeySlot slot : slots) {
      String problem = problem(slot, source);
      if (problem.isEmpty()) {
        fine.add(slot);
      } else {
        told.add("key slot %d is not tried: %s".formatted(slot.number(), problem));
      }
    }
    LuksProblem.unless(
        !fine.isEmpty(),
        "%s",
        told.isEmpty()
            ? "it has no key slot in use"
            : "none of its key slots can be tried here: " + String.join("; ", told));
    return new LuksHeader(
        version,
        uuid,
        label,
        start,
        length,
        cipher,
        sector,
        firstVector,
        fine,
        digest,
        digestTerms,
        warnings,
        told);
  }

  private String problem(KeySlot slot, BlockSource source) {
    if (!cipher.takesKey(slot.keyBytes()) || !slot.areaCipher().takesKey(slot.areaKeyBytes())) {
      return "its key is of a length that its cipher does not take";
    }
    return slot.areaStart() <= source.size() - slot.areaBytes() ? "" : "it lies outside";
  }
}
