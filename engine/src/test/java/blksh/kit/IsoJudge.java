package blksh.kit;

import blksh.kit.DiscJudge.File;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The part of {@link DiscJudge} for ECMA-119 with Rock Ridge, or for Joliet. */
final class IsoJudge {

  private record Directory(String path, long sector, int parent, byte[] identifier) {}

  private final DiscJudge judge;
  private final boolean primary;
  private final String tree;
  private final Map<String, File> files = new TreeMap<>();
  private final List<Directory> found = new ArrayList<>();
  private final Map<Integer, Integer> names = new TreeMap<>();
  private final Map<Integer, Integer> claimed = new TreeMap<>();

  /** The file that goes on with the next record. */
  private byte[] openIdentifier;

  private final List<long[]> openPieces = new ArrayList<>();

  IsoJudge(DiscJudge judge, boolean primary) {
    this.judge = judge;
    this.primary = primary;
    this.tree = primary ? "ISO" : "Joliet";
    ByteBuffer volume = descriptor();
    judge.check(both32(volume, 80) == judge.sectors(), "%s: its volume has another size", tree);
    judge.check(both16(volume, 128) == DiscJudge.SECTOR, "%s: its blocks are no sectors", tree);
    byte[] root = Arrays.copyOfRange(volume.array(), 156, 190);
    walk(little(root));
    for (Map.Entry<Integer, Integer> claim : claimed.entrySet()) {
      int names = this.names.getOrDefault(claim.getKey(), 0);
      judge.check(names == claim.getValue(), "%s: file %d has %d names", tree, claim, names);
    }
    tables(volume);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer descriptor() {
    ByteBuffer found = null;
    for (int sector = 16; ; sector++) {
      ByteBuffer each = judge.sector(sector);
      judge.check(text(each, 1, 5).equals("CD001"), "sector %d is no volume descriptor", sector);
      int type = each.get(0) & 0xff;
      if (type == 255 || !text(each, 1, 5).equals("CD001")) {
        judge.check(text(judge.sector(sector + 1), 1, 5).equals("BEA01"), "UDF does not follow");
        return found;
      }
      boolean joliet = type == 2 && text(each, 88, 3).equals("%/E");
      if (primary ? type == 1 : joliet) {
        judge.check(found == null, "%s has two volume descriptors", tree);
        found = each;
      }
    }
  }

  private static String text(ByteBuffer bytes, int at, int length) {
    return new String(bytes.array(), at, length, StandardCharsets.ISO_8859_1);
  }

  private long both32(ByteBuffer bytes, int at) {
    int little = bytes.getInt(at);
    judge.check(little == Integer.reverseBytes(bytes.getInt(at + 4)), "%s: 32 bits differ", tree);
    return little & 0xffffffffL;
  }

  private int both16(ByteBuffer bytes, int at) {
    short little = bytes.getShort(at);
    judge.check(little == Short.reverseBytes(bytes.getShort(at + 2)), "%s: 16 bits differ", tree);
    return little & 0xffff;
  }

  Map<String, File> files() {
    return files;
  }

  List<String> directories() {
    return found.stream().map(Directory::path).toList();
  }

  private void walk(ByteBuffer root) {
    List<long[]> places = new ArrayList<>();
    found.add(new Directory("", both32(root, 2), 0, new byte[1]));
    places.add(new long[] {both32(root, 2), both32(root, 10)});
    for (int i = 0; i < found.size(); i++) {
      directory(i, places);
    }
  }

  private void directory(int number, List<long[]> places) {
    Directory directory = found.get(number);
    long[] place = places.get(number);
    judge.check(place[1] % 2048 == 0, "%s: %s is no whole sectors", tree, directory.path);
    judge.structure(place[0] * 2048, place[1], tree + " directory " + directory.path);
    ByteBuffer bytes = judge.read(place[0] * 2048, place[1]);
    Set<String> identifiers = new HashSet<>();
    byte[] before = null;
    int count = 0;
    for (int at = 0; at < bytes.capacity(); ) {
      int length = bytes.get(at) & 0xff;
      if (length == 0) {
        judge.check(at % 2048 != 0, "%s: an empty sector in %s", tree, directory.path);
        at = (at / 2048 + 1) * 2048;
        continue;
      }
      judge.check(at / 2048 == (at + length - 1) / 2048, "%s: a record crosses", tree);
      ByteBuffer record = little(Arrays.copyOfRange(bytes.array(), at, at + length));
      byte[] identifier = Arrays.copyOfRange(record.array(), 33, 33 + (record.get(32) & 0xff));
      judge.check(length % 2 == 0, "%s: a record of %d bytes", tree, length);
      judge.check(both16(record, 28) == 1, "%s: a record of another volume", tree);
      if (count < 2) {
        long[] whom = count == 0 ? place : places.get(directory.parent);
        judge.check(
            Arrays.equals(identifier, new byte[] {(byte) count})
                && both32(record, 2) == whom[0]
                && both32(record, 10) == whom[1],
            "%s: record %d of %s is another",
            tree,
            count,
            directory.path);
        fields(record, identifier, number == 0 && count == 0);
      } else {
        boolean sameFile = Arrays.equals(identifier, openIdentifier);
        judge.check(openIdentifier == null || sameFile, "%s: a file breaks off", tree);
        judge.check(
            sameFile || before == null || compare(before, identifier) < 0,
            "%s: %s is out of order",
            tree,
            text(little(identifier), 0, identifier.length));
        judge.check(
            sameFile || identifiers.add(Arrays.toString(identifier)), "%s: one name twice", tree);
        entry(record, identifier, number, places);
        before = identifier;
      }
      at += length;
      count++;
    }
    judge.check(openIdentifier == null, "%s: a file has no end in %s", tree, directory.path);
    judge.check(count >= 2, "%s: %s lacks itself", tree, directory.path);
  }

  private int compare(byte[] one, byte[] other) {
    if (!primary) {
      return Arrays.compareUnsigned(one, other);
    }
    String[] a = parts(one);
    String[] b = parts(other);
    int byName = a[0].compareTo(b[0]);
    return byName != 0 ? byName : a[1].compareTo(b[1]);
  }

  /** Name and ending, padded with blanks. */
  private static String[] parts(byte[] identifier) {
    String text = new String(identifier, StandardCharsets.ISO_8859_1).replaceAll(";.*", "");
    int dot = text.indexOf('.');
    String name = dot < 0 ? text : text.substring(0, dot);
    String ending = dot < 0 ? "" : text.substring(dot + 1);
    return new String[] {"%-40s".formatted(name), "%-40s".formatted(ending)};
  }

  private void entry(ByteBuffer record, byte[] identifier, int parent, List<long[]> places) {
    int flags = record.get(25);
    Fields fields = fields(record, identifier, false);
    String name = primary ? fields.name() : jolietName(identifier, (flags & 2) != 0);
    String path = found.get(parent).path + "/" + name;
    long sector = both32(record, 2);
    long length = both32(record, 10);
    if ((flags & 2) != 0) {
      judge.check(identifier.length <= (primary ? 31 : 206), "%s: %s is too long", tree, path);
      found.add(new Directory(path, sector, parent, identifier));
      places.add(new long[] {sector, length});
      return;
    }
    judge.check(identifier.length <= (primary ? 33 : 210), "%s: %s is too long", tree, path);
    openPieces.add(new long[] {sector * 2048, length});
    if ((flags & 0x80) != 0) {
      judge.check(length % 2048 == 0, "%s: a part of %s is no whole sectors", tree, path);
      openIdentifier = identifier;
      return;
    }
    long size = openPieces.stream().mapToLong(piece -> piece[1]).sum();
    for (int i = 1; i < openPieces.size(); i++) {
      long[] last = openPieces.get(i - 1);
      judge.check(last[0] + last[1] == openPieces.get(i)[0], "%s: %s has gaps", tree, path);
    }
    judge.content(openPieces.get(0)[0], size, path);
    if (primary) {
      names.merge(fields.number, 1, Integer::sum);
      claimed.put(fields.number, fields.links);
    }
    File file =
        new File(
            fields.isLink ? 'l' : 'f',
            size,
            List.copyOf(openPieces),
            fields.mode,
            fields.uid,
            fields.links,
            fields.seconds);
    judge.check(files.put(path, file) == null, "%s: %s is there twice", tree, path);
    openPieces.clear();
    openIdentifier = null;
  }

  private static String jolietName(byte[] identifier, boolean isDirectory) {
    String name = new String(identifier, StandardCharsets.UTF_16BE);
    return isDirectory ? name : name.replaceAll(";1$", "");
  }

  /** What Rock Ridge says in a record. */
  private static final class Fields {
    final ByteArrayOutputStream nameBytes = new ByteArrayOutputStream();
    int mode = -1;
    int links = -1;
    long uid = -1;
    int number = -1;
    long seconds;
    boolean isLink;
    boolean isRockRidge;
    boolean hasFields;

    String name() {
      return nameBytes.toString(StandardCharsets.ISO_8859_1);
    }
  }

  private Fields fields(ByteBuffer record, byte[] identifier, boolean ofRoot) {
    Fields fields = new Fields();
    int from = 33 + identifier.length + (1 - identifier.length % 2);
    if (!primary) {
      judge.check(from >= record.capacity() - 1, "Joliet: a record has fields");
      return fields;
    }
    ByteBuffer area = little(Arrays.copyOfRange(record.array(), from, record.capacity()));
    for (int i = 0; area != null; i++) {
      judge.check(i < 10, "ISO: continuations without end");
      area = i < 10 ? take(area, fields) : null;
    }
    judge.check(fields.mode >= 0, "ISO: a record has no attributes");
    judge.check(!ofRoot || fields.hasFields && fields.isRockRidge, "ISO: no Rock Ridge is told");
    return fields;
  }

  /** Takes the fields of an area; where they go on, or null. */
  private ByteBuffer take(ByteBuffer area, Fields to) {
    ByteBuffer next = null;
    int at = 0;
    while (at + 4 <= area.capacity()) {
      int length = area.get(at + 2) & 0xff;
      judge.check(length >= 4 && at + length <= area.capacity(), "ISO: a field is damaged");
      if (length < 4 || at + length > area.capacity()) {
        return null;
      }
      switch (text(area, at, 2)) {
        case "SP" -> to.hasFields = true;
        case "ER" -> to.isRockRidge = text(area, at + 8, 10).equals("RRIP_1991A");
        case "NM" -> to.nameBytes.write(area.array(), at + 5, length - 5);
        case "SL" -> to.isLink = true;
        case "PX" -> {
          to.mode = (int) both32(area, at + 4);
          to.links = (int) both32(area, at + 12);
          to.uid = both32(area, at + 20);
          to.number = (int) both32(area, at + 36);
        }
        case "TF" -> {
          int[] of = new int[6];
          for (int i = 0; i < 6; i++) {
            of[i] = area.get(at + 5 + i) & 0xff;
          }
          to.seconds =
              LocalDateTime.of(1900 + of[0], of[1], of[2], of[3], of[4], of[5])
                  .toEpochSecond(ZoneOffset.UTC);
        }
        case "CE" -> {
          long offset = both32(area, at + 12);
          long bytes = both32(area, at + 20);
          judge.check(offset + bytes <= 2048, "ISO: a continuation crosses");
          next = judge.read(both32(area, at + 4) * 2048 + offset, bytes);
        }
        default -> judge.check(false, "ISO: a field %s", text(area, at, 2));
      }
      at += length;
    }
    judge.check(area.capacity() - at <= 1, "ISO: %d bytes are no field", area.capacity() - at);
    return next;
  }

  private void tables(ByteBuffer volume) {
    int size = (int) both32(volume, 132);
    long little = volume.getInt(140) & 0xffffffffL;
    long big = Integer.reverseBytes(volume.getInt(148)) & 0xffffffffL;
    judge.structure(little * 2048, size, tree + " path table");
    judge.structure(big * 2048, size, tree + " path table");
    ByteBuffer one = judge.read(little * 2048, size);
    ByteBuffer other = judge.read(big * 2048, size).order(ByteOrder.BIG_ENDIAN);
    Set<Long> sectors = new HashSet<>();
    found.forEach(directory -> sectors.add(directory.sector));
    int number = 0;
    int lastParent = 0;
    byte[] last = null;
    for (int at = 0; at < size; number++) {
      int length = one.get(at) & 0xff;
      byte[] identifier = Arrays.copyOfRange(one.array(), at + 8, at + 8 + length);
      long sector = one.getInt(at + 2) & 0xffffffffL;
      int parent = one.getShort(at + 6) & 0xffff;
      judge.check(
          other.getInt(at + 2) == (int) sector
              && (other.getShort(at + 6) & 0xffff) == parent
              && Arrays.equals(identifier, 0, length, other.array(), at + 8, at + 8 + length),
          "%s: its path tables differ",
          tree);
      judge.check(sectors.remove(sector), "%s: a path leads nowhere", tree);
      judge.check(number == 0 ? parent == 1 : parent <= number, "%s: parent %d", tree, parent);
      judge.check(
          parent > lastParent
              || parent == 0xffff
              || last == null
              || Arrays.compareUnsigned(last, identifier) < 0,
          "%s: its path table is out of order",
          tree);
      judge.check(parent >= lastParent, "%s: its path table is out of order", tree);
      last = number == 0 ? null : identifier;
      lastParent = parent;
      at += 8 + length + length % 2;
    }
    judge.check(sectors.isEmpty(), "%s: %d directories have no path", tree, sectors.size());
  }
}
