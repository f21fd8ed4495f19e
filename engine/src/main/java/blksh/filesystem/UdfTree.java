package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.io.UnreadableException;
import blksh.tree.TreeMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * UDF 1.02 to 2.60 (ECMA-167, OSTA UDF) as discs and drives have it: physical partitions, and the
 * metadata partition of 2.50 and later. Virtual and sparable partitions, of discs written in
 * packets, are not read. A file is known by where its file entry is.
 */
final class UdfTree implements FileTree {

  /** The longest file identifier that is believed, in bytes. */
  private static final int LONGEST_NAME = 8192;

  private static final int LONGEST_LINK = 8192;

  /** Behind so many bytes of a directory that name nothing no name is looked for. */
  private static final int MOST_SKIPPED = 1 << 20;

  private final Volume volume;
  private final int blockSize;
  private final String label;

  /** Where the partitions begin that references mean, by number. */
  private final List<Place> places = new ArrayList<>();

  private final long root;

  /** Turns block numbers of a partition into bytes of the volume. */
  interface Place {
    long at(long block);
  }

  /** Whether there is the anchor that everything hangs on, where it is looked for first. */
  static boolean isOn(Volume volume) {
    return UdfAnchor.isOn(volume);
  }

  UdfTree(Volume volume) {
    this.volume = volume;
    UdfAnchor anchor = UdfAnchor.find(volume);
    if (anchor == null) {
      throw volume.damage("it has no anchor");
    }
    this.blockSize = anchor.blockSize();
    UdfSequence sequence = anchor.sequence(volume);
    Structure logical = sequence.logicalVolume();
    label = Volume.text(sized(logical, 84, 128));
    addPlaces(logical, sequence.partitions());
    long set = reference(logical.u16(256), logical.u32(252));
    Structure fileSet = block(set);
    if (!Udf.isTagged(fileSet, Udf.FILE_SET)) {
      throw volume.damage("its file set descriptor is damaged");
    }
    root = reference(fileSet.u16(408), fileSet.u32(404));
  }

