package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.io.NameText;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a qcow2 image and the extensions behind it (QEMU, docs/interop/qcow2.txt). Numbers
 * are big-endian. Whatever is not known is refused by the name the image has for it.
 */
final class Qcow2Header {

  static final String MAGIC = "QFI\u00fb";

  /** Bytes of the header of version 2, and the least of version 3. */
  private static final int LENGTH_2 = 72;

  private static final int LENGTH_3 = 104;

  /** The largest header with its extensions: they lie in the first cluster, as QEMU has it. */
  private static final int LARGEST = 2 << 20;

  private static final int LEAST_CLUSTER_BITS = 9;
  private static final int MOST_CLUSTER_BITS = 21;
  private static final int EXTENDED_LEAST_BITS = 14;

  /** Bitmaps that are listed. */
  private static final int MOST_BITMAPS = 1000;

  private static final int LONGEST_NAME = 1023;

  /** The largest table of level 1, in bytes, as QEMU has it. */
  static final long LARGEST_L1 = 32 << 20;

  private static final int BACKING_FORMAT = 0xE2792ACA;
  private static final int FEATURE_NAMES = 0x6803f857;
  private static final int BITMAPS = 0x23852875;
  private static final int ENCRYPTION = 0x0537be77;
  private static final int DATA_FILE = 0x44415441;

  private static final long DIRTY = 1;
  private static final long CORRUPT = 1 << 1;
  private static final long EXTERNAL = 1 << 2;
  static final long COMPRESSION = 1 << 3;
  private static final long EXTENDED = 1 << 4;
  private static final long KNOWN = DIRTY | CORRUPT | EXTERNAL | COMPRESSION | EXTENDED;

  /** Autoclear: the bitmaps were kept up to date. */
  private static final long BITMAPS_VALID = 1;

  private final String action;
  private final BlockSource file;
  private final Structure head;
  private final Map<Integer, Structure> extensions = new LinkedHashMap<>();

  final int version;
  final int clusterBits;
  final long size;
  final int l1Size;
  final long l1Offset;
  final int snapshots;
  final long snapshotsOffset;
  private final long incompatible;
  private final int length;

  Qcow2Header(BlockSource file, String name) {
    this.file = file;
    this.action = "open " + name;
    byte[] first = new byte[LENGTH_3 + 8];
    int count = file.read(0, ByteBuffer.wrap(first));
    Structure begin = Structure.of(first).bigEndian();
    version = begin.i32(4);
    if (version != 2 && version != 3) {
      throw unsupported("it is qcow of version %d, and 2 and 3 are read".formatted(version));
    }
    length = version == 2 ? LENGTH_2 : begin.i32(100);
    clusterBits = begin.i32(20);
    if (count < LENGTH_2 || version == 3 && (count < LENGTH_3 || length < LENGTH_3)) {
      throw damaged(0, "its header is cut short");
    }
    if (clusterBits < LEAST_CLUSTER_BITS || clusterBits > MOST_CLUSTER_BITS) {
      throw damaged(20, "its clusters have 2^%d bytes".formatted(clusterBits));
    }
    if (length % 8 != 0 || length > clusterSize()) {
      throw damaged(100, "its header has %d bytes".formatted(length));
    }
    byte[] whole = new byte[(int) Math.min(LARGEST, Math.min(clusterSize(), file.size()))];
    file.read(0, ByteBuffer.wrap(whole));
    head = Structure.of(whole).bigEndian();
    incompatible = version == 2 ? 0 : head.i64(72);
    readExtensions();
    refuseUnknown();
    size = head.i64(24);
    l1Size = head.i32(36);
    l1Offset = head.i64(40);
    snapshots = head.i32(60);
    snapshotsOffset = head.i64(64);
    if (size < 0) {
      throw damaged(24, "its disk has 2^63 bytes or more");
    }
    if (isExtended() && clusterBits < EXTENDED_LEAST_BITS) {
      throw damaged(20, "its clusters of 2^%d bytes have subclusters".formatted(clusterBits));
    }
  }

  private void readExtensions() {
    long name = head.i64(8);
    long end = name > 0 ? Math.min(name, head.length()) : head.length();
    long at = length;
    while (at + 8 <= end) {
      int type = head.i32((int) at);
      long bytes = head.u32((int) at + 4);
      if (type == 0) {
        return;
      }
      if (bytes > head.length() - at - 8) {
        throw damaged(at, "an extension of its header has %d bytes".formatted(bytes));
      }
      extensions.put(type, Structure.of(head.bytes((int) at + 8, (int) bytes)).bigEndian());
      at += 8 + (bytes + 7) / 8 * 8;
    }
  }

  private void refuseUnknown() {
    int method = head.i32(32);
    if (method != 0 || extensions.containsKey(ENCRYPTION)) {
      String kind = method == 1 ? "AES" : method == 2 ? "LUKS" : "method " + method;
      throw unsupported("it is encrypted (%s), which is not read".formatted(kind))
          .suggest("qemu-img convert with --object secret makes a raw image of it");
    }
    long unknown = incompatible & ~KNOWN;
    if (unknown != 0) {
      int bit = Long.numberOfTrailingZeros(unknown);
      throw unsupported("it needs a feature that is not known: " + featureName(bit));
    }
    if ((incompatible & COMPRESSION) != 0 && (length <= LENGTH_3 || compressionType() > 1)) {
      throw unsupported("its clusters are compressed by method " + compressionType());
    }
  }

