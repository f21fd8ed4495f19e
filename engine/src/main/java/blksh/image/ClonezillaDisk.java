package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.ConcatSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.block.UnusedSource;
import blksh.io.IoFailure;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.partition.TableMove;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A whole drive out of a set of Clonezilla's: boot code, partition table, and each partition where
 * it lay; what is between them is free. Swap space gets a new header with the name it had. Nothing
 * is taken from a name alone: the table that was put together must be the one that {@code
 * DISK-pt.sf} tells of.
 */
public final class ClonezillaDisk implements BlockSource {

  /** The longest that what lies before the first partition may be, in bytes. */
  private static final long LONGEST_HEAD = 64L << 20;

  private static final String SECOND_TABLE = "its second partition table";
  private static final int SECTOR = 512;
  private static final int PAGE = 4096;
  private static final Pattern SIZE = Pattern.compile("^Disk /dev/\\S+: (\\d{1,13})s\\s*$");
  private static final Pattern SECTORS = Pattern.compile("^Sector size .*: (\\d{3,6})B/");
  private static final Pattern SWAP = Pattern.compile("^(UUID|LABEL)=\"?([^\"]*)\"?\\s*$");

  private final ConcatSource whole;
  private final ClonezillaSet set;
  private final String name;
  private final int sectorSize;
  private final List<String> missing;

  private ClonezillaDisk(
      ConcatSource whole, ClonezillaSet set, String name, int sectorSize, List<String> missing) {
    this.whole = whole;
    this.set = set;
    this.name = name;
    this.sectorSize = sectorSize;
    this.missing = List.copyOf(missing);
  }

  /** What the set does not keep of the drive, as sentences. */
  public List<String> missing() {
    return missing;
  }

  /** It piece by piece, in order. */
  List<BlockSource> parts() {
    return whole.parts();
  }

  /**
   * Puts a drive together.
   *
   * @param disk {@code "sda"}
   * @param size bytes of the drive it is put together for, or 0 for those it had
   * @throws BlkshException when the set does not hold it, or holds what contradicts itself, or when
   *     it has no room there
   */
  static ClonezillaDisk open(ClonezillaSet set, String disk, long size, ImageOptions options) {
    Assembly assembly = new Assembly(set, disk, options);
    try {
      return assembly.run(size);
    } catch (IOException e) {
      assembly.close();
      throw IoFailure.told(assembly.action, e);
    } catch (RuntimeException | Error e) {
      assembly.close();
      throw e;
    }
  }

  /** One putting together. */
  private static final class Assembly {
    private final ClonezillaSet set;
    private final String disk;
    private final ImageOptions options;
    private final String action;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private ClonezillaTable table;

    /** What lies before the first partition. */
    private byte[] head;

    private record Piece(String name, long start, BlockSource source) {
      long end() {
        return start + source.size();
      }
    }

    Assembly(ClonezillaSet set, String disk, ImageOptions options) {
      this.set = set;
      this.disk = disk;
      this.options = options;
      this.action = "put together drive " + disk + " of " + set.directory();
    }

    void close() {
      pieces.forEach(piece -> piece.source().close());
    }

    private Path file(String ending) {
      return set.directory().resolve(disk + ending);
    }

    private BlkshException refused(String problem) {
      return new BlkshException(action, problem);
    }

    ClonezillaDisk run(long wanted) throws IOException {
      table = ClonezillaTable.read(file("-pt.sf"));
      if (table.entries().isEmpty()) {
        throw refused("the set keeps no partition table of it (%s-pt.sf)".formatted(disk))
            .suggest("restore its images one by one: " + images());
      }
      head();
      logical();
      long end = 0;
      for (ClonezillaTable.Entry entry : table.entries()) {
        end = Math.max(end, entry.start() + entry.length());
        if (!entry.isExtended() || !table.label().equals("dos")) {
          partition(entry);
        }
      }
      long size = size(end);
      backupTable(size);
      ClonezillaDisk whole = joined(size);
      mustBeAsNoted(whole);
      return wanted == 0 || wanted == size ? whole : moved(whole, wanted);
    }

