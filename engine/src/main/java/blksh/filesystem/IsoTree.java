package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * ISO 9660 (ECMA-119) with the names of Rock Ridge (RRIP 1.12) where there are any, else those of
 * Joliet, else its own. A file is known by where its first directory record is.
 */
final class IsoTree implements FileTree {

  private static final int MOST_DESCRIPTORS = 64;

  /** Shortest directory record that names something. */
  private static final int SHORTEST_RECORD = Iso9660.NAME + 1;

  /** Longest list of fields that belong to one record, in bytes. */
  private static final int MOST_FIELDS = 64 << 10;

  private static final byte[] UP = {'.', '.'};

  private final Volume volume;
  private final long rootRecord;
  private final Charset names;
  private final String label;
  private final int blockSize;

  /** Bytes at the beginning of each list of fields that are not fields; -1 without Rock Ridge. */
  private final int skipped;

  private static boolean isDescriptor(Structure sector) {
    return sector.has(Iso9660.STANDARD, Iso9660.IDENTIFIER);
  }

  IsoTree(Volume volume) {
    this.volume = volume;
    long primary = -1;
    long joliet = -1;
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      long at = (Iso9660.FIRST_DESCRIPTOR + i) * (long) Iso9660.SECTOR;
      if (at > volume.source().size() - Iso9660.SECTOR) {
        break;
      }
      Structure sector = volume.read(at, Iso9660.SECTOR);
      int type = sector.u8(0);
      if (!isDescriptor(sector) || type == Iso9660.TERMINATOR) {
        break;
      }
      if (type == Iso9660.PRIMARY && primary < 0) {
        primary = at;
      } else if (type == Iso9660.SUPPLEMENTARY && isJoliet(sector)) {
        joliet = at;
      }
    }
    if (primary < 0) {
      throw volume.damage("it has no primary volume descriptor");
    }
    Structure descriptor = volume.read(primary, Iso9660.SECTOR);
    blockSize = descriptor.u16(Iso9660.BLOCK_SIZE);
    if (blockSize < 512 || blockSize > Iso9660.SECTOR || Integer.bitCount(blockSize) != 1) {
      throw volume.damage("its volume descriptor has an impossible block size");
    }
    skipped = rockRidge(primary + Iso9660.ROOT);
    boolean ownNames = skipped >= 0 || joliet < 0;
    rootRecord = (ownNames ? primary : joliet) + Iso9660.ROOT;
    names = ownNames ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_16BE;
    byte[] identifier =
        volume.read(ownNames ? primary : joliet, Iso9660.SECTOR).bytes(Iso9660.VOLUME, 32);
    label = new String(identifier, names).trim();
  }

  private static boolean isJoliet(Structure sector) {
    int level = sector.u8(Iso9660.ESCAPES + Iso9660.JOLIET.length());
    return sector.has(Iso9660.ESCAPES, Iso9660.JOLIET) && "@CE".indexOf(level) >= 0;
  }

  /** Looks for the first field of Rock Ridge in the root's record of itself. */
  private int rockRidge(long root) {
    Structure record = volume.read(root, SHORTEST_RECORD);
    long at = extent(record);
    if (at > volume.source().size() - Iso9660.SECTOR) {
      throw volume.damage("its root is not there");
    }
    Structure self = volume.read(at, Iso9660.SECTOR);
    int fields = SHORTEST_RECORD;
    boolean found =
        self.u8(0) >= fields + 7
            && signature(self, fields) == Iso9660.SHARING
            && self.u8(fields + 4) == 0xbe
            && self.u8(fields + 5) == 0xef;
    return found ? self.u8(fields + 6) : -1;
  }

  private static int signature(Structure fields, int at) {
    return fields.u8(at) << 8 | fields.u8(at + 1);
  }

  private long extent(Structure record) {
    long extended = record.u8(Iso9660.EXTENDED_LENGTH);
    return (record.u32(Iso9660.EXTENT) + extended) * blockSize;
  }

  private static long length(Structure record) {
    return record.u32(Iso9660.LENGTH);
  }

  boolean hasRockRidge() {
    return skipped >= 0;
  }

  @Override
  public String type() {
    return skipped >= 0
        ? "ISO 9660 with Rock Ridge"
        : names == StandardCharsets.UTF_16BE ? "ISO 9660 with Joliet" : "ISO 9660";
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public boolean isSameName(String one, String other) {
    return skipped >= 0 ? one.equals(other) : one.equalsIgnoreCase(other);
  }

  @Override
  public FileEntry root() {
    Structure record = volume.read(rootRecord, SHORTEST_RECORD);
    return new FileEntry(
        "/",
        FileEntry.Kind.DIRECTORY,
        length(record),
        modified(record),
        0755,
        null,
        extent(record));
  }

  @Override
  public void list(FileEntry directory, Consumer<FileEntry> each) {
    if (!directory.isDirectory()) {
      throw new BlkshException("list " + directory.path(), "it is no directory");
    }
    long start = directory.id();
    long end = start + directory.size();
    if (end > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    FileEntry unfinished = null;
    for (long at = start; at < end; ) {
      int length = volume.read(at, 1).u8(0);
      if (length == 0) {
        at = (at / Iso9660.SECTOR + 1) * Iso9660.SECTOR;
        continue;
      }
      if (length < SHORTEST_RECORD || at + length > end) {
        throw volume.damage(directory, "the directory is damaged");
      }
      Structure record = volume.read(at, length);
      int nameLength = record.u8(Iso9660.NAME_LENGTH);
      if (Iso9660.NAME + nameLength > length) {
        throw volume.damage(directory, "the directory is damaged");
      }
      boolean self = nameLength == 1 && record.u8(Iso9660.NAME) <= 1;
      if (!self) {
        FileEntry entry =
            unfinished == null
                ? entry(directory, record, at)
                : longer(directory, unfinished, length(record));
        boolean more =
            (record.u8(Iso9660.FLAGS) & (Iso9660.MORE | Iso9660.DIRECTORY)) == Iso9660.MORE;
        unfinished = more ? entry : null;
        if (!more && entry != null) {
          each.accept(entry);
        }
      }
      at += length;
    }
  }

  private FileEntry longer(FileEntry directory, FileEntry file, long by) {
    long size = file.size() + by;
    if (size > volume.source().size()) {
      throw volume.damage(directory, "it holds a file larger than the volume");
    }
    return new FileEntry(
        file.path(), file.kind(), size, file.modified(), file.mode(), file.link(), file.id());
  }

  /** The entry of a record; null when it only stands for one elsewhere. */
  private FileEntry entry(FileEntry directory, Structure record, long at) {
    Fields fields = new Fields();
    if (skipped >= 0) {
      int nameLength = record.u8(Iso9660.NAME_LENGTH);
      fields.take(directory, record, Iso9660.NAME + nameLength + (1 - nameLength % 2) + skipped);
    }
    if (fields.moved) {
      return null;
    }
    boolean isDirectory = (record.u8(Iso9660.FLAGS) & Iso9660.DIRECTORY) != 0;
    long place = isDirectory ? extent(record) : at;
    long size = length(record);
    if (fields.child >= 0) {
      isDirectory = true;
      place = fields.child * blockSize;
      size = length(volume.read(place, Iso9660.NAME));
    }
    FileEntry.Kind kind = isDirectory ? FileEntry.Kind.DIRECTORY : fields.kind(FileEntry.Kind.FILE);
    String name = fields.name.size() > 0 ? fields.name() : ownName(record, isDirectory);
    return new FileEntry(
        directory.inside(volume.name(directory, name)),
        kind,
        size,
        fields.modified != null ? fields.modified : modified(record),
        fields.mode >= 0 ? fields.mode & 07777 : isDirectory ? 0755 : 0444,
        kind == FileEntry.Kind.LINK
            ? Volume.text(fields.link.toByteArray(), 0, fields.link.size())
            : null,
        place);
  }

  private String ownName(Structure record, boolean isDirectory) {
    byte[] bytes = record.bytes(Iso9660.NAME, record.u8(Iso9660.NAME_LENGTH));
    String name = new String(bytes, names);
    int version = name.lastIndexOf(';');
    if (version > 0 && !isDirectory) {
      name = name.substring(0, version);
      if (name.length() > 1 && name.endsWith(".")) {
        name = name.substring(0, name.length() - 1);
      }
    }
    return name;
  }

  private static Instant modified(Structure record) {
    return time(record, Iso9660.TIME);
  }

  private static Instant time(Structure fields, int at) {
    try {
      return LocalDateTime.of(
              1900 + fields.u8(at),
              fields.i8(at + 1),
              fields.i8(at + 2),
              fields.i8(at + 3),
              fields.i8(at + 4),
              fields.i8(at + 5))
          .toInstant(ZoneOffset.ofTotalSeconds(fields.i8(at + 6) * 15 * 60));
    } catch (DateTimeException noSuchTime) {
      return Instant.EPOCH;
    }
  }

  @Override
  public BlockSource open(FileEntry file) {
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    return new FileContent(volume, file, position -> run(file, position));
  }

  /** A large file has several records one after the other, each with a piece of it. */
  private FileRun run(FileEntry file, long position) {
    long start = 0;
    for (long at = file.id(); ; ) {
      int recordLength = volume.read(at, 1).u8(0);
      if (recordLength == 0) {
        at = (at / Iso9660.SECTOR + 1) * Iso9660.SECTOR;
        continue;
      }
      Structure record = volume.read(at, Math.max(recordLength, Iso9660.NAME));
      if (record.u8(Iso9660.UNIT_SIZE) != 0 || record.u8(Iso9660.GAP) != 0) {
        throw new BlkshException("read " + file.path(), "it is interleaved, which is not read");
      }
      long length = length(record);
      if (position < start + length) {
        return new FileRun(start, length, extent(record));
      }
      if ((record.u8(Iso9660.FLAGS) & Iso9660.MORE) == 0) {
        throw volume.damage(file, "it is shorter than it says");
      }
      start += length;
      at += recordLength;
    }
  }

  /** What Rock Ridge says about a record. */
  private final class Fields {

    private final ByteArrayOutputStream name = new ByteArrayOutputStream();
    private final ByteArrayOutputStream link = new ByteArrayOutputStream();
    private boolean linkBegun;
    private boolean linkGoesOn;
    private int mode = -1;
    private Instant modified;
    private long child = -1;
    private boolean moved;

    String name() {
      return Volume.text(name.toByteArray(), 0, name.size());
    }

    FileEntry.Kind kind(FileEntry.Kind otherwise) {
      return mode < 0
          ? otherwise
          : switch (mode >> 12 & 0xf) {
            case 0x8 -> FileEntry.Kind.FILE;
            case 0xa -> FileEntry.Kind.LINK;
            case 0x4 -> otherwise;
            default -> FileEntry.Kind.SPECIAL;
          };
    }

    void take(FileEntry directory, Structure area, int from) {
      Set<Long> continued = new HashSet<>();
      int total = 0;
      Structure fields = area;
      int at = from;
      while (fields != null) {
        long next = -1;
        int nextLength = 0;
        while (at + 4 <= fields.length()) {
          int length = fields.u8(at + 2);
          if (length < 4 || at + length > fields.length()) {
            break;
          }
          int signature = signature(fields, at);
          if (signature == Iso9660.FIELDS_END) {
            break;
          }
          if (signature == Iso9660.CONTINUATION && length >= 28) {
            next = fields.u32(at + 4) * blockSize + fields.u32(at + 12);
            nextLength = fields.i32(at + 20);
          } else {
            take(signature, fields, at, length);
          }
          at += length;
        }
        total += nextLength;
        if (next < 0) {
          fields = null;
        } else if (nextLength < 0 || total > MOST_FIELDS || !continued.add(next)) {
          throw volume.damage(directory, "the directory is damaged");
        } else {
          fields = volume.read(next, nextLength);
          at = 0;
        }
      }
    }

    private void take(int signature, Structure fields, int at, int length) {
      switch (signature) {
        case Iso9660.ALTERNATE_NAME -> {
          if (length > 5) {
            name.writeBytes(fields.bytes(at + 5, length - 5));
          }
        }
        case Iso9660.ATTRIBUTES -> mode = length >= 12 ? fields.i32(at + 4) : mode;
        case Iso9660.TIMES -> takeTimes(fields, at, length);
        case Iso9660.SYMBOLIC_LINK -> takeLink(fields, at, length);
        case Iso9660.CHILD_LINK -> child = length >= 12 ? fields.u32(at + 4) : child;
        case Iso9660.RELOCATED -> moved = true;
        default -> {}
      }
    }

    private void takeTimes(Structure fields, int at, int length) {
      int flags = length >= 5 ? fields.u8(at + 4) : 0;
      int each = (flags & 0x80) != 0 ? 17 : 7;
      int place = at + 5 + ((flags & 1) != 0 ? each : 0);
      if ((flags & 2) != 0 && each == 7 && place + 7 <= at + length) {
        modified = time(fields, place);
      }
    }

    private void takeLink(Structure fields, int at, int length) {
      for (int part = at + 5; part + 2 <= at + length; ) {
        int flags = fields.u8(part);
        int bytes = fields.u8(part + 1);
        if (part + 2 + bytes > at + length) {
          return;
        }
        if (linkBegun && !linkGoesOn) {
          link.write('/');
        }
        // What follows the root is not told from it once more.
        linkBegun = (flags & 0xe) != 8;
        switch (flags & 0xe) {
          case 2 -> link.write('.');
          case 4 -> link.writeBytes(UP);
          case 8 -> link.write('/');
          default -> {
            link.writeBytes(fields.bytes(part + 2, bytes));
          }
        }
        linkGoesOn = (flags & 1) != 0;
        part += 2 + bytes;
      }
    }
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
