package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import blksh.tree.TreeMetadata;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;

/**
 * ISO 9660 (ECMA-119) with the names of Rock Ridge (RRIP 1.12) where there are any, else those of
 * Joliet, else its own. A file is known by where its first directory record is.
 */
final class IsoTree implements FileTree {

  private static final int MOST_DESCRIPTORS = 64;

  /** Shortest directory record that names something. */
  private static final int SHORTEST_RECORD = Iso9660.NAME + 1;

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
    label =
        ownNames
            ? Volume.text(new String(identifier, names).trim())
            : Volume.text(Volume.utf16(identifier, ByteOrder.BIG_ENDIAN).trim());
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

  static int signature(Structure fields, int at) {
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
    return FileTree.super.isSameName(one, other) || skipped < 0 && one.equalsIgnoreCase(other);
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
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    long start = directory.id();
    long end = start + directory.size();
    if (end > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    FileEntry unfinished = null;
    for (long at = start; at < end; ) {
      FileEntry found = null;
      try {
        int length = recordLength(directory, at, end);
        if (length == 0 && at % Iso9660.SECTOR == 0) {
          // the length of a directory counts sectors that hold something
          throw volume.damage(directory, "a sector of the directory is empty");
        }
        if (length == 0) {
          at = nextSector(at);
          continue;
        }
        Structure record = volume.read(at, length);
        if (at == start && !isOwn(record)) {
          problems.accept(volume.damage(directory, "it does not begin with itself"));
        }
        int flags = record.u8(Iso9660.FLAGS);
        if (!isOwn(record)) {
          FileEntry entry =
              unfinished == null
                  ? entryOrDamaged(directory, record, at)
                  : longer(directory, unfinished, length(record));
          boolean more = (flags & (Iso9660.MORE | Iso9660.DIRECTORY)) == Iso9660.MORE;
          unfinished = more ? entry : null;
          found = more ? null : entry;
        }
        at += length;
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
        unfinished = null;
        at = nextSector(at);
      }
      if (found != null && isAssociated(found)) {
        problems.accept(
            new BlkshException(
                "list all of " + directory.path(),
                "the associated file (resource fork) of %s is not read".formatted(found.name())));
      } else if (found != null) {
        each.accept(found);
      }
    }
  }

  private static long nextSector(long at) {
    return (at / Iso9660.SECTOR + 1) * Iso9660.SECTOR;
  }

  /** Bytes of a record; 0 where none follows in its sector. */
  private int recordLength(FileEntry directory, long at, long end) {
    int length = volume.read(at, 1).u8(0);
    if (length == 0) {
      return 0;
    }
    if (length < SHORTEST_RECORD
        || at + length > end
        || Iso9660.NAME + volume.read(at, length).u8(Iso9660.NAME_LENGTH) > length) {
      throw volume.damage(directory, "the directory is damaged");
    }
    return length;
  }

  /** Whether a record is the directory's of itself, or of the one above. */
  private static boolean isOwn(Structure record) {
    return record.u8(Iso9660.NAME_LENGTH) == 1 && record.u8(Iso9660.NAME) <= 1;
  }

  private boolean isAssociated(FileEntry entry) {
    return entry.kind() == FileEntry.Kind.FILE
        && (volume.read(entry.id(), Iso9660.NAME).u8(Iso9660.FLAGS) & Iso9660.ASSOCIATED) != 0;
  }

  private FileEntry longer(FileEntry directory, FileEntry file, long by) {
    boolean told = file.kind() != FileEntry.Kind.FILE;
    if (told || fields(file, record(file)).compressed != null) {
      return file; // what it comes to does not follow from what is stored
    }
    long size = file.size() + by;
    if (size > volume.source().size()) {
      throw volume.damage(directory, "it holds a file larger than the volume");
    }
    return new FileEntry(
        file.path(), file.kind(), size, file.modified(), file.mode(), file.link(), file.id());
  }

  /** What Rock Ridge says about a record; nothing where there is none. */
  private RockRidgeFields fields(FileEntry directory, Structure record) {
    RockRidgeFields fields = new RockRidgeFields(volume, blockSize);
    if (skipped >= 0) {
      int nameLength = record.u8(Iso9660.NAME_LENGTH);
      fields.take(directory, record, Iso9660.NAME + nameLength + (1 - nameLength % 2) + skipped);
    }
    return fields;
  }

  /** The entry of a record; where only its name can be read, one that says so. */
  private FileEntry entryOrDamaged(FileEntry directory, Structure record, long at) {
    try {
      return entry(directory, record, at);
    } catch (FileSystemDamageException | UnreadableException e) {
      return FileEntry.damaged(volume.path(directory, ownName(record)), at, e);
    }
  }

  /** The entry of a record; null when it only stands for one elsewhere. */
  private FileEntry entry(FileEntry directory, Structure record, long at) {
    RockRidgeFields fields = fields(directory, record);
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
    if (kind == FileEntry.Kind.FILE && fields.compressed != null) {
      size = fields.compressed.size();
    }
    byte[] name = fields.name.size() > 0 ? fields.name.toByteArray() : ownName(record);
    return new FileEntry(
        volume.path(directory, name),
        kind,
        size,
        fields.modified != null ? fields.modified : modified(record),
        fields.mode >= 0 ? fields.mode & 07777 : isDirectory ? 0755 : 0444,
        kind == FileEntry.Kind.LINK ? Volume.text(fields.link.toByteArray()) : null,
        place);
  }

  /** Only the first version of a file goes without its number, or two would have one name. */
  private byte[] ownName(Structure record) {
    byte[] bytes = record.bytes(Iso9660.NAME, record.u8(Iso9660.NAME_LENGTH));
    boolean wide = names == StandardCharsets.UTF_16BE;
    String name =
        wide
            ? Volume.utf16(bytes, ByteOrder.BIG_ENDIAN)
            : new String(bytes, StandardCharsets.ISO_8859_1);
    boolean isDirectory = (record.u8(Iso9660.FLAGS) & Iso9660.DIRECTORY) != 0;
    if (name.length() > 2 && name.endsWith(";1") && !isDirectory) {
      name = name.substring(0, name.length() - 2);
      if (name.length() > 1 && name.endsWith(".")) {
        name = name.substring(0, name.length() - 1);
      }
    }
    return wide ? Volume.bytes(name) : name.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The record of what an entry is; of a directory its own of itself. */
  private Structure record(FileEntry entry) {
    int length = volume.read(entry.id(), 1).u8(0);
    if (length < SHORTEST_RECORD) {
      throw volume.damage(entry, "its record is damaged");
    }
    Structure record = volume.read(entry.id(), length);
    if (Iso9660.NAME + record.u8(Iso9660.NAME_LENGTH) > length) {
      throw volume.damage(entry, "its record is damaged");
    }
    return record;
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    TreeMetadata plain = FileTree.plainMetadata(entry);
    RockRidgeFields fields = fields(entry, record(entry));
    return fields.uid < 0
        ? plain
        : new TreeMetadata(
            plain.type(),
            entry.mode(),
            fields.uid,
            fields.gid,
            plain.mtimeSeconds(),
            plain.mtimeNanos(),
            0,
            plain.attributes());
  }

  /** The names of one file lead to the same place on the disc. */
  @Override
  public long sharedNumber(FileEntry file) {
    Structure record = record(file);
    return length(record) > 0 && fields(file, record).links > 1 ? extent(record) : 0;
  }

  private static Instant modified(Structure record) {
    return time(record, Iso9660.TIME);
  }

  static Instant time(Structure fields, int at) {
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
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    RockRidgeFields fields = fields(file, record(file));
    if (fields.unread != null) {
      throw new BlkshException("open " + file.path(), fields.unread);
    }
    if (fields.compressed == null) {
      return new FileContent(volume, file, position -> run(file, position));
    }
    long stored = 0;
    for (FileRun run = run(file, 0); run != null; run = runIfAny(file, stored)) {
      stored = run.end();
    }
    FileContent content =
        new FileContent(volume, file.path(), stored, position -> run(file, position));
    return fields.compressed.content(volume, file, content);
  }

  private FileRun run(FileEntry file, long position) {
    FileRun run = runIfAny(file, position);
    if (run == null) {
      throw volume.damage(file, "it is shorter than it says");
    }
    return run;
  }

  /** A large file has several records one after the other, each with a piece of it. */
  private FileRun runIfAny(FileEntry file, long position) {
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
        return null;
      }
      start += length;
      at += recordLength;
    }
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