    /** The same for a drive of another size: the second partition table goes to its end. */
    private ClonezillaDisk moved(ClonezillaDisk whole, long wanted) {
      TableMove move;
      try {
        move = TableMove.of(whole, wanted);
      } catch (IllegalArgumentException e) {
        throw refused(
                "it had %d bytes, and is to have %d: %s"
                    .formatted(whole.size(), wanted, e.getMessage()))
            .suggest("take a larger drive, or restore its images one by one: " + images());
      }
      pieces.removeIf(piece -> piece.name().equals(SECOND_TABLE));
      for (TableMove.Piece piece : move.pieces()) {
        long end = piece.position() + piece.bytes().length;
        if (end <= head.length) {
          System.arraycopy(piece.bytes(), 0, head, (int) piece.position(), piece.bytes().length);
        } else {
          add(SECOND_TABLE, piece.position(), new ByteArraySource(SECOND_TABLE, piece.bytes()));
        }
      }
      return joined(wanted);
    }

    /** What lies before the first partition: boot code, the table, and what loaders keep there. */
    private void head() throws IOException {
      byte[] boot = bytes(file("-mbr"), SECTOR);
      if (boot == null || boot.length < SECTOR) {
        throw refused(
            boot == null
                ? "the set keeps no boot record of it (%s-mbr)".formatted(disk)
                : "%s-mbr has %d bytes of 512".formatted(disk, boot.length));
      }
      byte[] hidden = bytes(file("-hidden-data-after-mbr"), LONGEST_HEAD);
      byte[] guid = bytes(file("-gpt-1st"), LONGEST_HEAD);
      if (guid == null && table.label().equals("gpt")) {
        throw refused("the set keeps no table of it (%s-gpt-1st)".formatted(disk));
      }
      long first =
          table.entries().stream().mapToLong(ClonezillaTable.Entry::start).min().orElseThrow();
      int length = SECTOR;
      length = hidden == null ? length : Math.max(length, SECTOR + hidden.length);
      length = guid == null ? length : Math.max(length, guid.length);
      // What was saved behind the boot record may have been counted past the first partition.
      length = (int) Math.min(length, first);
      head = new byte[length];
      if (hidden != null) {
        System.arraycopy(hidden, 0, head, SECTOR, Math.min(hidden.length, length - SECTOR));
      }
      if (guid != null) {
        System.arraycopy(guid, 0, head, 0, Math.min(guid.length, length));
      }
      System.arraycopy(boot, 0, head, 0, SECTOR);
      add("its boot record", 0, new ByteArraySource(disk + "-mbr", head));
    }

    /** The boot records of logical partitions, which the set keeps but for one not. */
    private void logical() throws IOException {
      if (!table.label().equals("dos")) {
        return;
      }
      List<ClonezillaTable.Entry> logical = new ArrayList<>();
      ClonezillaTable.Entry extended = null;
      for (ClonezillaTable.Entry entry : table.entries()) {
        if (number(entry.name()) > 4) {
          logical.add(entry);
        } else if (entry.isExtended()) {
          extended = extended == null ? entry : extended;
        }
      }
      if (extended == null) {
        return;
      }
      byte[] code = bytes(set.directory().resolve(extended.name() + "-ebr"), SECTOR);
      try {
        List<LogicalPartitions.Placed> records =
            LogicalPartitions.records(extended, logical, table.sectorSize());
        for (LogicalPartitions.Placed record : records) {
          if (record == records.get(0) && code != null && code.length == SECTOR) {
            System.arraycopy(code, 0, record.bytes(), 0, 446);
          }
          add("a boot record", record.position(), new ByteArraySource("ebr", record.bytes()));
        }
      } catch (IllegalArgumentException e) {
        throw refused(e.getMessage());
      }
    }

