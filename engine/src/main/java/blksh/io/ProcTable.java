package blksh.io;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A table of the kernel, such as it has in /proc: a line for each row, with a blank between fields.
 * What would break it, a blank or a newline within a name, stands there as a backslash and three
 * octal digits. All other bytes are as they are, also those that are no UTF-8.
 */
final class ProcTable {

  private ProcTable() {}

  /** The fields of one row, which may be empty; as they stand there. */
  record Row(List<byte[]> fields) {

    int size() {
      return fields.size();
    }

    /** A field as text; bytes that are no UTF-8 are replaced. */
    String text(int field) {
      return ProcTable.text(fields.get(field));
    }

    /** The parts of a field between commas. */
    List<String> list(int field) {
      List<String> parts = new ArrayList<>();
      for (byte[] part : split(fields.get(field), (byte) ',')) {
        parts.add(ProcTable.text(part));
      }
      return parts;
    }

    /** A field as a path, byte for byte; null when it is none from the root on. */
    Path path(int field) {
      byte[] bytes = plain(fields.get(field));
      return bytes.length > 0 && bytes[0] == '/' ? PathBytes.path(bytes) : null;
    }
  }

  static List<Row> rows(byte[] table) {
    List<Row> rows = new ArrayList<>();
    for (byte[] line : split(table, (byte) '\n')) {
      if (line.length > 0) {
        rows.add(new Row(split(line, (byte) ' ')));
      }
    }
    return rows;
  }

  private static List<byte[]> split(byte[] bytes, byte between) {
    List<byte[]> parts = new ArrayList<>();
    ByteArrayOutputStream part = new ByteArrayOutputStream();
    for (byte each : bytes) {
      if (each == between) {
        parts.add(part.toByteArray());
        part.reset();
      } else {
        part.write(each);
      }
    }
    parts.add(part.toByteArray());
    return parts;
  }

  private static String text(byte[] escaped) {
    return new String(plain(escaped), StandardCharsets.UTF_8);
  }

  /** A backslash that no three octal digits follow stands for itself. */
  private static byte[] plain(byte[] escaped) {
    ByteArrayOutputStream plain = new ByteArrayOutputStream(escaped.length);
    for (int i = 0; i < escaped.length; i++) {
      int code = escaped[i] == '\\' ? octal(escaped, i + 1) : -1;
      plain.write(code < 0 ? escaped[i] : code);
      i += code < 0 ? 0 : 3;
    }
    return plain.toByteArray();
  }

  /** The byte that three octal digits name, or -1 when they do not. */
  private static int octal(byte[] bytes, int at) {
    if (at + 3 > bytes.length) {
      return -1;
    }
    int code = 0;
    for (int i = at; i < at + 3; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 7) {
        return -1;
      }
      code = code * 8 + digit;
    }
    return code <= 0xff ? code : -1;
  }
}
