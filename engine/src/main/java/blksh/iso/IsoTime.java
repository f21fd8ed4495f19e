package blksh.iso;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;

/** Times as ISO 9660 has them, in UTC; what is before 1900 or after 2155 becomes the nearest. */
final class IsoTime {

  /** Bytes of a time of a directory record (ECMA-119, 9.1.5). */
  static final int LENGTH = 7;

  static final long FIRST = LocalDateTime.of(1900, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
  static final long LAST = LocalDateTime.of(2155, 12, 31, 23, 59, 59).toEpochSecond(ZoneOffset.UTC);

  private IsoTime() {}

  private static LocalDateTime within(long seconds) {
    long clamped = Math.max(FIRST, Math.min(LAST, seconds));
    return LocalDateTime.ofEpochSecond(clamped, 0, ZoneOffset.UTC);
  }

  static void put(byte[] to, int at, long seconds) {
    LocalDateTime time = within(seconds);
    to[at] = (byte) (time.getYear() - 1900);
    to[at + 1] = (byte) time.getMonthValue();
    to[at + 2] = (byte) time.getDayOfMonth();
    to[at + 3] = (byte) time.getHour();
    to[at + 4] = (byte) time.getMinute();
    to[at + 5] = (byte) time.getSecond();
    to[at + 6] = 0;
  }

  /** A time of a volume descriptor (ECMA-119, 8.4.26.1), 17 bytes: sixteen digits and the zone. */
  static byte[] digits(long seconds) {
    LocalDateTime time = within(seconds);
    String digits =
        String.format(
            Locale.ROOT,
            "%04d%02d%02d%02d%02d%02d00\0",
            time.getYear(),
            time.getMonthValue(),
            time.getDayOfMonth(),
            time.getHour(),
            time.getMinute(),
            time.getSecond());
    return digits.getBytes(StandardCharsets.US_ASCII);
  }
}
