package blksh.lz;

/** Repeats what was decoded before. */
final class Copy {

  private Copy() {}

  /**
   * @param at where to
   * @param limit what may be filled ends there
   * @return the byte after the last filled
   */
  static int within(byte[] bytes, int at, int distance, int length, int limit)
      throws BadChunkException {
    if (distance < 1 || distance > at || length > limit - at) {
      throw new BadChunkException("refers to what is not there");
    }
    for (int i = at; i < at + length; i++) {
      bytes[i] = bytes[i - distance];
    }
    return at + length;
  }
}