  private void addPlaces(Structure logical, Map<Integer, Long> partitions) {
    int count = logical.i32(268);
    for (int map = 0, at = 440; map < count; map++) {
      if (at + 6 > blockSize || at + logical.u8(at + 1) > blockSize) {
        throw volume.damage("its volume descriptors are damaged");
      }
      int length = logical.u8(at + 1);
      if (logical.i8(at) == 1 && length == 6) {
        places.add(physical(partitions, logical.u16(at + 4)));
      } else if (length == 64) {
        String name = new String(logical.bytes(at + 5, 23), StandardCharsets.US_ASCII);
        if (!name.startsWith("*UDF Metadata Partition")) {
          throw new UnknownFileSystemException(
              "read the files of " + volume.source().describe(),
              "its UDF is of a kind that is not read (%s)".formatted(name.trim()));
        }
        Place below = physical(partitions, logical.u16(at + 38));
        long file = logical.u32(at + 40);
        places.add(metadata(below, file, logical.u32(at + 44)));
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

  /** A partition whose blocks lie in a file of another. @param mirror another entry of the same */
  private Place metadata(Place below, long file, long mirror) {
    Structure first = entryIfWhole(below, file);
    Structure entry = first != null ? first : entryIfWhole(below, mirror);
    if (entry == null) {
      throw volume.damage("the file entries of its metadata are damaged");
    }
    UdfPieces pieces = new UdfPieces(this, "the metadata file", entry, below);
    return block -> {
      FileRun run = pieces.at(block * blockSize);
      if (run.isHole()) {
        throw volume.damage("its metadata has a hole");
      }
      return run.at() + (block * blockSize - run.start());
    };
  }

  private Structure entryIfWhole(Place below, long block) {
    try {
      Structure entry = volume.read(below.at(block), blockSize);
      return isFileEntry(entry) ? entry : null;
    } catch (FileSystemDamageException | UnreadableException e) {
      return null;
    }
  }

  private static boolean isFileEntry(Structure entry) {
    return Udf.isTagged(entry, Udf.FILE_ENTRY) || Udf.isTagged(entry, Udf.EXTENDED_FILE_ENTRY);
  }

  /** A partition and a block of it as one number. */
  static long reference(int partition, long block) {
    return (long) partition << 32 | block;
  }

  Place place(long reference) {
    int partition = (int) (reference >>> 32);
    if (partition >= places.size()) {
      throw volume.damage("it lacks partition %d".formatted(partition));
    }
    return places.get(partition);
  }

  private Structure block(long reference) {
    return volume.read(place(reference).at(reference & 0xffffffffL), blockSize);
  }

  Volume volume() {
    return volume;
  }

  int blockSize() {
    return blockSize;
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

  private Structure fileEntry(long reference) {
    Structure entry = block(reference);
    if (!isFileEntry(entry)) {
      throw volume.damage("the file entry at block %d is damaged".formatted(reference));
    }
    if (entry.i16(20) != 4) {
      throw volume.damage("the file entry at block %d is of another kind".formatted(reference));
    }
    return entry;
  }

  static boolean isExtended(Structure entry) {
    return entry.i16(0) == Udf.EXTENDED_FILE_ENTRY;
  }

  private FileEntry entry(String path, long reference) {
    Structure entry = fileEntry(reference);
    int type = entry.u8(27);
    FileEntry.Kind kind =
        switch (type) {
          case Udf.TYPE_DIRECTORY -> FileEntry.Kind.DIRECTORY;
          case Udf.TYPE_LINK -> FileEntry.Kind.LINK;
          case 6, 7, 9, 10 -> FileEntry.Kind.SPECIAL;
          default -> FileEntry.Kind.FILE;
        };
    long size = entry.i64(56);
    if (size < 0) {
      throw volume.damage("the file entry at block %d is damaged".formatted(reference));
    }
    int permissions = entry.i32(44);
    int flags = entry.i16(34);
    int special = flags << 5 & 04000 | flags << 3 & 02000 | flags << 1 & 01000;
    int mode =
        special | (permissions >> 10 & 7) << 6 | (permissions >> 5 & 7) << 3 | permissions & 7;
    Instant modified = time(entry, isExtended(entry) ? 92 : 84);
    FileEntry found = new FileEntry(path, kind, size, modified, mode, null, reference);
    return kind == FileEntry.Kind.LINK
        ? new FileEntry(path, kind, size, modified, mode, link(found, entry), reference)
        : found;
  }

  private static Instant time(Structure entry, int at) {
    int zone = (entry.i16(at) & 0xfff) << 20 >> 20;
    try {
      int micros = entry.i8(at + 9) * 10_000 + entry.i8(at + 10) * 100 + entry.i8(at + 11);
      return LocalDateTime.of(
              entry.i16(at + 2),
              entry.i8(at + 4),
              entry.i8(at + 5),
              entry.i8(at + 6),
              entry.i8(at + 7),
              entry.i8(at + 8),
              micros * 1000)
          .toInstant(ZoneOffset.ofTotalSeconds(zone == -2047 ? 0 : zone * 60));
    } catch (DateTimeException noSuchTime) {
      return Instant.EPOCH;
    }
  }

  /** Where a symbolic link leads: its content is a list of the parts of a path. */
  private String link(FileEntry link, Structure entry) {
    if (link.size() > LONGEST_LINK) {
      throw volume.damage(link, "the symbolic link is too long");
    }
    Structure parts = Structure.of(new byte[(int) link.size()]);
    content(link, entry).read(0, ByteBuffer.wrap(parts.bytes()));
    StringBuilder path = new StringBuilder();
    for (int at = 0; at + 4 <= parts.length(); ) {
      int length = parts.u8(at + 1);
      if (at + 4 + length > parts.length()) {
        throw volume.damage(link, "the symbolic link is damaged");
      }
      if (path.length() > 0 && path.charAt(path.length() - 1) != '/') {
        path.append('/');
      }
      switch (parts.i8(at)) {
        case 1, 2 -> path.append('/');
        case 3 -> path.append("..");
        case 4 -> path.append('.');
        default -> path.append(Volume.text(text(parts, at + 4, length)));
      }
      at += 4 + length;
    }
    return path.toString();
  }

  /** A string whose field ends in the length of what is used of it. */
  private static String sized(Structure descriptor, int at, int length) {
    return text(descriptor, at, Math.min(length - 1, descriptor.u8(at + length - 1)));
  }

  /** OSTA compressed Unicode: a byte that says how wide characters are, then these. */
  private static String text(Structure descriptor, int at, int length) {
    if (length == 0) {
      return "";
    }
    byte[] bytes = descriptor.bytes(at + 1, length - 1);
    boolean wide = (descriptor.u8(at) & 1) == 0 && descriptor.u8(at) != 8;
    return wide
        ? Volume.utf16(bytes, ByteOrder.BIG_ENDIAN)
        : new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    return content(file, fileEntry(file.id()));
  }

  private BlockSource content(FileEntry file, Structure entry) {
    if ((entry.i16(34) & 7) == 3) {
      int start = (isExtended(entry) ? 216 : 176) + entry.i32(isExtended(entry) ? 208 : 168);
      if (start < 176 || file.size() > blockSize - start) {
        throw volume.damage(file, "its file entry is damaged");
      }
      return new ByteArraySource(file.path(), entry.bytes(start, (int) file.size()));
    }
    return new FileContent(volume, file, new UdfPieces(this, file.path(), entry, place(file.id())));
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    if (directory.size() > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    try (BlockSource content = content(directory, fileEntry(directory.id()))) {
      byte[] window = new byte[4 * LONGEST_NAME];
      long windowAt = 0;
      int windowEnd = 0;
      long skipped = 0;
      for (long at = 0; at + Udf.FILE_IDENTIFIER_HEADER <= content.size(); ) {
        int offset = (int) (at - windowAt);
        if (offset + LONGEST_NAME > windowEnd && windowAt + windowEnd < content.size()) {
          try {
            windowEnd = readAhead(content, at, window);
          } catch (FileSystemDamageException | UnreadableException e) {
            problems.accept(FileEntry.survived(e));
            at = (at / blockSize + 1) * blockSize;
            windowEnd = 0;
            windowAt = at;
            skipped++;
            continue;
          }
          windowAt = at;
          offset = 0;
        }
        Structure names = Structure.of(window);
        int length = nameLength(names, offset, windowEnd, skipped > 0);
        if (length == 0) {
          // behind it the next that is one, where names begin at every fourth byte
          if (skipped == 0) {
            problems.accept(volume.damage(directory, "the directory is damaged"));
          }
          skipped += 4;
          at += 4;
          if (skipped > MOST_SKIPPED) {
            return;
          }
          continue;
        }
        skipped = 0;
        take(directory, names, offset, each, problems);
        at += length;
      }
    }
  }

  /** Reads as much as there is, or up to what cannot be read. */
  private static int readAhead(BlockSource content, long at, byte[] window) {
    try {
      return content.read(at, ByteBuffer.wrap(window));
    } catch (UnreadableException e) {
      long good = e.start() - at;
      if (good < Udf.FILE_IDENTIFIER_HEADER || good >= window.length) {
        throw e;
      }
      return content.read(at, ByteBuffer.wrap(window, 0, (int) good));
    }
  }

  /**
   * Bytes of a name descriptor; 0 when there is none.
   *
   * @param doubtful whether there need not be one
   */
  private static int nameLength(Structure window, int at, int end, boolean doubtful) {
    if (at + Udf.FILE_IDENTIFIER_HEADER > end
        || window.u16(at) != Udf.FILE_IDENTIFIER
        || doubtful && !Udf.hasTagChecksum(window, at)) {
      return 0;
    }
    int used = Udf.FILE_IDENTIFIER_HEADER + window.u16(at + 36) + window.u8(at + 19);
    int length = (used + 3) / 4 * 4;
    return length > LONGEST_NAME || at + used > end ? 0 : length;
  }

  /** Hands out what a name descriptor names. */
  private void take(
      FileEntry directory,
      Structure window,
      int at,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    int characteristics = window.u8(at + 18);
    if ((characteristics & (Udf.DELETED | Udf.PARENT)) != 0) {
      return;
    }
    FileEntry entry = null;
    try {
      int start = at + Udf.FILE_IDENTIFIER_HEADER + window.u16(at + 36);
      String path = volume.path(directory, text(window, start, window.u8(at + 19)));
      entry = entryOrDamaged(path, reference(window.u16(at + 28), window.u32(at + 24)));
    } catch (FileSystemDamageException e) {
      problems.accept(e);
    }
    if (entry != null) {
      each.accept(entry);
    }
  }

  /** What a name stands for; where that is damaged, what says so. */
  private FileEntry entryOrDamaged(String path, long reference) {
    try {
      return entry(path, reference);
    } catch (FileSystemDamageException | UnreadableException e) {
      return FileEntry.damaged(path, reference, e);
    }
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    Structure stored = fileEntry(entry.id());
    TreeMetadata plain = FileTree.plainMetadata(entry);
    boolean owned = stored.i32(36) != -1;
    return new TreeMetadata(
        plain.type(),
        owned ? entry.mode() : plain.mode(),
        stored.i32(36),
        stored.i32(40),
        plain.mtimeSeconds(),
        plain.mtimeNanos(),
        0,
        plain.attributes());
  }

  @Override
  public long sharedNumber(FileEntry file) {
    return fileEntry(file.id()).u16(48) > 1 ? file.id() + 1 : 0;
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    return List.of();
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
