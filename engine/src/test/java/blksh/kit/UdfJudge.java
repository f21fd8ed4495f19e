package blksh.kit;

import blksh.kit.DiscJudge.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The part of {@link DiscJudge} for ECMA-167 as OSTA UDF 1.02 wants it. */
final class UdfJudge {

  /** What the polynomial x^16 + x^12 + x^5 + 1 leaves of each byte. */
  private static final int[] REMAINDERS = new int[256];

  static {
    for (int each = 0; each < 256; each++) {
      int rest = each << 8;
      for (int bit = 0; bit < 8; bit++) {
        rest = (rest & 0x8000) != 0 ? (rest << 1 ^ 0x1021) & 0xffff : rest << 1;
      }
      REMAINDERS[each] = rest;
    }
  }

  private final DiscJudge judge;
  private final Map<String, File> files = new TreeMap<>();
  private final Map<Long, Integer> names = new HashMap<>();
  private final Map<Long, Integer> claimed = new HashMap<>();
  private final Set<Long> numbers = new HashSet<>();
  private long start;
  private long blocks;
  private int directories;

  private record Directory(String path, long block, long parent) {}

  /** A file entry as it was read. */
  private record Entry(
      int type, long size, List<long[]> pieces, int mode, long uid, int links, long seconds) {}

  UdfJudge(DiscJudge judge) {
    this.judge = judge;
    List<Long> anchors = new ArrayList<>();
    long last = judge.sectors() - 1;
    for (long sector : new long[] {256, last - 256, last}) {
      if (judge.sector(sector).getShort(0) == 2) {
        tag(judge.sector(sector), 2, sector, "anchor");
        anchors.add(sector);
      }
    }
    judge.check(anchors.contains(256L) && anchors.contains(last), "UDF: anchors %s", anchors);
    ByteBuffer anchor = judge.sector(256);
    ByteBuffer volume = sequence(anchor.getInt(20));
    sequence(anchor.getInt(28));
    judge.check(volume.getInt(212) == 2048, "UDF: its blocks are no sectors");
    judge.check(volume.getInt(268) == 1, "UDF: %d partitions", volume.getInt(268));
    judge.check((volume.getShort(240) & 0xffff) == 0x0102, "UDF: another revision");
    long integrityAt = volume.getInt(436) & 0xffffffffL;
    ByteBuffer integrity = judge.sector(integrityAt);
    tag(integrity, 9, integrityAt, "integrity");
    judge.check(integrity.getInt(28) == 1, "UDF: it is open");
    ByteBuffer set = block(volume.getInt(252));
    tag(set, 256, volume.getInt(252), "file set");
    walk(set.getInt(404) & 0xffffffffL);
    for (long block : names.keySet()) {
      judge.check(
          names.get(block).equals(claimed.get(block)),
          "UDF: the file at %d has %d names and says %d",
          block,
          names.get(block),
          claimed.get(block));
    }
    judge.check(integrity.getInt(120) == names.size() - directories, "UDF: it counts other files");
    judge.check(integrity.getInt(124) == directories, "UDF: it counts other directories");
  }

  Map<String, File> files() {
    return files;
  }

