package blksh.tree;

import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.Packed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a {@link ScanCache} knows of a part of a directory. Entries are asked for by name in the
 * order of bytes, by one thread.
 *
 * <p>An entry is, {@link Packed}: name, kind (the ordinal of its type, and 0x80 when it may have
 * changed unseen), size, seconds and nanoseconds of both times, inode, device, token. Of a
 * directory all numbers are 0: its times change with whatever is in it.
 */
public final class ScanRow {

  static final ScanRow NONE = new ScanRow(new byte[0], null);

  private static final int UNSETTLED = 0x80;
  private static final int NUMBERS = 7;
  private static final byte[] NOTHING = {};

  private final byte[] single;
  private final byte[] all;
  private Packed entries;

  /** The entry that was read last; null before the first. */
  private byte[] name;

  private int kind;
  private final long[] numbers = new long[NUMBERS];
  private byte[] token;

  ScanRow(byte[] all, byte[] single) {
    this.all = all;
    this.single = single;
    this.entries = new Packed(all);
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
    byte[] last = lastToken(entry);
    return last != null && isUnchanged(entry.status()) ? last : null;
  }

  /**
   * What was kept of an entry, whether it has changed or not.
   *
   * @return null when nothing was
   */
  public byte[] lastToken(TreeEntry entry) {
    try {
      int compared;
      while (name == null || (compared = Arrays.compareUnsigned(name, entry.name())) < 0) {
        if (!next()) {
          return null;
        }
      }
      return compared == 0 && token.length > 0 ? token : null;
    } catch (IllegalArgumentException damaged) {
      entries = new Packed(NOTHING);
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
    if (!entries.hasMore()) {
      return false;
    }
    name = entries.bytes();
    kind = (int) entries.number();
    for (int i = 0; i < NUMBERS; i++) {
      numbers[i] = entries.number();
    }
    token = entries.bytes();
    return true;
  }

  /** The directories among all of them, up to where the row is damaged. */
  List<byte[]> directories() {
    List<byte[]> found = new ArrayList<>();
    ScanRow again = new ScanRow(all, null);
    try {
      while (again.next()) {
        if (again.kind == FileType.DIRECTORY.ordinal()) {
          found.add(again.name);
        }
      }
    } catch (IllegalArgumentException damaged) {
      // what is behind the damage is not known
    }
    return found;
  }

  /** A row. @param looked a moment before any of them was looked at */
  static byte[] packed(List<ScanCache.Kept> entries, Instant looked) {
    Packed.Packing row = new Packed.Packing(64 + entries.size() * 96);
    for (ScanCache.Kept each : entries) {
      FileStatus status = each.entry().status();
      row.bytes(each.entry().name());
      if (status.isDirectory()) {
        row.number(status.type().ordinal());
        for (int i = 0; i < NUMBERS; i++) {
          row.number(0);
        }
        row.bytes(NOTHING);
        continue;
      }
      boolean settled = ScanCache.isSettled(status, looked);
      row.number(status.type().ordinal() | (settled ? 0 : UNSETTLED))
          .number(status.size())
          .number(status.mtimeSeconds())
          .number(status.mtimeNanos())
          .number(status.ctimeSeconds())
          .number(status.ctimeNanos())
          .number(status.inode())
          .number(status.device())
          .bytes(each.token() == null ? NOTHING : each.token());
    }
    return row.toByteArray();
  }
}
