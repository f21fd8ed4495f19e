package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
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

  private static final int SECTOR = 2048;
  private static final int FIRST_DESCRIPTOR = 16;
  private static final int MOST_DESCRIPTORS = 64;
  private static final int PRIMARY = 1;
  private static final int SUPPLEMENTARY = 2;
  private static final int TERMINATOR = 255;
  private static final int ROOT_RECORD = 156;
  private static final int RECORD = 33;

  private static final int DIRECTORY = 0x02;
  private static final int MORE = 0x80;

  /** Longest list of fields that belong to one record, in bytes. */
  private static final int MOST_FIELDS = 64 << 10;

  private final Volume volume;
  private final long rootRecord;
  private final Charset names;
  private final String label;
  private final int blockSize;

  /** Bytes at the beginning of each list of fields that are not fields; -1 without Rock Ridge. */
  private final int skipped;

  static boolean isOn(Volume volume) {
    return volume.source().size() >= (FIRST_DESCRIPTOR + 1) * (long) SECTOR
        && isDescriptor(volume.read(FIRST_DESCRIPTOR * SECTOR, SECTOR));
  }

  private static boolean isDescriptor(ByteBuffer sector) {
    byte[] standard = new byte[5];
    sector.get(1, standard);
    return new String(standard, StandardCharsets.US_ASCII).equals("CD001");
  }

  IsoTree(Volume volume) {
    this.volume = volume;
    long primary = -1;
    long joliet = -1;
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      long at = (FIRST_DESCRIPTOR + i) * (long) SECTOR;
      if (at > volume.source().size() - SECTOR) {
        break;
      }
      ByteBuffer sector = volume.read(at, SECTOR);
      int type = sector.get(0) & 0xff;
      if (!isDescriptor(sector) || type == TERMINATOR) {
        break;
      }
      if (type == PRIMARY && primary < 0) {
        primary = at;
      } else if (type == SUPPLEMENTARY && isJoliet(sector)) {
        joliet = at;
      }
    }
    if (primary < 0) {
      throw volume.damage("it has no primary volume descriptor");
    }
    ByteBuffer descriptor = volume.read(primary, SECTOR);
    blockSize = descriptor.getShort(128) & 0xffff;
    if (blockSize < 512 || blockSize > SECTOR || Integer.bitCount(blockSize) != 1) {
      throw volume.damage("its volume descriptor has an impossible block size");
    }
    skipped = rockRidge(primary + ROOT_RECORD);
    boolean ownNames = skipped >= 0 || joliet < 0;
    rootRecord = (ownNames ? primary : joliet) + ROOT_RECORD;
    names = ownNames ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_16BE;
    byte[] identifier = new byte[32];
    volume.read(ownNames ? primary : joliet, SECTOR).get(40, identifier);
    label = new String(identifier, names).trim();
  }

  private static boolean isJoliet(ByteBuffer sector) {
    int level = sector.get(90);
    return sector.get(88) == '%' && sector.get(89) == '/' && "@CE".indexOf(level) >= 0;
  }

  /** Looks for the first field of Rock Ridge in the root's record of itself. */
  private int rockRidge(long root) {
    ByteBuffer record = volume.read(root, 34);
    long at = extent(record);
    if (at > volume.source().size() - SECTOR) {
      throw volume.damage("its root is not there");
    }
    ByteBuffer self = volume.read(at, SECTOR);
    int fields = RECORD + 1;
    boolean found =
        (self.get(0) & 0xff) >= fields + 7
            && self.get(fields) == 'S'
            && self.get(fields + 1) == 'P'
            && (self.get(fields + 4) & 0xff) == 0xbe
            && (self.get(fields + 5) & 0xff) == 0xef;
    return found ? self.get(fields + 6) & 0xff : -1;
  }

  private long extent(ByteBuffer record) {
    long extended = record.get(1) & 0xff;
    return ((record.getInt(2) & 0xffffffffL) + extended) * blockSize;
  }

  private static long length(ByteBuffer record) {
    return record.getInt(10) & 0xffffffffL;
  }

  boolean hasRockRidge() {
    return skipped >= 0;
  }

  @Override
  public String type() {
    return "ISO 9660";
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
    ByteBuffer record = volume.read(rootRecord, 34);
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
      int length = volume.read(at, 1).get() & 0xff;
      if (length == 0) {
        at = (at / SECTOR + 1) * SECTOR;
        continue;
      }
      if (length < RECORD + 1 || at + length > end) {
        throw volume.damage(directory, "the directory is damaged");
      }
      ByteBuffer record = volume.read(at, length);
      int nameLength = record.get(32) & 0xff;
      if (RECORD + nameLength > length) {
        throw volume.damage(directory, "the directory is damaged");
      }
      boolean self = nameLength == 1 && (record.get(RECORD) & 0xff) <= 1;
      if (!self) {
        FileEntry entry =
            unfinished == null
                ? entry(directory, record, at)
                : longer(directory, unfinished, length(record));
        boolean more = (record.get(25) & (MORE | DIRECTORY)) == MORE;
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
  private FileEntry entry(FileEntry directory, ByteBuffer record, long at) {
    Fields fields = new Fields();
    if (skipped >= 0) {
      int nameLength = record.get(32) & 0xff;
      fields.take(directory, record, RECORD + nameLength + (1 - nameLength % 2) + skipped);
    }
    if (fields.moved) {
      return null;
    }
    boolean isDirectory = (record.get(25) & DIRECTORY) != 0;
    long place = isDirectory ? extent(record) : at;
    long size = length(record);
    if (fields.child >= 0) {
      isDirectory = true;
      place = fields.child * blockSize;
      size = length(volume.read(place, RECORD));
    }
    FileEntry.Kind kind = isDirectory ? FileEntry.Kind.DIRECTORY : fields.kind(FileEntry.Kind.FILE);
    String name = fields.name.size() > 0 ? fields.name() : ownName(record, isDirectory);
    return new FileEntry(
        directory.inside(volume.name(directory, name)),
        kind,
        size,
        fields.modified != null ? fields.modified : modified(record),
        fields.mode >= 0 ? fields.mode & 07777 : isDirectory ? 0755 : 0444,
        kind == FileEntry.Kind.LINK ? fields.link.toString() : null,
        place);
  }

  private String ownName(ByteBuffer record, boolean isDirectory) {
    byte[] bytes = new byte[record.get(32) & 0xff];
    record.get(RECORD, bytes);
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

  private static Instant modified(ByteBuffer record) {
    byte[] time = new byte[7];
    record.get(18, time);
    return time(time, 0);
  }

  private static Instant time(byte[] time, int at) {
    try {
      return LocalDateTime.of(
              1900 + (time[at] & 0xff),
              time[at + 1],
              time[at + 2],
              time[at + 3],
              time[at + 4],
              time[at + 5])
          .toInstant(ZoneOffset.ofTotalSeconds(time[at + 6] * 15 * 60));
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
      int recordLength = volume.read(at, 1).get() & 0xff;
      if (recordLength == 0) {
        at = (at / SECTOR + 1) * SECTOR;
        continue;
      }
      ByteBuffer record = volume.read(at, Math.max(recordLength, RECORD));
      if (record.get(26) != 0 || record.get(27) != 0) {
        throw new BlkshException("read " + file.path(), "it is interleaved, which is not read");
      }
      long length = length(record);
      if (position < start + length) {
        return new FileRun(start, length, extent(record));
      }
      if ((record.get(25) & MORE) == 0) {
        throw volume.damage(file, "it is shorter than it says");
      }
      start += length;
      at += recordLength;
    }
  }

  /** What Rock Ridge says about a record. */
  private final class Fields {

    private final ByteArrayOutputStream name = new ByteArrayOutputStream();
    private final StringBuilder link = new StringBuilder();
    private boolean linkGoesOn;
    private int mode = -1;
    private Instant modified;
    private long child = -1;
    private boolean moved;

    String name() {
      return name.toString(StandardCharsets.UTF_8);
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

    void take(FileEntry directory, ByteBuffer area, int from) {
      Set<Long> continued = new HashSet<>();
      int total = 0;
      ByteBuffer fields = area;
      int at = from;
      while (fields != null) {
        long next = -1;
        int nextLength = 0;
        while (at + 4 <= fields.capacity()) {
          int length = fields.get(at + 2) & 0xff;
          if (length < 4 || at + length > fields.capacity()) {
            break;
          }
          int signature = (fields.get(at) & 0xff) << 8 | fields.get(at + 1) & 0xff;
          if (signature == ('S' << 8 | 'T')) {
            break;
          }
          if (signature == ('C' << 8 | 'E') && length >= 28) {
            next =
                (fields.getInt(at + 4) & 0xffffffffL) * blockSize
                    + (fields.getInt(at + 12) & 0xffffffffL);
            nextLength = fields.getInt(at + 20);
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

    private void take(int signature, ByteBuffer fields, int at, int length) {
      switch (signature) {
        case 'N' << 8 | 'M' -> {
          if (length > 5) {
            byte[] bytes = new byte[length - 5];
            fields.get(at + 5, bytes);
            name.writeBytes(bytes);
          }
        }
        case 'P' << 8 | 'X' -> mode = length >= 12 ? fields.getInt(at + 4) : mode;
        case 'T' << 8 | 'F' -> takeTimes(fields, at, length);
        case 'S' << 8 | 'L' -> takeLink(fields, at, length);
        case 'C' << 8 | 'L' -> child = length >= 12 ? fields.getInt(at + 4) & 0xffffffffL : child;
        case 'R' << 8 | 'E' -> moved = true;
        default -> {}
      }
    }

    private void takeTimes(ByteBuffer fields, int at, int length) {
      int flags = length >= 5 ? fields.get(at + 4) : 0;
      int each = (flags & 0x80) != 0 ? 17 : 7;
      int place = at + 5 + ((flags & 1) != 0 ? each : 0);
      if ((flags & 2) != 0 && each == 7 && place + 7 <= at + length) {
        byte[] time = new byte[7];
        fields.get(place, time);
        modified = time(time, 0);
      }
    }

    private void takeLink(ByteBuffer fields, int at, int length) {
      for (int part = at + 5; part + 2 <= at + length; ) {
        int flags = fields.get(part);
        int bytes = fields.get(part + 1) & 0xff;
        if (part + 2 + bytes > at + length) {
          return;
        }
        if (link.length() > 0 && !linkGoesOn && link.charAt(link.length() - 1) != '/') {
          link.append('/');
        }
        switch (flags & 0xe) {
          case 2 -> link.append('.');
          case 4 -> link.append("..");
          case 8 -> link.append('/');
          default -> {
            byte[] text = new byte[bytes];
            fields.get(part + 2, text);
            link.append(new String(text, StandardCharsets.UTF_8));
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
