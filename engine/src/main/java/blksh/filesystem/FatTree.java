package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * FAT12, FAT16 and FAT32 with long names (Microsoft FAT32 File System Specification 1.03). Times
 * are local times of whoever wrote them and are taken as those of this system, as by a mount. A
 * file is known by where its directory entry is.
 */
final class FatTree implements FileTree {

  private static final int ENTRY = FatBootSector.ENTRY;

  /** Where one piece of a directory cannot be read the next begins, in bytes. */
  private static final int SECTOR = 512;

  private static final long ROOT = 0;

  private static final int READ_ONLY = 0x01;
  private static final int LABEL = 0x08;
  private static final int DIRECTORY = 0x10;
  private static final int LONG_NAME = 0x0f;
  private static final int ATTRIBUTES = 0x3f;
  private static final int LOWER_NAME = 0x08;
  private static final int LOWER_ENDING = 0x10;
  private static final int DELETED = 0xe5;
  private static final int LAST_LONG = 0x40;
  private static final int MOST_LONG = 20;

  /** No directory is longer, by the specification, in bytes. */
  private static final long LONGEST_DIRECTORY = 65536L * ENTRY;

  private static final Charset SHORT_NAMES =
      Charset.isSupported("IBM437") ? Charset.forName("IBM437") : StandardCharsets.ISO_8859_1;

  private final Volume volume;
  private final FatBootSector boot;
  private final int type;
  private final FatChains chains;

  FatTree(Volume volume) {
    this.volume = volume;
    boot = FatBootSector.of(volume.read(0, FatBootSector.LENGTH));
    long clusters = boot.hasSizes() ? boot.clusters() : 0;
    if (clusters < 1 || boot.data() >= volume.source().size()) {
      throw volume.damage("its boot sector contradicts itself");
    }
    type = boot.bits();
    chains = new FatChains(volume, boot);
  }

  @Override
  public String type() {
    return "FAT" + type;
  }

  @Override
  public String label() {
    String text = new String(boot.bytes().bytes(type == 32 ? 71 : 43, 11), SHORT_NAMES).trim();
    return text.equals("NO NAME") || text.indexOf(0) >= 0 ? "" : Volume.text(text);
  }

  @Override
  public boolean isSameName(String one, String other) {
    return FileTree.super.isSameName(one, other) || one.equalsIgnoreCase(other);
  }

  @Override
  public FileEntry root() {
    return new FileEntry(
        "/", FileEntry.Kind.DIRECTORY, rootLength(), Instant.EPOCH, 0755, null, ROOT);
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    long cluster = firstCluster(volume.read(file.id(), ENTRY));
    return new FileContent(volume, file, chains.of(file, cluster));
  }

  /** Bytes of the root directory; 0 when it is a chain of clusters. */
  private long rootLength() {
    return (long) boot.rootEntries() * ENTRY;
  }

  private long firstCluster(Structure entry) {
    return FatChains.first(entry, type);
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    LongName longName = new LongName();
    if (directory.id() == ROOT && type != 32) {
      long end = listRange(directory, boot.root(), rootLength(), longName, each, problems);
      if (end >= 0) {
        FatRest rest = new FatRest(volume, chains, type);
        rest.look(end, boot.root() + rootLength());
        rest.tell(directory, problems);
      }
      return;
    }
    long cluster =
        directory.id() == ROOT
            ? boot.rootCluster()
            : firstCluster(volume.read(directory.id(), ENTRY));
    if (directory.id() != ROOT && !beginsWithItself(chains.position(directory, cluster))) {
      problems.accept(volume.damage(directory, "it does not begin with itself"));
    }
    long most = LONGEST_DIRECTORY / chains.clusterSize() + 1;
    for (long count = 0; cluster != FatChains.END; count++) {
      long next;
      try {
        if (count > most) {
          throw volume.damage(directory, "the directory has no end");
        }
        chains.position(directory, cluster);
        next = chains.next(directory, cluster);
      } catch (FileSystemDamageException | UnreadableException e) {
        if (count == 0) {
          throw e;
        }
        problems.accept(FileEntry.survived(e));
        return;
      }
      long at = chains.position(directory, cluster);
      long end = listRange(directory, at, chains.clusterSize(), longName, each, problems);
      if (end >= 0) {
        FatRest rest = new FatRest(volume, chains, type);
        rest.look(end, at + chains.clusterSize());
        rest.follow(directory, next, most - count);
        rest.tell(directory, problems);
        return;
      }
      cluster = next;
    }
  }

  /** Whether a directory does, as all but the root; one that cannot be read is told of later. */
  private boolean beginsWithItself(long at) {
    try {
      return volume.read(at, ENTRY).u8(0) == '.';
    } catch (FileSystemDamageException | UnreadableException e) {
      return true;
    }
  }