    private int number(String partition) {
      Matcher number = Pattern.compile("(\\d{1,4})$").matcher(partition);
      return number.find() ? Integer.parseInt(number.group(1)) : 0;
    }

    private void partition(ClonezillaTable.Entry entry) throws IOException {
      ClonezillaSet.Member member = set.member(entry.name()).orElse(null);
      if (member != null && member.hasImage()) {
        Image image = member.open(options);
        add(entry.name(), entry.start(), image);
        if (image.size() > entry.length()) {
          throw refused(
              "the image of %s has %d bytes, and its partition %d"
                  .formatted(entry.name(), image.size(), entry.length()));
        }
      } else if (member != null && member.fileSystem().equals("swap")) {
        add(entry.name(), entry.start(), swap(entry));
      } else if (set.member(entry.name()).isEmpty() && isOneOfTwo(entry.name())) {
        throw refused("there are two images of " + entry.name())
            .suggest("leave one of them in the directory");
      } else {
        missing.add(
            "the set keeps no image of %s (bytes %d to %d, type %s): nothing of it is restored"
                .formatted(
                    entry.name(), entry.start(), entry.start() + entry.length() - 1, entry.type()));
      }
    }

    private String images() {
      return set.members().stream()
          .filter(ClonezillaSet.Member::hasImage)
          .map(ClonezillaSet.Member::name)
          .collect(Collectors.joining(", "));
    }

    private boolean isOneOfTwo(String partition) {
      return set.members().stream().anyMatch(each -> each.name().startsWith(partition + "."));
    }

    /** The header of new swap space, by {@code swappt-NAME.info}; format: Linux, swap.h. */
    private BlockSource swap(ClonezillaTable.Entry entry) throws IOException {
      long pages = entry.length() / PAGE;
      if (pages < 10 || pages - 1 > 0xffffffffL) {
        throw refused("%s is no swap space of %d bytes".formatted(entry.name(), entry.length()));
      }
      ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
      page.putInt(1024, 1).putInt(1028, (int) (pages - 1));
      Path info = set.directory().resolve("swappt-" + entry.name() + ".info");
      for (String line : ClonezillaSet.lines(info)) {
        Matcher said = SWAP.matcher(line.strip());
        if (said.matches() && said.group(1).equals("UUID") && !said.group(2).isEmpty()) {
          page.position(1036);
          page.put(uuid(said.group(2), entry.name()));
        } else if (said.matches() && said.group(1).equals("LABEL")) {
          byte[] label = said.group(2).getBytes(StandardCharsets.ISO_8859_1);
          page.position(1052);
          page.put(label, 0, Math.min(16, label.length));
        }
      }
      page.position(PAGE - 10);
      page.put("SWAPSPACE2".getBytes(StandardCharsets.US_ASCII));
      return new ByteArraySource(entry.name(), page.array());
    }

    private byte[] uuid(String text, String partition) {
      try {
        UUID uuid = UUID.fromString(text);
        return ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
      } catch (IllegalArgumentException e) {
        throw refused("swappt-%s.info has no UUID but '%s'".formatted(partition, text));
      }
    }

    /** Bytes of the drive: as parted told, as the table says, or up to its last partition. */
    private long size(long end) throws IOException {
      long sectors = 0;
      long sector = table.sectorSize();
      for (String line : ClonezillaSet.lines(file("-pt.parted"))) {
        Matcher size = SIZE.matcher(line);
        Matcher unit = SECTORS.matcher(line);
        if (size.matches()) {
          sectors = Long.parseLong(size.group(1));
        } else if (unit.find()) {
          sector = Long.parseLong(unit.group(1));
        }
      }
      byte[] guid = bytes(file("-gpt-1st"), LONGEST_HEAD);
      if (sectors == 0 && guid != null && guid.length >= table.sectorSize() + 40) {
        long last =
            ByteBuffer.wrap(guid).order(ByteOrder.LITTLE_ENDIAN).getLong(table.sectorSize() + 32);
        sectors = last > 0 && last < 1L << 50 ? last + 1 : 0;
        sector = table.sectorSize();
      }
      long size = sectors * sector;
      if (sectors == 0) {
        missing.add("how large the drive was: it ends with its last partition here");
        return end;
      }
      if (size < end) {
        throw refused(
            "it had %d bytes, and its last partition ends at byte %d".formatted(size, end));
      }
      return size;
    }

