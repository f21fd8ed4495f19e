package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the records of a file say about it: its attributes, by type and name. */
final class NtfsRecord {

  // Types of attributes.
  static final int STANDARD_INFORMATION = 0x10;
  static final int ATTRIBUTE_LIST = 0x20;
  static final int FILE_NAME = 0x30;
  static final int VOLUME_NAME = 0x60;
  static final int VOLUME_INFORMATION = 0x70;
  static final int DATA = 0x80;
  static final int INDEX_ROOT = 0x90;
  static final int INDEX_ALLOCATION = 0xa0;
  static final int BITMAP = 0xb0;
  static final int REPARSE_POINT = 0xc0;

  /** The name of the attributes that are a directory's index of names. */
  static final String NAMES = "$I30";

  /** The bits of a reference to a record that are its number. */
  static final long REFERENCE = (1L << 48) - 1;

  /** Where the value of a name says whether it is one for DOS. */
  private static final int NAME_KIND = 65;

  private static final int DOS = 2;

  private static final int END = 0xffffffff;
  private static final int DIRECTORY = 2;
  private static final int COMPRESSED = 0x00ff;
  private static final int LZNT1 = 1;
  private static final int ENCRYPTED = 0x4000;

  /** NTFS lets no list be longer, in bytes. */
  private static final int LONGEST_LIST = 256 << 10;

  private final NtfsRecords records;
  private final long number;
  private final Structure base;

  /** Attributes in order of their first cluster; filled when first needed. */
  private List<Attribute> attributes;

  /**
   * One attribute, or one part of it.
   *
   * @param at where it is in its record
   */
  private record Attribute(int type, String name, long firstCluster, Structure record, int at) {

    boolean isResident() {
      return record.u8(at + 8) == 0;
    }

    int flags() {
      return record.u16(at + 12);
    }

    int length() {
      return record.i32(at + 4);
    }
  }

  NtfsRecord(NtfsRecords records, long number, Structure base) {
    this.records = records;
    this.number = number;
    this.base = base;
  }

  boolean isDirectory() {
    return (base.u16(0x16) & DIRECTORY) != 0;
  }

  FileSystemDamageException damage() {
    return records.volume().damage("file record %d is damaged".formatted(number));
  }

  /** The attributes within one record. */
  private List<Attribute> within(Structure record) {
    List<Attribute> found = new ArrayList<>();
    int end = Math.min(record.length(), Math.max(0, record.i32(0x18)));
    for (int at = record.u16(0x14); at + 24 <= end; ) {
      int type = record.i32(at);
      if (type == END) {
        return found;
      }
      int length = record.i32(at + 4);
      boolean resident = record.u8(at + 8) == 0;
      if (length < (resident ? 24 : 64) || length % 8 != 0 || length > end - at) {
        throw damage();
      }
      int characters = record.u8(at + 9);
      int name = record.u16(at + 10);
      if (characters > 0 && name + characters * 2 > length) {
        throw damage();
      }
      String text =
          characters == 0
              ? ""
              : Volume.utf16(record.bytes(at + name, characters * 2), ByteOrder.LITTLE_ENDIAN);
      long first = resident ? 0 : record.i64(at + 16);
      found.add(new Attribute(type, text, first, record, at));
      at += length;
    }
    return found;
  }

  private synchronized List<Attribute> attributes() {
    if (attributes == null) {
      List<Attribute> all = new ArrayList<>(within(base));
      Attribute list =
          all.stream().filter(one -> one.type == ATTRIBUTE_LIST).findFirst().orElse(null);
      if (list != null) {
        addListed(all, bytes(List.of(list), LONGEST_LIST));
      }
      all.sort(Comparator.comparingLong(Attribute::firstCluster));
      attributes = all;
    }
    return attributes;
  }

  /** Adds the attributes that lie in other records. */
  private void addListed(List<Attribute> all, byte[] list) {
    Structure entries = Structure.of(list);
    Map<Long, Boolean> taken = new HashMap<>();
    boolean hasContent = false;
    for (int at = 0; at + 26 <= list.length; ) {
      int length = entries.u16(at + 4);
      if (length < 26) {
        throw damage();
      }
      hasContent |= entries.i32(at) == DATA && entries.u8(at + 6) == 0;
      long other = entries.i64(at + 16) & REFERENCE;
      if (other != number && taken.put(other, true) == null) {
        Structure record = records.read(other).base;
        if ((record.i64(0x20) & REFERENCE) != number) {
          throw damage();
        }
        all.addAll(within(record));
      }
      at += length;
    }
    if (hasContent && all.stream().noneMatch(one -> one.type == DATA && one.name.isEmpty())) {
      throw damage();
    }
  }

  private List<Attribute> parts(int type, String name) {
    return attributes().stream().filter(one -> one.type == type && one.name.equals(name)).toList();
  }

  boolean has(int type, String name) {
    return !parts(type, name).isEmpty();
  }

  /** The names of streams beside the content. */
  List<String> streams() {
    return attributes().stream()
        .filter(one -> one.type == DATA && !one.name.isEmpty())
        .map(Attribute::name)
        .distinct()
        .toList();
  }

