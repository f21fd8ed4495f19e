package blksh.catalogue;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Text as bytes, put together piece by piece: what is on discs line by line, millions of times. */
final class ByteText {

  private static final byte[] DIGITS = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  /** The most digits of a number of 64 bits, with its sign. */
  private static final int LONGEST_NUMBER = 20;

  private byte[] bytes = new byte[512];
  private int length;

  int length() {
    return length;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes, 0, length);
  }

  ByteText clear() {
    length = 0;
    return this;
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
    }
  }

  /** Takes the last bytes away. */
  void shorten(int by) {
    length -= by;
  }

  ByteText add(ByteText other) {
    return add(other.bytes, 0, other.length);
  }

  /** Adds a byte. */
  ByteText add(int each) {
    reserve(1);
    bytes[length++] = (byte) each;
    return this;
  }

  ByteText add(byte[] all) {
    return add(all, 0, all.length);
  }

  ByteText add(byte[] all, int from, int count) {
    reserve(count);
    System.arraycopy(all, from, bytes, length, count);
    length += count;
    return this;
  }

  /** Adds text that is ASCII. */
  ByteText add(String ascii) {
    int count = ascii.length();
    reserve(count);
    for (int i = 0; i < count; i++) {
      bytes[length + i] = (byte) ascii.charAt(i);
    }
    length += count;
    return this;
  }

  /** Adds a number in decimal digits. */
  ByteText number(long number) {
    return number(number, 0);
  }

  /** As above. @param width how many characters it takes at least, with blanks before it */
  ByteText number(long number, int width) {
    reserve(LONGEST_NUMBER + width);
    int digits = number < 0 ? 2 : 1;
    for (long rest = number / 10; rest != 0; rest /= 10) {
      digits++;
    }
    for (int i = digits; i < width; i++) {
      bytes[length++] = ' ';
    }
    int at = length + digits;
    length = at;
    long rest = number;
    do {
      bytes[--at] = DIGITS[(int) Math.abs(rest % 10)];
      rest /= 10;
    } while (rest != 0);
    if (number < 0) {
      bytes[--at] = '-';
    }
    return this;
  }

  /** Adds bytes as two hexadecimal digits each. */
  ByteText hex(byte[] all) {
    reserve(2 * all.length);
    for (byte each : all) {
      bytes[length++] = DIGITS[each >> 4 & 15];
      bytes[length++] = DIGITS[each & 15];
    }
    return this;
  }
}