  /** Hands out the entries in a range; where its end mark is, or -1 when there is none. */
  private long listRange(
      FileEntry directory,
      long from,
      long length,
      LongName longName,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    for (long at = from; at < from + length; ) {
      FileEntry found = null;
      Structure entry;
      try {
        entry = volume.read(at, ENTRY);
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
        longName.clear();
        at = (at / SECTOR + 1) * SECTOR;
        continue;
      }
      if (entry.u8(0) == 0) {
        return at;
      }
      try {
        found = found(directory, entry, at, longName);
      } catch (FileSystemDamageException e) {
        problems.accept(e);
      }
      if (found != null) {
        each.accept(found);
      }
      at += ENTRY;
    }
    return -1;
  }

  /** What an entry names; null when it is part of a name, or names nothing. */
  private FileEntry found(FileEntry directory, Structure entry, long at, LongName longName) {
    int first = entry.u8(0);
    int attributes = entry.u8(11) & ATTRIBUTES;
    if (first == DELETED) {
      longName.clear();
    } else if (attributes == LONG_NAME) {
      longName.add(entry);
    } else if ((attributes & LABEL) != 0 || first == '.') {
      longName.clear();
    } else {
      String name = longName.take(entry);
      return entry(volume.path(directory, name == null ? shortName(entry) : name), entry, at);
    }
    return null;
  }

  private static FileEntry entry(String path, Structure entry, long at) {
    boolean directory = (entry.u8(11) & DIRECTORY) != 0;
    int mode = directory ? 0755 : (entry.u8(11) & READ_ONLY) != 0 ? 0444 : 0644;
    return new FileEntry(
        path,
        directory ? FileEntry.Kind.DIRECTORY : FileEntry.Kind.FILE,
        entry.u32(28),
        modified(entry),
        mode,
        null,
        at);
  }

  private static Instant modified(Structure entry) {
    int time = entry.u16(22);
    int date = entry.u16(24);
    try {
      return LocalDateTime.of(
              1980 + (date >> 9),
              date >> 5 & 0xf,
              date & 0x1f,
              time >> 11,
              time >> 5 & 0x3f,
              (time & 0x1f) * 2)
          .atZone(ZoneId.systemDefault())
          .toInstant();
    } catch (DateTimeException noSuchTime) {
      return Instant.EPOCH;
    }
  }

  private static String shortName(Structure entry) {
    byte[] bytes = entry.bytes(0, 11);
    if (bytes[0] == 0x05) {
      bytes[0] = (byte) DELETED;
    }
    int cases = entry.u8(12);
    String name = new String(bytes, 0, 8, SHORT_NAMES).stripTrailing();
    String ending = new String(bytes, 8, 3, SHORT_NAMES).stripTrailing();
    name = (cases & LOWER_NAME) != 0 ? name.toLowerCase(Locale.ROOT) : name;
    ending = (cases & LOWER_ENDING) != 0 ? ending.toLowerCase(Locale.ROOT) : ending;
    return ending.isEmpty() ? name : name + "." + ending;
  }

  /**
   * A long name as its entries arrive: the last part first, before the short name it belongs to.
   */
  private static final class LongName {

    private static final int PART = 13;
    private static final int[] PLACES = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

    private final char[] characters = new char[MOST_LONG * PART];
    private int parts;
    private int expected;
    private int checksum;

    void clear() {
      parts = 0;
      expected = 0;
    }

    void add(Structure entry) {
      int order = entry.u8(0);
      int number = order & (LAST_LONG - 1);
      if ((order & LAST_LONG) != 0 && number >= 1 && number <= MOST_LONG) {
        parts = number;
        expected = number;
        checksum = entry.u8(13);
      }
      if (number == 0 || number != expected || entry.u8(13) != checksum) {
        clear();
        return;
      }
      for (int i = 0; i < PART; i++) {
        characters[(number - 1) * PART + i] = (char) entry.u16(PLACES[i]);
      }
      expected--;
    }

    /** The name, if it belongs to this short one; else null. */
    String take(Structure entry) {
      boolean complete = parts > 0 && expected == 0 && checksum == checksum(entry);
      String name = null;
      if (complete) {
        int length = 0;
        while (length < parts * PART && characters[length] != 0) {
          length++;
        }
        name = new String(characters, 0, length);
      }
      clear();
      return name;
    }

    private static int checksum(Structure entry) {
      int sum = 0;
      for (int i = 0; i < 11; i++) {
        sum = (((sum & 1) << 7) + (sum >> 1) + entry.u8(i)) & 0xff;
      }
      return sum;
    }
  }

  @Override
  public long place(FileEntry directory) {
    if (directory.id() == ROOT) {
      return type == 32 ? boot.rootCluster() : ROOT;
    }
    try {
      long cluster = firstCluster(volume.read(directory.id(), ENTRY));
      return cluster == 0 ? -directory.id() : cluster;
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return -directory.id();
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