  /** Whether it may have more than one name, as links go and not for DOS. */
  boolean hasMoreNames() {
    return attributes().stream()
            .filter(one -> one.type == FILE_NAME && one.isResident())
            .filter(one -> value(one).length > NAME_KIND && value(one)[NAME_KIND] != DOS)
            .count()
        > 1;
  }

  /** Whether all attributes are in this record, and none in another. */
  boolean isAlone() {
    return within(base).stream().noneMatch(one -> one.type == ATTRIBUTE_LIST);
  }

  /** Whether its list of attributes ends as it must. */
  boolean isEnded() {
    int end = base.u16(0x14);
    for (Attribute each : within(base)) {
      end = each.at + each.length();
    }
    return end <= base.length() - Integer.BYTES && base.i32(end) == END;
  }

  /** Whether an attribute that is there lies in the record. */
  boolean isResident(int type, String name) {
    return parts(type, name).get(0).isResident();
  }

  /** Bytes in an attribute; 0 when there is none. */
  long size(int type, String name) {
    List<Attribute> parts = parts(type, name);
    return parts.isEmpty() ? 0 : size(parts);
  }

  private long size(List<Attribute> parts) {
    Attribute first = parts.get(0);
    long size =
        first.isResident() ? first.record.u32(first.at + 16) : first.record.i64(first.at + 48);
    if (size < 0 || first.isResident() && size > first.length()) {
      throw damage();
    }
    return size;
  }

  /**
   * What a stream of the file holds, which is there, uncompressed.
   *
   * @throws BlkshException when it cannot be told
   */
  BlockSource stream(String name, String path) {
    List<Attribute> parts = parts(DATA, name);
    Attribute first = parts.get(0);
    if ((first.flags() & ENCRYPTED) != 0) {
      throw new BlkshException("open " + path, "NTFS keeps it encrypted")
          .suggest("copy it on a Windows that has the key of its owner");
    }
    int method = first.flags() & COMPRESSED;
    if (first.isResident() || method == 0) {
      return content(parts, path);
    }
    int shift = first.record.u16(first.at + 34);
    long unit = shift > 16 ? 0 : (long) records.clusterSize() << shift;
    if (method != LZNT1 || shift == 0 || unit < 1 || unit > ChunkedContent.LARGEST) {
      throw new BlkshException(
          "open " + path,
          "NTFS keeps it compressed in a way that is not known (%d, in units of %d clusters)"
              .formatted(method, 1L << Math.min(62, shift)));
    }
    NtfsUnits units =
        new NtfsUnits(records.volume(), runs(parts), (int) unit, first.record.i64(first.at + 56));
    return new ChunkedContent(records.volume(), path, size(parts), (int) unit, units);
  }

  /** An attribute that lies in the record; null when there is none, or it lies elsewhere. */
  byte[] resident(int type, String name, int most) {
    List<Attribute> parts = parts(type, name);
    if (parts.isEmpty() || !parts.get(0).isResident() || size(parts) > most) {
      return null;
    }
    return value(parts.get(0));
  }

  private byte[] value(Attribute attribute) {
    int length = attribute.record.i32(attribute.at + 16);
    int offset = attribute.record.u16(attribute.at + 20);
    if (length < 0 || offset + (long) length > attribute.length()) {
      throw damage();
    }
    return attribute.record.bytes(attribute.at + offset, length);
  }

  /** All bytes of an attribute; none when there is none. */
  byte[] whole(int type, String name, int most) {
    List<Attribute> parts = parts(type, name);
    return parts.isEmpty() ? new byte[0] : bytes(parts, most);
  }

  private byte[] bytes(List<Attribute> parts, int most) {
    long size = size(parts);
    if (size > most) {
      throw damage();
    }
    byte[] bytes = new byte[(int) size];
    content(parts, "file record " + number).read(0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** An attribute that is there, as a source. */
  BlockSource content(int type, String name, String path) {
    return content(parts(type, name), path);
  }

  private BlockSource content(List<Attribute> parts, String path) {
    Attribute first = parts.get(0);
    if (first.isResident()) {
      return new ByteArraySource(path, value(first));
    }
    return mapped(parts, path, size(parts));
  }

  /** As much of an attribute as its first part maps. */
  FileContent firstPart(int type, String path) {
    Attribute first =
        within(base).stream()
            .filter(one -> one.type == type && one.name.isEmpty() && !one.isResident())
            .findFirst()
            .orElseThrow(this::damage);
    NtfsRuns runs = new NtfsRuns(records, number, Long.MAX_VALUE);
    runs.add(first.record, first.at);
    return new FileContent(
        records.volume(), path, Math.min(runs.mapped(), size(List.of(first))), runs);
  }

  private FileContent mapped(List<Attribute> parts, String path, long size) {
    return new FileContent(records.volume(), path, size, runs(parts));
  }

  /** Where an attribute lies that is there, and not in the record. */
  NtfsRuns runs(int type, String name) {
    return runs(parts(type, name));
  }

  private NtfsRuns runs(List<Attribute> parts) {
    Attribute first = parts.get(0);
    NtfsRuns runs = new NtfsRuns(records, number, first.record.i64(first.at + 56));
    for (Attribute part : parts) {
      if (part.isResident()) {
        throw damage();
      }
      runs.add(part.record, part.at);
    }
    return runs;
  }
}
