package blksh.filesystem;

/**
 * The beginning of a source, by which it is told what fills it: {@link #LENGTH} bytes, zeros where
 * the source is shorter.
 */
@FunctionalInterface
interface Head {

  /** Every mark known lies before this byte. */
  int LENGTH = (64 << 10) + 256;

  /** Some of the bytes, within the first {@link #LENGTH}. */
  Structure at(int position, int length);

  default boolean has(int position, String text) {
    return at(position, text.length()).has(0, text);
  }

  /** Bytes that were read already, however many. */
  static Head of(Structure bytes) {
    return (position, length) -> {
      byte[] part = new byte[length];
      int count = Math.min(length, bytes.length() - position);
      if (count > 0) {
        System.arraycopy(bytes.bytes(), position, part, 0, count);
      }
      return Structure.of(part);
    };
  }

  /** Bytes that are read from a volume once they are asked for. */
  static Head of(Volume volume) {
    return (position, length) -> {
      byte[] part = new byte[length];
      int count = (int) Math.min(length, volume.source().size() - position);
      if (count > 0) {
        System.arraycopy(volume.read(position, count).bytes(), 0, part, 0, count);
      }
      return Structure.of(part);
    };
  }
}
