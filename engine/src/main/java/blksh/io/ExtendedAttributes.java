package blksh.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The extended attributes of a file (xattr(7)), among which its access control lists and its
 * capabilities are; by name in the order of bytes.
 */
public record ExtendedAttributes(List<Attribute> all) {

  public static final ExtendedAttributes NONE = new ExtendedAttributes(List.of());

  private static final int NAMES = 4096;

  /** Largest list of names, and largest value, the kernel knows (linux/limits.h). */
  private static final int LARGEST = 1 << 16;

  public ExtendedAttributes {
    all = List.copyOf(all);
  }

  /** One of them. */
  public record Attribute(byte[] name, byte[] value) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Attribute it
          && Arrays.equals(name, it.name)
          && Arrays.equals(value, it.value);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(name) + Arrays.hashCode(value);
    }
  }

  /** Lists the names. */
  interface Names {
    long into(ByteBuffer names);
  }

  /** Gives a value. */
  interface Values {
    long of(byte[] name, ByteBuffer value);
  }

  public boolean isEmpty() {
    return all.isEmpty();
  }

  // Written out: what the compiler gives a record is made at run time, when a command starts.

  @Override
  public boolean equals(Object other) {
    return other instanceof ExtendedAttributes it && it.all.equals(all);
  }

  @Override
  public int hashCode() {
    return all.hashCode();
  }

  /** The value of one, or null. */
  public byte[] value(byte[] name) {
    for (Attribute each : all) {
      if (Arrays.equals(each.name, name)) {
        return each.value;
      }
    }
    return null;
  }

  /** None where the file system has none; one that vanishes meanwhile is left out. */
  static ExtendedAttributes of(String file, Names names, Values values) throws IOException {
    byte[] list = list(file, names, NAMES);
    if (list.length == 0) {
      return NONE;
    }
    List<Attribute> found = new ArrayList<>();
    try (DirectBuffer memory = DirectBuffer.borrow(LARGEST)) {
      ByteBuffer value = memory.bytes();
      int start = 0;
      for (int end = 0; end < list.length; end++) {
        if (list[end] == 0) {
          byte[] name = Arrays.copyOfRange(list, start, end);
          start = end + 1;
          long length = values.of(name, value);
          if (length >= 0) {
            byte[] bytes = new byte[(int) length];
            value.get(0, bytes);
            found.add(new Attribute(name, bytes));
          } else if (length != -SystemCallException.ENODATA) {
            throw new SystemCallException(file, (int) -length);
          }
        }
      }
    }
    found.sort((a, b) -> Arrays.compareUnsigned(a.name, b.name));
    return new ExtendedAttributes(found);
  }

  private static byte[] list(String file, Names names, int room) throws IOException {
    try (DirectBuffer memory = DirectBuffer.borrow(room)) {
      ByteBuffer bytes = memory.bytes();
      long length = names.into(bytes);
      if (length == -SystemCallException.ERANGE && room < LARGEST) {
        return list(file, names, LARGEST);
      }
      if (length == -SystemCallException.EOPNOTSUPP) {
        return new byte[0];
      }
      if (length < 0) {
        throw new SystemCallException(file, (int) -length);
      }
      byte[] list = new byte[(int) length];
      bytes.get(0, list);
      return list;
    }
  }
}