  /** What the image itself calls an incompatible feature. */
  private String featureName(int bit) {
    Structure names = extensions.get(FEATURE_NAMES);
    for (int at = 0; names != null && at + 48 <= names.length(); at += 48) {
      if (names.u8(at) == 0 && names.u8(at + 1) == bit) {
        return "%s (bit %d)".formatted(names.text(at + 2, 46), bit);
      }
    }
    return "bit " + bit;
  }

  private int compressionType() {
    return length > LENGTH_3 ? head.u8(LENGTH_3) : 0;
  }

  long clusterSize() {
    return 1L << clusterBits;
  }

  boolean isExtended() {
    return (incompatible & EXTENDED) != 0;
  }

  boolean hasDataFile() {
    return (incompatible & EXTERNAL) != 0;
  }

  DiskPacking unpacking() {
    return (incompatible & COMPRESSION) != 0 && compressionType() == 1
        ? DiskPacking.ZSTD
        : DiskPacking.DEFLATE;
  }

  long refcountOffset() {
    return head.i64(48);
  }

  long refcountClusters() {
    return head.u32(56);
  }

  /** Bits of a refcount. */
  int refcountBits() {
    return version == 2 ? 16 : 1 << (head.i32(96) & 7);
  }

  /** The name of what it was laid on, as bytes, or null. */
  byte[] backing() {
    long at = head.i64(8);
    long bytes = head.u32(16);
    if (at == 0 || bytes == 0) {
      return null;
    }
    if (bytes > LONGEST_NAME || at < 0 || at > head.length() - bytes) {
      throw damaged(8, "the name of its backing file has %d bytes".formatted(bytes));
    }
    return head.bytes((int) at, (int) bytes);
  }

  /** The format of what it was laid on, or an empty text when it does not say. */
  String backingFormat() {
    return text(BACKING_FORMAT);
  }

  private String text(int extension) {
    Structure bytes = extensions.get(extension);
    return bytes == null ? "" : bytes.text(0, bytes.length());
  }

  /** The name of the file that has its data. */
  byte[] dataFile() {
    Structure name = extensions.get(DATA_FILE);
    if (name == null || name.length() == 0) {
      throw damaged(length, "its data is in another file, and it does not say in which");
    }
    return name.bytes();
  }

  /** What is odd about it, as sentences. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if ((incompatible & DIRTY) != 0) {
      warnings.add("it was not closed: its refcounts may be wrong, which reading does not need");
    }
    if ((incompatible & CORRUPT) != 0) {
      warnings.add("QEMU found it damaged and marked it: `qemu-img check` tells more");
    }
    return warnings;
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("cluster size", clusterSize());
    fields.put("refcount bits", refcountBits());
    fields.put("compression type", unpacking() == DiskPacking.ZSTD ? "zstd" : "deflate");
    fields.put("subclusters", isExtended());
    byte[] backing = backing();
    if (backing != null) {
      fields.put("backing file", NameText.of(backing));
      fields.put("backing format", backingFormat());
    }
    if (hasDataFile()) {
      fields.put("data file", NameText.of(dataFile()));
    }
    List<String> bitmaps = bitmaps();
    if (!bitmaps.isEmpty()) {
      fields.put("bitmaps", bitmaps);
    }
    return fields;
  }

  /** The bitmaps of changes in it, by name. */
  private List<String> bitmaps() {
    List<String> names = new ArrayList<>();
    Structure extension = extensions.get(BITMAPS);
    if (extension == null || extension.length() < 24) {
      return names;
    }
    long size = extension.i64(8);
    long at = extension.i64(16);
    if (size <= 0 || size > LARGEST || at < 0 || at > file.size() - size) {
      return List.of("damaged");
    }
    byte[] bytes = new byte[(int) size];
    file.read(at, ByteBuffer.wrap(bytes));
    Structure directory = Structure.of(bytes).bigEndian();
    boolean kept = version == 3 && (head.i64(88) & BITMAPS_VALID) != 0;
    for (long entry = 0; entry + 24 <= size; ) {
      int i = (int) entry;
      int name = directory.u16(i + 18);
      long extra = directory.u32(i + 20);
      if (entry + 24 + extra + name > size) {
        names.add("damaged");
        break;
      }
      if (names.size() == MOST_BITMAPS) {
        names.add("and more");
        break;
      }
      boolean current = kept && (directory.i32(i + 12) & 1) == 0;
      byte[] text = directory.bytes(i + 24 + (int) extra, name);
      names.add(
          "%s, %d bytes a bit%s"
              .formatted(
                  NameText.of(text), 1L << directory.u8(i + 17), current ? "" : ", not kept up"));
      entry += (24 + extra + name + 7) / 8 * 8;
    }
    return names;
  }

  BlkshException damaged(long at, String problem) {
    return new DiskDamageException(action, problem).at(at);
  }

  BlkshException unsupported(String problem) {
    return new UnsupportedDiskException(action, problem);
  }
}