  private ByteBuffer sequence(int at) {
    ByteBuffer volume = null;
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 16; i++) {
      ByteBuffer each = judge.sector(at + i);
      int kind = each.getShort(0) & 0xffff;
      tag(each, kind, at + i, "descriptor " + kind);
      seen.add(kind);
      if (kind == 8) {
        break;
      } else if (kind == 5) {
        start = each.getInt(188) & 0xffffffffL;
        blocks = each.getInt(192) & 0xffffffffL;
        judge.check(start + blocks < judge.sectors(), "UDF: the partition leaves no anchor");
      } else if (kind == 6) {
        volume = each;
      }
    }
    judge.check(seen.equals(Set.of(1, 4, 5, 6, 7, 8)), "UDF: descriptors %s", seen);
    return volume;
  }

  private ByteBuffer block(long number) {
    judge.check(number < blocks, "UDF: block %d is outside the partition", number);
    return judge.sector(start + number);
  }

  private void tag(ByteBuffer descriptor, int kind, long where, String what) {
    judge.check((descriptor.getShort(0) & 0xffff) == kind, "UDF: %s is another thing", what);
    int sum = 0;
    for (int i = 0; i < 16; i++) {
      sum += i == 4 ? 0 : descriptor.get(i);
    }
    judge.check((byte) sum == descriptor.get(4), "UDF: the tag of %s is damaged", what);
    int length = descriptor.getShort(10) & 0xffff;
    judge.check(length > 0 && length + 16 <= descriptor.capacity(), "UDF: the length of %s", what);
    int crc = 0;
    for (int i = 16; i < Math.min(length + 16, descriptor.capacity()); i++) {
      int mixed = (crc >> 8 ^ descriptor.get(i)) & 0xff;
      crc = (crc << 8 ^ REMAINDERS[mixed]) & 0xffff;
    }
    judge.check((short) crc == descriptor.getShort(8), "UDF: %s is damaged", what);
    judge.check(descriptor.getInt(12) == (int) where, "UDF: %s is misplaced", what);
  }

  private Entry entry(long block, String path) {
    ByteBuffer entry = block(block);
    tag(entry, 261, block, path);
    judge.check(entry.getShort(20) == 4, "UDF: another strategy for %s", path);
    judge.check((entry.getShort(34) & 7) == 0, "UDF: other pieces of %s", path);
    long size = entry.getLong(56);
    int end = 176 + entry.getInt(168) + entry.getInt(172);
    List<long[]> pieces = new ArrayList<>();
    long sum = 0;
    for (int at = 176 + entry.getInt(168); at < end; at += 8) {
      long length = entry.getInt(at) & 0xffffffffL;
      long piece = entry.getInt(at + 4) & 0xffffffffL;
      judge.check(length > 0 && length < 1 << 30, "UDF: a piece of %d in %s", length, path);
      judge.check(at + 8 == end || length % 2048 == 0, "UDF: %s has gaps", path);
      judge.check(piece + (length + 2047) / 2048 <= blocks, "UDF: %s leaves the partition", path);
      pieces.add(new long[] {(start + piece) * 2048, length});
      sum += length;
    }
    judge.check(sum == size, "UDF: %s has %d bytes and says %d", path, sum, size);
    judge.check(entry.getLong(64) == (size + 2047) / 2048, "UDF: other blocks of %s", path);
    int permissions = entry.getInt(44);
    int mode = permissions & 7 | permissions >> 2 & 070 | permissions >> 4 & 0700;
    return new Entry(
        entry.get(27),
        size,
        pieces,
        mode,
        entry.getInt(36) & 0xffffffffL,
        entry.getShort(48) & 0xffff,
        seconds(entry, 84));
  }

  private long seconds(ByteBuffer entry, int at) {
    judge.check(entry.getShort(at) == 0x1000, "UDF: a time in another zone");
    return LocalDateTime.of(
            entry.getShort(at + 2),
            entry.get(at + 4),
            entry.get(at + 5),
            entry.get(at + 6),
            entry.get(at + 7),
            entry.get(at + 8))
        .toEpochSecond(ZoneOffset.UTC);
  }

  private void walk(long root) {
    List<Directory> open = new ArrayList<>(List.of(new Directory("", root, root)));
    for (int i = 0; i < open.size(); i++) {
      directory(open.get(i), open);
    }
    directories = open.size();
  }

  private void claim(long block, Entry entry) {
    names.merge(block, 1, Integer::sum);
    claimed.put(block, entry.links);
  }

  private void directory(Directory directory, List<Directory> open) {
    Entry entry = entry(directory.block, directory.path + "/");
    judge.check(entry.type == 4, "UDF: %s is no directory", directory.path);
    judge.structure((start + directory.block) * 2048, 2048, "UDF entry " + directory.path);
    judge.check(entry.pieces.size() == 1, "UDF: %s lies in pieces", directory.path);
    long at = entry.pieces.get(0)[0];
    judge.structure(at, entry.size, "UDF directory " + directory.path);
    ByteBuffer bytes = judge.read(at, entry.size);
    Set<String> seen = new HashSet<>();
    for (int from = 0; from < bytes.capacity(); ) {
      int nameLength = bytes.get(from + 19) & 0xff;
      int length = (38 + nameLength + 3) / 4 * 4;
      ByteBuffer identifier = bytes.slice(from, length).order(bytes.order());
      tag(identifier, 257, at / 2048 - start + from / 2048, "name in " + directory.path);
      int flags = identifier.get(18);
      long block = identifier.getInt(24) & 0xffffffffL;
      judge.check((flags & 8) != 0 == (from == 0), "UDF: the parent of %s", directory.path);
      if (from == 0) {
        judge.check(block == directory.parent, "UDF: %s has another parent", directory.path);
        names.merge(block, 1, Integer::sum);
      } else {
        String name = name(identifier, nameLength);
        judge.check(seen.add(name), "UDF: %s twice", name);
        String path = directory.path + "/" + name;
        if ((flags & 2) != 0) {
          open.add(new Directory(path, block, directory.block));
          names.merge(block, 1, Integer::sum);
        } else {
          file(path, block);
        }
      }
      from += length;
    }
    claimed.put(directory.block, entry.links);
    number(directory.block, directory.parent == directory.block);
  }

  private void number(long block, boolean root) {
    long number = block(block).getLong(160);
    judge.check(root ? number == 0 : number >= 16, "UDF: number %d", number);
    judge.check(numbers.add(number), "UDF: number %d twice", number);
  }

  private void file(String path, long block) {
    Entry entry = entry(block, path);
    judge.check(entry.type == 5, "UDF: %s is of type %d", path, entry.type);
    if (!names.containsKey(block)) {
      judge.structure((start + block) * 2048, 2048, "UDF entry " + path);
      number(block, false);
    }
    claim(block, entry);
    for (int i = 1; i < entry.pieces.size(); i++) {
      long[] last = entry.pieces.get(i - 1);
      judge.check(last[0] + last[1] == entry.pieces.get(i)[0], "UDF: %s has gaps", path);
    }
    if (entry.size > 0) {
      judge.content(entry.pieces.get(0)[0], entry.size, path);
    }
    File file =
        new File('f', entry.size, entry.pieces, entry.mode, entry.uid, entry.links, entry.seconds);
    judge.check(files.put(path, file) == null, "UDF: %s is there twice", path);
  }

  private static String name(ByteBuffer identifier, int length) {
    byte[] bytes = new byte[length - 1];
    identifier.get(39, bytes);
    return new String(
        bytes, identifier.get(38) == 8 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_16BE);
  }
}
