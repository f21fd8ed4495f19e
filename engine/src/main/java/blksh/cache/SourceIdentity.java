package blksh.cache;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which source a cache belongs to, so that another never mixes in.
 *
 * @param fingerprint the first 8 hexadecimal digits of the SHA-1 of its first 64 KiB, as blkcache
 *     names its files; empty when these cannot be read
 * @param size bytes
 * @param marks what else the medium is known by, none of it empty: {@code serial}, {@code wwid},
 *     {@code cid}, {@code partition}, {@code disk}, {@code filesystem}
 */
public record SourceIdentity(String fingerprint, long size, Map<String, String> marks) {

  private static final String FINGERPRINT = "fingerprint";
  private static final String SERIAL = "serial";
  private static final String WWID = "wwid";

  /** Marks that lie on the medium and change with what is written to it. */
  private static final List<String> WRITTEN = List.of(FINGERPRINT, "disk", "filesystem");

  private static final List<String> MARKS =
      List.of(SERIAL, WWID, "cid", "partition", "disk", "filesystem");

  private static final int HEAD = 64 << 10;

  /** Where btrfs begins, which leaves alone what is before. */
  private static final int BEYOND = 4 << 10;

  private static final int DIGITS = 8;

  /** A mapfile may say anything. */
  private static final int LONGEST_QUOTED = 80;

  public SourceIdentity {
    Map<String, String> known = new LinkedHashMap<>();
    marks.forEach((key, value) -> known.put(key, value.replaceAll("\\p{Cntrl}", "?")));
    known.values().removeIf(String::isEmpty);
    marks = Collections.unmodifiableMap(known);
  }

  /** Looks at a source. */
  public static SourceIdentity of(BlockSource source) {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    boolean whole = read(source, 0, head);
    head.flip();
    Map<String, String> marks = new LinkedHashMap<>();
    marks.put(SERIAL, source.describe().details().getOrDefault(SERIAL, ""));
    DeviceMarks.note(source, marks);
    String fingerprint = whole ? digest(head.duplicate()) : "";
    if (whole) {
      ByteBuffer more = ByteBuffer.allocate(HEAD + BEYOND).put(head);
      read(source, HEAD, more);
      head = more.flip();
    }
    ContentMarks.note(head, marks);
    return new SourceIdentity(fingerprint, source.size(), marks);
  }

  /** Reads what can be read, once. @return whether that was all */
  private static boolean read(BlockSource source, long position, ByteBuffer target) {
    try {
      source.read(position, target);
      return true;
    } catch (UnreadableException e) {
      return false;
    }
  }

  /** A source as it was noted, when it is not there to be looked at. */
  static SourceIdentity noted(Map<String, String> notes, BlockSource absent) {
    Map<String, String> marks = new LinkedHashMap<>(notes);
    marks.keySet().retainAll(MARKS);
    return new SourceIdentity(notes.getOrDefault(FINGERPRINT, ""), absent.size(), marks);
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
        ? digest(size + " " + marks.getOrDefault(SERIAL, ""))
        : fingerprint;
  }

  /**
   * What files about this source are named after when another has taken its name, as media do that
   * begin alike.
   *
   * @param number 1 for the first that gives way, 2 for the next
   */
  String name(int number) {
    String own = name() + "-" + digest(size + " " + marks);
    return number == 1 ? own : own + "-" + number;
  }

  private static String digest(String text) {
    return digest(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * What to note of it.
   *
   * @param writing whether its beginning is about to change
   */
  Map<String, String> notes(boolean writing) {
    Map<String, String> notes = new LinkedHashMap<>();
    notes.put("size", Long.toString(size));
    notes.put(FINGERPRINT, fingerprint);
    notes.putAll(marks);
    notes.values().removeIf(String::isEmpty);
    if (writing) {
      notes.keySet().removeAll(WRITTEN);
    }
    return notes;
  }

  /**
   * Compares with what was noted of the source a cache was begun with.
   *
   * @throws OtherMediumException when it is another source
   */
  void check(Map<String, String> noted, String action) {
    check(noted, "size", "size", Long.toString(size), action);
    check(noted, FINGERPRINT, FINGERPRINT, fingerprint, action);
    for (String mark : MARKS) {
      String what = mark.equals(SERIAL) ? "serial number" : mark;
      check(noted, mark, what, marks.getOrDefault(mark, ""), action);
    }
  }

  private static void check(
      Map<String, String> noted, String key, String what, String found, String action) {
    String before = noted.get(key);
    boolean telling = before != null && !found.isEmpty() && !before.equals(found);
    if (telling && (!key.equals(WWID) || areAlike(before, found))) {
      throw new OtherMediumException(
          action,
          "it was begun with another medium: %s %s, now %s"
              .formatted(what, quoted(before), quoted(found)),
          "put that medium back, or use another file");
    }
  }

  private static String quoted(String mark) {
    return mark.length() <= LONGEST_QUOTED ? mark : mark.substring(0, LONGEST_QUOTED) + "…";
  }

  /** Another adapter may show another kind of identifier, as in {@code naa.…} and {@code eui.…}. */
  private static boolean areAlike(String one, String other) {
    return kind(one).equals(kind(other));
  }

  private static String kind(String mark) {
    int dot = mark.indexOf('.');
    return dot < 0 ? "" : mark.substring(0, dot);
  }
}