    private void backupTable(long size) throws IOException {
      if (!table.label().equals("gpt")) {
        return;
      }
      byte[] second = bytes(file("-gpt-2nd"), LONGEST_HEAD);
      if (second == null || second.length >= size) {
        missing.add("the second partition table: sgdisk --move-second-header makes it anew");
        return;
      }
      add(SECOND_TABLE, size - second.length, new ByteArraySource(disk + "-gpt-2nd", second));
    }

    private void add(String what, long start, BlockSource source) {
      pieces.add(new Piece(what, start, source));
    }

    private ClonezillaDisk joined(long size) {
      pieces.sort(Comparator.comparingLong(Piece::start));
      List<BlockSource> parts = new ArrayList<>();
      long at = 0;
      String before = "its beginning";
      for (Piece piece : pieces) {
        if (piece.start() < at || piece.end() > size) {
          throw refused(
              "%s (bytes %d to %d) lies over %s"
                  .formatted(
                      piece.name(),
                      piece.start(),
                      piece.end() - 1,
                      piece.end() > size ? "the end of the drive" : before));
        }
        if (piece.start() > at) {
          parts.add(new UnusedSource(disk, piece.start() - at));
        }
        parts.add(piece.source());
        at = piece.end();
        before = piece.name();
      }
      if (at < size) {
        parts.add(new UnusedSource(disk, size - at));
      }
      return new ClonezillaDisk(new ConcatSource(parts), set, disk, table.sectorSize(), missing);
    }

    /** That the table put together has the partitions that the set's list has. */
    private void mustBeAsNoted(ClonezillaDisk whole) {
      PartitionTable found = PartitionTable.of(whole);
      List<String> has = new ArrayList<>();
      for (Partition each : found.partitions()) {
        has.add("%d: bytes %d to %d".formatted(each.number(), each.start(), each.end() - 1));
      }
      List<String> noted = new ArrayList<>();
      for (ClonezillaTable.Entry each : table.entries()) {
        if (!each.isExtended() || !table.label().equals("dos")) {
          noted.add(
              "%d: bytes %d to %d"
                  .formatted(number(each.name()), each.start(), each.start() + each.length() - 1));
        }
      }
      has.sort(null);
      noted.sort(null);
      if (!has.equals(noted)) {
        List<String> other = new ArrayList<>(noted);
        other.removeAll(has);
        List<String> only = new ArrayList<>(has);
        only.removeAll(noted);
        throw refused(
                "its boot record and table (%s) are not those of %s-pt.sf (%s)"
                    .formatted(String.join(", ", only), disk, String.join(", ", other)))
            .suggest("restore its images one by one: " + images());
      }
    }

    /** A small file; null when it is not there. */
    private byte[] bytes(Path file, long most) throws IOException {
      if (!Files.isRegularFile(file)) {
        return null;
      }
      if (Files.size(file) > most) {
        throw refused(
            "%s has %d bytes, more than it can be".formatted(file.getFileName(), Files.size(file)));
      }
      return Files.readAllBytes(file);
    }
  }

  @Override
  public long size() {
    return whole.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return whole.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return whole.extents(position, length);
  }

  @Override
  public int sectorSize() {
    return sectorSize;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("drive of a set", name, set.directory().toString());
  }

  @Override
  public void close() {
    whole.close();
  }
}
