package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * UDF 1.02 to 2.60 (ECMA-167, OSTA UDF) as discs and drives have it: physical partitions, and the
 * metadata partition of 2.50 and later. Virtual and sparable partitions, of discs written in
 * packets, are not read. A file is known by where its file entry is.
 */
final class UdfTree implements FileTree {

  private static final int[] BLOCK_SIZES = {2048, 512, 4096, 1024};
  private static final int ANCHOR_AT = 256;
  private static final int MOST_DESCRIPTORS = 64;

  private static final int ANCHOR = 2;
  private static final int PARTITION = 5;
  private static final int LOGICAL_VOLUME = 6;
  private static final int TERMINATOR = 8;
  private static final int FILE_SET = 256;
  private static final int NAME = 257;
  private static final int EXTENT_LIST = 258;
  private static final int FILE_ENTRY = 261;
  private static final int EXTENDED_FILE_ENTRY = 266;

  private static final int TYPE_DIRECTORY = 4;
  private static final int TYPE_LINK = 12;

  private static final int DELETED = 4;
  private static final int PARENT = 8;

  /** Shortest name descriptor, and the longest that is believed, in bytes. */
  private static final int NAME_HEADER = 38;

  private static final int LONGEST_NAME = 8192;
  private static final int LONGEST_LINK = 8192;

  /** More pieces of one file, or blocks that list them, are not believed. */
  private static final int MOST_PIECES = 1 << 20;

  private static final int MOST_LISTS = 1 << 16;

  private final Volume volume;
  private final int blockSize;
  private final String label;

  /** Where the partitions begin that references mean, by number. */
  private final List<Place> places = new ArrayList<>();

  private final long root;

  /** Turns block numbers of a partition into bytes of the volume. */
  private interface Place {
    long at(long block);
  }

  /** The block size of the UDF file system on a volume; 0 when there is none. */
  private static int blockSize(Volume volume) {
    for (int size : BLOCK_SIZES) {
      long at = (long) ANCHOR_AT * size;
      if (at <= volume.source().size() - size) {
        ByteBuffer anchor = volume.read(at, size);
        if (isTagged(anchor, ANCHOR) && anchor.getInt(12) == ANCHOR_AT) {
          return size;
        }
      }
    }
    return 0;
  }

  static boolean isOn(Volume volume) {
    return blockSize(volume) != 0;
  }

  /** Whether a descriptor is of a kind and undamaged. */
  private static boolean isTagged(ByteBuffer descriptor, int kind) {
    int sum = 0;
    for (int i = 0; i < 16; i++) {
      sum += i == 4 ? 0 : descriptor.get(i);
    }
    int length = descriptor.getShort(10) & 0xffff;
    return (descriptor.getShort(0) & 0xffff) == kind
        && (byte) sum == descriptor.get(4)
        && length <= descriptor.capacity() - 16
        && (descriptor.getShort(8) & 0xffff) == crc(descriptor, length);
  }

  /** CRC-16 with polynomial 0x1021 over the bytes after the tag. */
  private static int crc(ByteBuffer descriptor, int length) {
    int crc = 0;
    for (int i = 16; i < 16 + length; i++) {
      crc ^= (descriptor.get(i) & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
      }
    }
    return crc & 0xffff;
  }

