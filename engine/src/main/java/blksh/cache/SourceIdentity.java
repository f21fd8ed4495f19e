package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which source a cache belongs to, so that another never mixes in.
 *
 * @param fingerprint the first 8 hexadecimal digits of the SHA-1 of its first 64 KiB, as blkcache
 *     names its files; empty when these cannot be read
 * @param size bytes
 * @param serial the drive's serial number, or empty
 */
public record SourceIdentity(String fingerprint, long size, String serial) {

  private static final int HEAD = 64 << 10;
  private static final int DIGITS = 8;

  /** Looks at a source. */
  public static SourceIdentity of(BlockSource source) {
    String serial = source.describe().details().getOrDefault("serial", "");
    return new SourceIdentity(fingerprint(source), source.size(), serial);
  }

  /** A source as it was noted, when it is not there to be looked at. */
  static SourceIdentity noted(Map<String, String> notes, BlockSource absent) {
    return new SourceIdentity(
        notes.getOrDefault("fingerprint", ""), absent.size(), notes.getOrDefault("serial", ""));
  }

  private static String fingerprint(BlockSource source) {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    try {
      source.read(0, head);
    } catch (UnreadableException e) {
      return "";
    }
    return digest(head.flip());
  }

  private static String digest(ByteBuffer bytes) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-1");
      sha.update(bytes);
      return HexFormat.of().formatHex(sha.digest()).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What files about this source are named after: its fingerprint, or else size and serial. */
  public String name() {
    return fingerprint.isEmpty()
        ? digest(ByteBuffer.wrap((size + " " + serial).getBytes(StandardCharsets.UTF_8)))
        : fingerprint;
  }

  Map<String, String> notes() {
    Map<String, String> notes = new LinkedHashMap<>();
    notes.put("size", Long.toString(size));
    notes.put("fingerprint", fingerprint);
    notes.put("serial", serial);
    notes.values().removeIf(String::isEmpty);
    return notes;
  }

  /**
   * Compares with what was noted of the source a cache was begun with.
   *
   * @throws BlkshException when it is another source
   */
  void check(Map<String, String> noted, String action) {
    check(noted.get("size"), Long.toString(size), "size", action);
    check(noted.get("fingerprint"), fingerprint, "fingerprint", action);
    check(noted.get("serial"), serial, "serial number", action);
  }

  private static void check(String noted, String found, String what, String action) {
    if (noted != null && !found.isEmpty() && !noted.equals(found)) {
      throw new BlkshException(
              action,
              "it was begun with another medium: %s %s, now %s".formatted(what, noted, found))
          .suggest("put that medium back, or use another file");
    }
  }
}
