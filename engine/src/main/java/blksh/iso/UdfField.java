package blksh.iso;

import blksh.filesystem.Udf;
import blksh.io.LittleEndian;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** What descriptors of UDF are made of (ECMA-167 part 1, OSTA UDF 1.02 chapter 2). */
final class UdfField {

  /** UDF 1.02, as domains have it: least significant byte first. */
  static final int REVISION = 0x0102;

  private static final int DESCRIPTOR_VERSION = 2;
  private static final int UTC = 0x1000;
  private static final long FIRST = LocalDateTime.of(1, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
  private static final long LAST =
      LocalDateTime.of(9999, 12, 31, 23, 59, 59).toEpochSecond(ZoneOffset.UTC);

  private UdfField() {}

  /**
   * Puts the tag before a descriptor whose other bytes are there.
   *
   * @param at where it begins
   * @param length bytes of it that its checksum covers, without the tag
   * @param block where it lies
   */
  static void tag(byte[] to, int at, int kind, int length, long block) {
    LittleEndian.putU16(to, at, kind);
    LittleEndian.putU16(to, at + 2, DESCRIPTOR_VERSION);
    LittleEndian.putU16(to, at + Udf.TAG_CRC, Udf.crc(to, at + Udf.TAG, length));
    LittleEndian.putU16(to, at + Udf.TAG_CRC_LENGTH, length);
    LittleEndian.putI32(to, at + Udf.TAG_BLOCK, (int) block);
    to[at + Udf.TAG_CHECKSUM] = 0;
    int sum = 0;
    for (int i = 0; i < Udf.TAG; i++) {
      sum += to[at + i];
    }
    to[at + Udf.TAG_CHECKSUM] = (byte) sum;
  }

  /** Text in a field whose last byte says how much of it is used (OSTA UDF 1.02, 2.1.3). */
  static void text(byte[] to, int at, int length, String ascii) {
    byte[] encoded = UdfNames.encoded(ascii);
    if (ascii.isEmpty()) {
      return;
    }
    if (encoded.length > length - 1) {
      throw new IllegalArgumentException("'%s' is longer than %d".formatted(ascii, length - 2));
    }
    System.arraycopy(encoded, 0, to, at, encoded.length);
    to[at + length - 1] = (byte) encoded.length;
  }

  /** Which characters texts are of; 64 bytes. */
  static void charset(byte[] to, int at) {
    ascii(to, at + 1, "OSTA Compressed Unicode");
  }

  private static void ascii(byte[] to, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, to, at, bytes.length);
  }

  /** Who made or defines something; 32 bytes. */
  static void entity(byte[] to, int at, String identifier, int... suffix) {
    ascii(to, at + 1, identifier);
    for (int i = 0; i < suffix.length; i++) {
      to[at + 24 + i] = (byte) suffix[i];
    }
  }

  /** What made it. */
  static void implementation(byte[] to, int at) {
    entity(to, at, "*blksh", 4, 5);
  }

  /** The domain: UDF 1.02, not to be written to. */
  static void domain(byte[] to, int at) {
    entity(to, at, "*OSTA UDF Compliant", REVISION & 0xff, REVISION >> 8, 3);
  }

  /** A time in UTC; 12 bytes. */
  static void time(byte[] to, int at, long seconds, int nanos) {
    long within = Math.max(FIRST, Math.min(LAST, seconds));
    LocalDateTime time = LocalDateTime.ofEpochSecond(within, 0, ZoneOffset.UTC);
    int micros = nanos / 1000;
    LittleEndian.putU16(to, at, UTC);
    LittleEndian.putU16(to, at + 2, time.getYear());
    to[at + 4] = (byte) time.getMonthValue();
    to[at + 5] = (byte) time.getDayOfMonth();
    to[at + 6] = (byte) time.getHour();
    to[at + 7] = (byte) time.getMinute();
    to[at + 8] = (byte) time.getSecond();
    to[at + 9] = (byte) (micros / 10_000);
    to[at + 10] = (byte) (micros / 100 % 100);
    to[at + 11] = (byte) (micros % 100);
  }

  /** Where something lies: its bytes and its block; 8 bytes. */
  static void extent(byte[] to, int at, long bytes, long block) {
    LittleEndian.putI32(to, at, (int) bytes);
    LittleEndian.putI32(to, at + 4, (int) block);
  }

  /** Where something lies in the one partition, and its number; 16 bytes. */
  static void longExtent(byte[] to, int at, long bytes, long block, int number) {
    extent(to, at, bytes, block);
    LittleEndian.putI32(to, at + 12, number);
  }
}