  UdfTree(Volume volume) {
    this.volume = volume;
    this.blockSize = blockSize(volume);
    ByteBuffer anchor = volume.read((long) ANCHOR_AT * blockSize, blockSize);
    long sequence = (anchor.getInt(20) & 0xffffffffL) * blockSize;
    Map<Integer, Long> partitions = new HashMap<>();
    ByteBuffer logical = null;
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      ByteBuffer descriptor = volume.read(sequence + (long) i * blockSize, blockSize);
      if (isTagged(descriptor, TERMINATOR)) {
        break;
      } else if (isTagged(descriptor, PARTITION)) {
        long start = (descriptor.getInt(188) & 0xffffffffL) * blockSize;
        partitions.put(descriptor.getShort(22) & 0xffff, start);
      } else if (isTagged(descriptor, LOGICAL_VOLUME)) {
        logical = descriptor;
      }
    }
    if (logical == null || logical.getInt(212) != blockSize) {
      throw volume.damage("its volume descriptors are damaged");
    }
    label = sized(logical, 84, 128);
    addPlaces(logical, partitions);
    long set = reference(logical.getShort(256) & 0xffff, logical.getInt(252) & 0xffffffffL);
    ByteBuffer fileSet = block(set);
    if (!isTagged(fileSet, FILE_SET)) {
      throw volume.damage("its file set descriptor is damaged");
    }
    root = reference(fileSet.getShort(408) & 0xffff, fileSet.getInt(404) & 0xffffffffL);
  }

  private void addPlaces(ByteBuffer logical, Map<Integer, Long> partitions) {
    int count = logical.getInt(268);
    for (int map = 0, at = 440; map < count; map++) {
      if (at + 6 > blockSize || at + (logical.get(at + 1) & 0xff) > blockSize) {
        throw volume.damage("its volume descriptors are damaged");
      }
      int length = logical.get(at + 1) & 0xff;
      if (logical.get(at) == 1 && length == 6) {
        places.add(physical(partitions, logical.getShort(at + 4) & 0xffff));
      } else if (length == 64) {
        byte[] kind = new byte[23];
        logical.get(at + 5, kind);
        String name = new String(kind, StandardCharsets.US_ASCII);
        if (!name.startsWith("*UDF Metadata Partition")) {
          throw new UnknownFileSystemException(
              "read the files of " + volume.source().describe(),
              "its UDF is of a kind that is not read (%s)".formatted(name.trim()));
        }
        Place below = physical(partitions, logical.getShort(at + 38) & 0xffff);
        long file = logical.getInt(at + 40) & 0xffffffffL;
        places.add(metadata(below, file));
      } else {
        throw volume.damage("its volume descriptors are damaged");
      }
      at += length;
    }
  }

  private Place physical(Map<Integer, Long> partitions, int number) {
    Long start = partitions.get(number);
    if (start == null) {
      throw volume.damage("it lacks partition %d".formatted(number));
    }
    return block -> start + block * blockSize;
  }

  /** A partition whose blocks lie in a file of another. */
  private Place metadata(Place below, long file) {
    ByteBuffer entry = volume.read(below.at(file), blockSize);
    Pieces pieces = new Pieces("the metadata file", entry, below);
    return block -> {
      FileRun run = pieces.at(block * blockSize);
      if (run.isHole()) {
        throw volume.damage("its metadata has a hole");
      }
      return run.at() + (block * blockSize - run.start());
    };
  }

  /** A partition and a block of it as one number. */
  private static long reference(int partition, long block) {
    return (long) partition << 32 | block;
  }

  private Place place(long reference) {
    int partition = (int) (reference >>> 32);
    if (partition >= places.size()) {
      throw volume.damage("it lacks partition %d".formatted(partition));
    }
    return places.get(partition);
  }

  private ByteBuffer block(long reference) {
    return volume.read(place(reference).at(reference & 0xffffffffL), blockSize);
  }

  @Override
  public String type() {
    return "UDF";
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public FileEntry root() {
    FileEntry entry = entry("/", root);
    if (!entry.isDirectory()) {
      throw volume.damage("its root is no directory");
    }
    return entry;
  }

  private ByteBuffer fileEntry(long reference) {
    ByteBuffer entry = block(reference);
    if (!isTagged(entry, FILE_ENTRY) && !isTagged(entry, EXTENDED_FILE_ENTRY)) {
      throw volume.damage("the file entry at block %d is damaged".formatted(reference));
    }
    if (entry.getShort(20) != 4) {
      throw volume.damage("the file entry at block %d is of another kind".formatted(reference));
    }
    return entry;
  }

  private static boolean isExtended(ByteBuffer entry) {
    return entry.getShort(0) == EXTENDED_FILE_ENTRY;
  }

  private FileEntry entry(String path, long reference) {
    ByteBuffer entry = fileEntry(reference);
    int type = entry.get(27) & 0xff;
    FileEntry.Kind kind =
        switch (type) {
          case TYPE_DIRECTORY -> FileEntry.Kind.DIRECTORY;
          case TYPE_LINK -> FileEntry.Kind.LINK;
          case 6, 7, 9, 10 -> FileEntry.Kind.SPECIAL;
          default -> FileEntry.Kind.FILE;
        };
    long size = entry.getLong(56);
    if (size < 0) {
      throw volume.damage("the file entry at block %d is damaged".formatted(reference));
    }
    int permissions = entry.getInt(44);
    int mode = (permissions >> 10 & 7) << 6 | (permissions >> 5 & 7) << 3 | (permissions & 7);
    Instant modified = time(entry, isExtended(entry) ? 92 : 84);
    FileEntry found = new FileEntry(path, kind, size, modified, mode, null, reference);
    return kind == FileEntry.Kind.LINK
        ? new FileEntry(path, kind, size, modified, mode, link(found, entry), reference)
        : found;
  }

  private static Instant time(ByteBuffer entry, int at) {
    int zone = (entry.getShort(at) & 0xfff) << 20 >> 20;
    try {
      int micros = entry.get(at + 9) * 10_000 + entry.get(at + 10) * 100 + entry.get(at + 11);
      return LocalDateTime.of(
              entry.getShort(at + 2),
              entry.get(at + 4),
              entry.get(at + 5),
              entry.get(at + 6),
              entry.get(at + 7),
              entry.get(at + 8),
              micros * 1000)
          .toInstant(ZoneOffset.ofTotalSeconds(zone == -2047 ? 0 : zone * 60));
    } catch (DateTimeException noSuchTime) {
      return Instant.EPOCH;
    }
  }

  /** Where a symbolic link leads: its content is a list of the parts of a path. */
  private String link(FileEntry link, ByteBuffer entry) {
    if (link.size() > LONGEST_LINK) {
      throw volume.damage(link, "the symbolic link is too long");
    }
    ByteBuffer parts = ByteBuffer.allocate((int) link.size());
    content(link, entry).read(0, parts);
    StringBuilder path = new StringBuilder();
    for (int at = 0; at + 4 <= parts.capacity(); ) {
      int length = parts.get(at + 1) & 0xff;
      if (at + 4 + length > parts.capacity()) {
        throw volume.damage(link, "the symbolic link is damaged");
      }
      if (path.length() > 0 && path.charAt(path.length() - 1) != '/') {
        path.append('/');
      }
      switch (parts.get(at)) {
        case 1, 2 -> path.append('/');
        case 3 -> path.append("..");
        case 4 -> path.append('.');
        default -> path.append(text(parts, at + 4, length));
      }
      at += 4 + length;
    }
    return path.toString();
  }

  /** A string whose field ends in the length of what is used of it. */
  private static String sized(ByteBuffer descriptor, int at, int length) {
    return text(descriptor, at, Math.min(length - 1, descriptor.get(at + length - 1) & 0xff));
  }

  /** OSTA compressed Unicode: a byte that says how wide characters are, then these. */
  private static String text(ByteBuffer descriptor, int at, int length) {
    if (length == 0) {
      return "";
    }
    byte[] bytes = new byte[length - 1];
    descriptor.get(at + 1, bytes);
    boolean wide = (descriptor.get(at) & 1) == 0 && descriptor.get(at) != 8;
    return new String(bytes, wide ? StandardCharsets.UTF_16BE : StandardCharsets.ISO_8859_1);
  }

  @Override
  public BlockSource open(FileEntry file) {
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    return content(file, fileEntry(file.id()));
  }

  private BlockSource content(FileEntry file, ByteBuffer entry) {
    if ((entry.getShort(34) & 7) == 3) {
      int start = (isExtended(entry) ? 216 : 176) + entry.getInt(isExtended(entry) ? 208 : 168);
      if (start < 176 || file.size() > blockSize - start) {
        throw volume.damage(file, "its file entry is damaged");
      }
      byte[] bytes = new byte[(int) file.size()];
      entry.get(start, bytes);
      return new ByteArraySource(file.path(), bytes);
    }
    return new FileContent(volume, file, new Pieces(file.path(), entry, place(file.id())));
  }

  /** The pieces a file entry lists. */
  private final class Pieces implements FileRun.Map {

    private final String path;
    private final LongRuns runs = new LongRuns();

    /**
     * @param own the partition of the file entry, which short descriptors mean
     */
    Pieces(String path, ByteBuffer entry, Place own) {
      this.path = path;
      boolean extended = isExtended(entry);
      int flags = entry.getShort(34) & 7;
      long start = (extended ? 216L : 176L) + (entry.getInt(extended ? 208 : 168) & 0xffffffffL);
      long length = entry.getInt(extended ? 212 : 172) & 0xffffffffL;
      if (flags > 1 || start + length > blockSize) {
        throw damaged();
      }
      int width = flags == 0 ? 8 : 16;
      ByteBuffer list = entry;
      for (int lists = 0; list != null; lists++) {
        if (lists > MOST_LISTS) {
          throw damaged();
        }
        list = add(list, (int) start, (int) (start + length), width, own);
        if (list != null) {
          start = 24;
          length = list.getInt(20) & 0xffffffffL;
          if (!isTagged(list, EXTENT_LIST) || start + length > blockSize) {
            throw damaged();
          }
        }
      }
    }

    /** Adds the pieces of one list; the block where it goes on, or null. */
    private ByteBuffer add(ByteBuffer list, int from, int to, int width, Place own) {
      for (int at = from; at + width <= to; at += width) {
        int word = list.getInt(at);
        long length = word & 0x3fffffffL;
        if (length == 0) {
          return null;
        }
        Place place = width == 8 ? own : place(reference(list.getShort(at + 8) & 0xffff, 0));
        long block = list.getInt(at + 4) & 0xffffffffL;
        switch (word >>> 30) {
          case 0 -> runs.add(length, place.at(block));
          case 3 -> {
            return volume.read(place.at(block), blockSize);
          }
          default -> runs.add(length, FileRun.HOLE);
        }
        if (runs.count() > MOST_PIECES) {
          throw damaged();
        }
      }
      return null;
    }

    private FileSystemDamageException damaged() {
      return volume.damage("where %s lies is damaged".formatted(path));
    }

    @Override
    public FileRun at(long position) {
      FileRun run = runs.find(position);
      if (run == null) {
        throw volume.damage("%s is shorter than it says".formatted(path));
      }
      return run;
    }
  }

  @Override
  public void list(FileEntry directory, Consumer<FileEntry> each) {
    if (!directory.isDirectory()) {
      throw new BlkshException("list " + directory.path(), "it is no directory");
    }
    if (directory.size() > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    try (BlockSource content = content(directory, fileEntry(directory.id()))) {
      ByteBuffer window = ByteBuffer.allocate(4 * LONGEST_NAME).order(ByteOrder.LITTLE_ENDIAN);
      long windowAt = 0;
      window.limit(0);
      for (long at = 0; at + NAME_HEADER <= content.size(); ) {
        int offset = (int) (at - windowAt);
        if (offset + LONGEST_NAME > window.limit() && windowAt + window.limit() < content.size()) {
          window.clear();
          int count = content.read(at, window);
          window.flip().limit(count);
          windowAt = at;
          offset = 0;
        }
        at += take(directory, window, offset, each);
      }
    }
  }

  /** Hands out what one name descriptor names; its length in bytes. */
  private int take(FileEntry directory, ByteBuffer window, int at, Consumer<FileEntry> each) {
    if (at + NAME_HEADER > window.limit() || (window.getShort(at) & 0xffff) != NAME) {
      throw volume.damage(directory, "the directory is damaged");
    }
    int characteristics = window.get(at + 18);
    int nameLength = window.get(at + 19) & 0xff;
    int use = window.getShort(at + 36) & 0xffff;
    int length = (NAME_HEADER + use + nameLength + 3) / 4 * 4;
    if (length > LONGEST_NAME || at + NAME_HEADER + use + nameLength > window.limit()) {
      throw volume.damage(directory, "the directory is damaged");
    }
    if ((characteristics & (DELETED | PARENT)) == 0) {
      String name = text(window, at + NAME_HEADER + use, nameLength);
      long block = window.getInt(at + 24) & 0xffffffffL;
      long reference = reference(window.getShort(at + 28) & 0xffff, block);
      each.accept(entry(directory.inside(volume.name(directory, name)), reference));
    }
    return length;
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
