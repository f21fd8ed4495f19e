package blksh.snapshot;

import blksh.io.ExtendedAttributes;
import blksh.io.LittleEndian;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A block of the table as it is read, record by record. Used by one thread. */
final class TreeBlockReader {

  /** What the record read last says. */
  final TreeRecord record = new TreeRecord();

  private final PageSize pageSize;
  private byte[] bytes;
  private int at;
  private int end;
  private int left;
  private long place;
  private final List<EntryAttributes> known = new ArrayList<>();
  private long modified;
  private long changed;
  private long inode;

  /**
   * @param pageSize of the image
   */
  TreeBlockReader(PageSize pageSize) {
    this.pageSize = pageSize;
  }

  /**
   * Begins a block.
   *
   * @param from where it is in the array
   * @param most bytes that are its own
   * @param firstPage the page of the image where the contents of its files begin
   */
  void begin(byte[] block, int from, int most, long firstPage) throws IOException {
    bytes = block;
    int length = LittleEndian.i32(block, from);
    left = LittleEndian.i32(block, from + 4);
    if (length < TreeBlock.HEADER || length > most || left < 0) {
      throw new IOException("a block of its table does not make sense");
    }
    at = from + TreeBlock.HEADER;
    end = from + length;
    place = firstPage;
    known.clear();
    record.pathLength = 0;
    modified = 0;
    changed = 0;
    inode = 0;
  }

  /** Reads the next record; false after the last. */
  boolean next() throws IOException {
    if (left == 0) {
      return false;
    }
    left--;
    try {
      read();
      return true;
    } catch (IndexOutOfBoundsException | IllegalArgumentException | NegativeArraySizeException e) {
      throw new IOException("a record of its table does not make sense", e);
    }
  }

  private void read() throws IOException {
    TreeRecord r = record;
    int shared = count(r.pathLength);
    int rest = count(end - at);
    int length = shared + rest;
    if (r.path.length < length) {
      r.path = Arrays.copyOf(r.path, 2 * length);
    }
    System.arraycopy(bytes, at, r.path, shared, rest);
    r.pathLength = length;
    at += rest;
    r.plain();
    int form = bytes[at++] & 0xFF;
    r.type = TreeRecord.Type.ofCode(form & TreeBlock.TYPE);
    if (r.type == null) {
      throw new IOException("an entry of its table is of a type this blksh does not know");
    }
    attributes(r);
    modified += signed();
    r.modifiedSeconds = modified;
    r.modifiedNanos = count(999_999_999);
    changed += signed();
    r.changedSeconds = changed;
    r.changedNanos = count(999_999_999);
    inode += signed();
    r.inode = inode;
    if ((form & TreeBlock.LINKED) != 0) {
      r.links = number();
    }
    boolean elsewhere = (form & TreeBlock.ELSEWHERE) != 0;
    if (elsewhere) {
      r.passedOver = number();
      r.firstPage = number();
      if (r.passedOver < 0 || r.firstPage < 0) {
        throw new IOException("an entry of its table has its contents nowhere");
      }
    }
    if ((form & TreeBlock.MARKED) != 0) {
      mark(r);
    }
    if ((form & TreeBlock.OTHER_NAME) != 0) {
      int same = count(r.pathLength);
      int more = count(end - at);
      byte[] name = Arrays.copyOf(r.path, same + more);
      System.arraycopy(bytes, at, name, same, more);
      at += more;
      r.firstName = name;
    }
    switch (r.type) {
      case FILE -> file(r);
      case LINK -> r.target = text();
      case CHARACTER_DEVICE, BLOCK_DEVICE -> r.size = number();
      default -> {}
    }
    if (!elsewhere) {
      r.firstPage = place;
    }
    place += r.pagesAtPlace(pageSize);
  }

  private void file(TreeRecord r) throws IOException {
    r.size = number();
    if (r.size < 0) {
      throw new IOException("a file of its table has less than no bytes");
    }
    if (r.hasContents()) {
      need(Page.DIGEST);
      System.arraycopy(bytes, at, r.digest, 0, Page.DIGEST);
      at += Page.DIGEST;
    }
  }

  private void mark(TreeRecord r) throws IOException {
    need(1);
    int code = bytes[at++];
    TreeRecord.State[] all = TreeRecord.State.values();
    if (code < 0 || code >= all.length) {
      throw new IOException("an entry of its table is marked as this blksh does not know");
    }
    r.state = all[code];
    r.problem = new String(text(), StandardCharsets.UTF_8);
  }

  private void attributes(TreeRecord r) throws IOException {
    int number = count(known.size());
    if (number > 0) {
      r.attributes = known.get(number - 1);
      return;
    }
    int mode = count(07777);
    int uid = (int) number();
    int gid = (int) number();
    long device = number();
    int extended = count(end - at);
    List<ExtendedAttributes.Attribute> all = new ArrayList<>(Math.min(extended, 16));
    for (int i = 0; i < extended; i++) {
      all.add(new ExtendedAttributes.Attribute(text(), text()));
    }
    r.attributes =
        new EntryAttributes(
            mode,
            uid,
            gid,
            device,
            all.isEmpty() ? ExtendedAttributes.NONE : new ExtendedAttributes(all));
    known.add(r.attributes);
  }

  private byte[] text() throws IOException {
    int length = count(end - at);
    byte[] text = Arrays.copyOfRange(bytes, at, at + length);
    at += length;
    need(0);
    return text;
  }

  private void need(int more) throws IOException {
    if (more > end - at) {
      throw new IOException("a block of its table ends too early");
    }
  }

  private int count(int most) throws IOException {
    long number = number();
    if (number < 0 || number > most) {
      throw new IOException("a number in its table does not make sense");
    }
    return (int) number;
  }

  private long signed() throws IOException {
    long number = number();
    return number >>> 1 ^ -(number & 1);
  }

  private long number() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at >= end) {
        break;
      }
      byte next = bytes[at++];
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IOException("a number in its table does not end");
  }
}
