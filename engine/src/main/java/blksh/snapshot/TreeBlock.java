package blksh.snapshot;

import blksh.io.ExtendedAttributes;
import blksh.io.LittleEndian;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A block of the table as it is written. It says nothing of where contents are nor what other
 * blocks say, so it stays the same, byte for byte, as long as its entries do. The layout is at
 * {@link TreeTable}.
 */
final class TreeBlock {

  static final int HEADER = 8;
  static final int TYPE = 0x0F;
  static final int LINKED = 0x10;
  static final int ELSEWHERE = 0x20;
  static final int MARKED = 0x40;
  static final int OTHER_NAME = 0x80;

  /** Room for all of a record that is of no great length. */
  private static final int ROOM = 256;

  private byte[] bytes = new byte[64 << 10];
  private int length;
  private int records;
  private final Map<EntryAttributes, Integer> known = new HashMap<>();
  private EntryAttributes last;
  private int lastNumber;
  private byte[] path = new byte[256];
  private int pathLength;
  private long modified;
  private long changed;
  private long inode;

  TreeBlock() {
    clear();
  }

  /** Empties it. */
  void clear() {
    length = HEADER;
    records = 0;
    known.clear();
    last = null;
    pathLength = 0;
    modified = 0;
    changed = 0;
    inode = 0;
  }

  int length() {
    return length;
  }

  int records() {
    return records;
  }

  /** Ends it: its header is there, and what it lacks to whole pages is zeros. @return its pages */
  int finish(PageSize pageSize) {
    LittleEndian.putI32(bytes, 0, length);
    LittleEndian.putI32(bytes, 4, records);
    int pages = (int) pageSize.count(length);
    need(0);
    if (bytes.length < pageSize.at(pages)) {
      bytes = Arrays.copyOf(bytes, pageSize.at(pages));
    }
    Arrays.fill(bytes, length, pageSize.at(pages), (byte) 0);
    return pages;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Adds the next entry in order. */
  void add(TreeRecord r) {
    need(r.pathLength + ROOM);
    int shared = Arrays.mismatch(path, 0, pathLength, r.path, 0, r.pathLength);
    shared = shared < 0 ? pathLength : shared;
    number(shared);
    text(r.path, shared, r.pathLength - shared);
    remember(r);
    boolean elsewhere = r.passedOver >= 0;
    boolean marked = r.state != TreeRecord.State.WHOLE;
    bytes[length++] =
        (byte)
            (r.type.ordinal()
                | (r.links > 1 ? LINKED : 0)
                | (elsewhere ? ELSEWHERE : 0)
                | (marked ? MARKED : 0)
                | (r.firstName != null ? OTHER_NAME : 0));
    attributes(r.attributes);
    signed(r.modifiedSeconds - modified);
    number(r.modifiedNanos);
    signed(r.changedSeconds - changed);
    number(r.changedNanos);
    signed(r.inode - inode);
    modified = r.modifiedSeconds;
    changed = r.changedSeconds;
    inode = r.inode;
    if (r.links > 1) {
      number(r.links);
    }
    if (elsewhere) {
      number(r.passedOver);
      number(r.firstPage);
    }
    if (marked) {
      bytes[length++] = (byte) r.state.ordinal();
      byte[] problem = r.problem.getBytes(StandardCharsets.UTF_8);
      text(problem, 0, problem.length);
    }
    if (r.firstName != null) {
      int same = Arrays.mismatch(r.path, 0, r.pathLength, r.firstName, 0, r.firstName.length);
      number(same);
      text(r.firstName, same, r.firstName.length - same);
    }
    switch (r.type) {
      case FILE -> file(r);
      case LINK -> text(r.target, 0, r.target.length);
      case CHARACTER_DEVICE, BLOCK_DEVICE -> number(r.size);
      default -> {}
    }
    records++;
  }

  private void file(TreeRecord r) {
    number(r.size);
    if (r.hasContents()) {
      System.arraycopy(r.digest, 0, bytes, length, Page.DIGEST);
      length += Page.DIGEST;
    }
  }

  private void remember(TreeRecord r) {
    if (path.length < r.pathLength) {
      path = new byte[2 * r.pathLength];
    }
    System.arraycopy(r.path, 0, path, 0, r.pathLength);
    pathLength = r.pathLength;
  }

  private void attributes(EntryAttributes a) {
    if (a == last) {
      number(lastNumber);
      return;
    }
    Integer number = known.putIfAbsent(a, known.size() + 1);
    if (number != null) {
      number(number);
      lastNumber = number;
    } else {
      number(0);
      number(a.mode());
      number(a.uid() & 0xFFFFFFFFL);
      number(a.gid() & 0xFFFFFFFFL);
      number(a.device());
      number(a.extended().all().size());
      for (ExtendedAttributes.Attribute each : a.extended().all()) {
        text(each.name(), 0, each.name().length);
        text(each.value(), 0, each.value().length);
      }
      lastNumber = known.size();
    }
    last = a;
  }

  private void text(byte[] from, int at, int count) {
    need(count + ROOM);
    number(count);
    System.arraycopy(from, at, bytes, length, count);
    length += count;
  }

  /** Numbers that may be less than zero: the small ones stay small. */
  private void signed(long value) {
    number(value << 1 ^ value >> 63);
  }

  /** Seven bits a byte, the least significant first, the highest bit set in all but the last. */
  private void number(long value) {
    long left = value;
    while ((left & ~0x7FL) != 0) {
      bytes[length++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[length++] = (byte) left;
  }

  private void need(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
