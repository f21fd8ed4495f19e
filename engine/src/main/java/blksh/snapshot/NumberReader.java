package blksh.snapshot;

import java.io.EOFException;
import java.io.IOException;

/** Reads numbers of a variable length, seven bits a byte, and bytes between them. */
final class NumberReader {

  private final byte[] bytes;
  private int at;

  NumberReader(byte[] bytes) {
    this.bytes = bytes;
  }

  int left() {
    return bytes.length - at;
  }

  long number() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 70 && at < bytes.length; shift += 7) {
      byte next = bytes[at++];
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new EOFException("a number does not end");
  }

  int count(int most) throws IOException {
    long number = number();
    if (number < 0 || number > most) {
      throw new IOException("a number does not make sense");
    }
    return (int) number;
  }

  void bytes(byte[] to, int from, int length) throws IOException {
    if (length > left()) {
      throw new EOFException("it ends too early");
    }
    System.arraycopy(bytes, at, to, from, length);
    at += length;
  }
}
