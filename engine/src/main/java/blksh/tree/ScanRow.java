package blksh.tree;

import blksh.io.FileStatus;
import blksh.io.FileType;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a {@link ScanCache} knows of a part of a directory. Entries are asked for by name in the
 * order of bytes, by one thread.
 *
 * <p>An entry is: length of the name, name, kind (the ordinal of its type, and 0x80 when it may
 * have changed unseen), size, seconds and nanoseconds of both times, inode, device, length of the
 * token, token. Numbers are of seven bits a byte, the lowest first.
 */
public final class ScanRow {

  static final ScanRow NONE = new ScanRow(new byte[0], null);

  private static final int UNSETTLED = 0x80;

  private final byte[] entries;
  private final byte[] single;
  private int at;

  /** The entry that is next, once {@link #next} was there. */
  private byte[] name;

  private int kind;
  private final long[] numbers = new long[7];
  private byte[] token;

  ScanRow(byte[] entries, byte[] single) {
    this.entries = entries;
    this.single = single;
  }

  /** The row as it stands there, when it is one and of the same part; else null. */
  byte[] single() {
    return single;
  }

  /**
   * What was kept of an entry that has not changed since.
   *
   * @return null when it has changed, or may have, or nothing was kept
   */
  public byte[] token(TreeEntry entry) {
    try {
      int compared;
      while (name == null || (compared = Arrays.compareUnsigned(name, entry.name())) < 0) {
        if (!next()) {
          return null;
        }
      }
      return compared == 0 && isUnchanged(entry.status()) && token.length > 0 ? token : null;
    } catch (ArrayIndexOutOfBoundsException | NegativeArraySizeException e) {
      at = entries.length;
      return null;
    }
  }

  private boolean isUnchanged(FileStatus status) {
    return kind == status.type().ordinal()
        && numbers[0] == status.size()
        && numbers[1] == status.mtimeSeconds()
        && numbers[2] == status.mtimeNanos()
        && numbers[3] == status.ctimeSeconds()
        && numbers[4] == status.ctimeNanos()
        && numbers[5] == status.inode()
        && numbers[6] == status.device();
  }

  private boolean next() {
    if (at >= entries.length) {
      return false;
    }
    name = bytes();
    kind = entries[at++] & 0xff;
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number();
    }
    token = bytes();
    return true;
  }

  private byte[] bytes() {
    long length = number();
    if (length < 0 || length > entries.length - at) {
      throw new ArrayIndexOutOfBoundsException();
    }
    at += (int) length;
    return Arrays.copyOfRange(entries, at - (int) length, at);
  }

  private long number() {
    long number = 0;
    int shift = 0;
    while (true) {
      byte each = entries[at++];
      number |= (each & 0x7fL) << shift;
      if (each >= 0) {
        return number;
      }
      shift += 7;
    }
  }

  /** The directories among all of them. */
  List<byte[]> directories() {
    List<byte[]> found = new ArrayList<>();
    ScanRow again = new ScanRow(entries, null);
    try {
      while (again.next()) {
        if ((again.kind & ~UNSETTLED) == FileType.DIRECTORY.ordinal()) {
          found.add(again.name);
        }
      }
    } catch (ArrayIndexOutOfBoundsException | NegativeArraySizeException e) {
      // what is behind the damage is not known
    }
    return found;
  }

  /** A row. @param looked a moment before any of them was looked at */
  static byte[] packed(List<ScanCache.Kept> entries, Instant looked) {
    ByteArrayOutputStream row = new ByteArrayOutputStream(64 + entries.size() * 96);
    for (ScanCache.Kept each : entries) {
      FileStatus status = each.entry().status();
      byte[] token = each.token() == null ? new byte[0] : each.token();
      boolean settled = status.isDirectory() || ScanCache.isSettled(each.entry(), looked);
      put(row, each.entry().name().length);
      row.writeBytes(each.entry().name());
      row.write(status.type().ordinal() | (settled ? 0 : UNSETTLED));
      if (status.isDirectory()) {
        // Only that it is there: its times change with whatever is in it.
        row.writeBytes(new byte[8]);
        continue;
      }
      put(row, status.size());
      put(row, status.mtimeSeconds());
      put(row, status.mtimeNanos());
      put(row, status.ctimeSeconds());
      put(row, status.ctimeNanos());
      put(row, status.inode());
      put(row, status.device());
      put(row, token.length);
      row.writeBytes(token);
    }
    return row.toByteArray();
  }

  private static void put(ByteArrayOutputStream row, long number) {
    long rest = number;
    while ((rest & ~0x7fL) != 0) {
      row.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    row.write((int) rest);
  }
}
