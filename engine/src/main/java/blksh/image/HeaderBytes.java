package blksh.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The fields of a header, little-endian unless said otherwise. */
record HeaderBytes(byte[] bytes) {

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  int u8(int offset) {
    return bytes[offset] & 0xff;
  }

  int u16(int offset) {
    return (short) SHORT.get(bytes, offset) & 0xffff;
  }

  int i32(int offset) {
    return (int) INT.get(bytes, offset);
  }

  long u32(int offset) {
    return i32(offset) & 0xffffffffL;
  }

  /** A number from 0 to 2^63 - 1; anything above is negative. */
  long i64(int offset) {
    return (long) LONG.get(bytes, offset);
  }

  int bigEndian32(int offset) {
    return Integer.reverseBytes(i32(offset));
  }

  void putU16(int offset, int value) {
    SHORT.set(bytes, offset, (short) value);
  }

  void putI32(int offset, int value) {
    INT.set(bytes, offset, value);
  }

  void putI64(int offset, long value) {
    LONG.set(bytes, offset, value);
  }

  void putText(int offset, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(ascii, 0, bytes, offset, ascii.length);
  }

  /** Text up to a NUL or the end of its field; what does not print becomes {@code ?}. */
  String text(int offset, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = offset; i < offset + length && bytes[i] != 0; i++) {
      text.append(bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char) bytes[i] : '?');
    }
    return text.toString().strip();
  }

  /** Whether a text stands at an offset; false past the end of the bytes. */
  boolean has(int offset, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.ISO_8859_1);
    if (offset + ascii.length > bytes.length) {
      return false;
    }
    for (int i = 0; i < ascii.length; i++) {
      if (bytes[offset + i] != ascii[i]) {
        return false;
      }
    }
    return true;
  }
}
