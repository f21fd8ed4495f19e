package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.ConcatSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.block.SliceSource;
import blksh.block.SourceInfo;
import blksh.block.UnkeptSource;
import blksh.io.IoFailure;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.partition.TableMove;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A whole drive out of a set of Clonezilla's: boot code, partition table, and each partition where
 * it lay, or what of a partition is a logical volume; what is between them is free. Swap space gets
 * a new header with the name it had, and the second copy of a GPT is made of the first: Clonezilla
 * keeps all of it but its first sector. Nothing is taken from a name alone: the table that was put
 * together must be the one that {@code DISK-pt.sf} tells of.
 */
public final class ClonezillaDisk implements BlockSource {

  /** The longest that a boot record with a partition table may be, in bytes. */
  private static final int LONGEST_TABLE = 2 << 20;

  private static final int SECTOR = 512;

  private final ConcatSource whole;
  private final ClonezillaSet set;
  private final String name;
  private final int sectorSize;
  private final boolean tolerant;
  private final List<String> missing;

  private ClonezillaDisk(
      ConcatSource whole,
      ClonezillaSet set,
      String name,
      int sectorSize,
      boolean tolerant,
      List<String> missing) {
    this.whole = whole;
    this.set = set;
    this.name = name;
    this.sectorSize = sectorSize;
    this.tolerant = tolerant;
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

  /** Whether its images were opened so. */
  boolean tolerant() {
    return tolerant;
  }

  /**
   * Puts a drive together.
   *
   * @param disk {@code "sda"}
   * @param size bytes of the drive it is put together for, 0 for those it had; then what the set
   *     does not keep is free. Negative for those it had, and what is not kept cannot be read
   * @throws BlkshException when the set does not hold it, or holds what contradicts itself, or when
   *     it has no room there
   */
  static ClonezillaDisk open(ClonezillaSet set, String disk, long size, ImageOptions options) {
    Assembly assembly = new Assembly(set, disk, size < 0, options);
    try {
      return assembly.run(Math.max(0, size));
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

    /** Whether what is not kept cannot be read, rather than being free. */
    private final boolean exact;

    private final ImageOptions options;
    private final String action;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private ClonezillaTable table;
    private ClonezillaVolumes volumes;

    /** The boot record and the first copy of a GPT. */
    private byte[] head;

    private record Piece(String name, long start, BlockSource source) {
      long end() {
        return start + source.size();
      }
    }

    Assembly(ClonezillaSet set, String disk, boolean exact, ImageOptions options) {
      this.set = set;
      this.disk = disk;
      this.exact = exact;
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
      table = ClonezillaTable.read(set.directory(), disk);
      volumes = ClonezillaVolumes.read(set, options);
      if (table.entries().isEmpty() && volumes.hold(disk)) {
        return volume(wanted);
      }
      if (table.entries().isEmpty()) {
        throw refused("the set keeps no partition table of it (%s-pt.sf)".formatted(disk))
            .suggest("restore its images one by one: " + images());
      }
      head();
      if (table.isDos()) {
        logical();
      }
      long end = 0;
      for (ClonezillaTable.Entry entry : table.entries()) {
        end = Math.max(end, entry.start() + entry.length());
        if (table.holds(entry)) {
          partition(entry);
        }
      }
      long size = size(end);
      ClonezillaDisk whole = joined(size);
      mustBeAsNoted(whole);
      boolean guid = table.label().equals("gpt");
      return guid || wanted != 0 && wanted != size
          ? moved(whole, guid, wanted == 0 ? size : wanted)
          : whole;
    }

    /** A drive that has no table, as all of it is a physical volume. */
    private ClonezillaDisk volume(long wanted) {
      long had = table.sectors() == 0 ? volumes.size(disk) : size(0);
      long size = wanted == 0 ? had : wanted;
      volumes.put(new ClonezillaTable.Entry(disk, 0, size, "", false), exact, this::add, missing);
      return joined(size);
    }

    /** The same with a second copy of its table, for a drive of a size. */
    private ClonezillaDisk moved(ClonezillaDisk whole, boolean guid, long wanted) {
      TableMove move;
      try {
        move = guid ? TableMove.anew(whole, wanted) : TableMove.of(whole, wanted);
      } catch (IllegalArgumentException e) {
        throw refused(
                "it had %d bytes, and is to have %d: %s"
                    .formatted(whole.size(), wanted, e.getMessage()))
            .suggest("take a larger drive, or restore its images one by one: " + images());
      }
      for (TableMove.Piece piece : move.pieces()) {
        byte[] bytes = piece.bytes();
        if (piece.position() + bytes.length <= head.length) {
          System.arraycopy(bytes, 0, head, (int) piece.position(), bytes.length);
        } else {
          String what = "its second partition table";
          add(what, piece.position(), new ByteArraySource(what, bytes));
        }
      }
      return joined(wanted);
    }

    /** What lies before the first partition: boot code, the table, and what loaders keep there. */
    private void head() throws IOException {
      byte[] boot = bytes("-mbr", SECTOR);
      if (boot == null || boot.length < SECTOR) {
        throw refused(
            boot == null
                ? "the set keeps no boot record of it (%s-mbr)".formatted(disk)
                : "%s-mbr has %d bytes of 512".formatted(disk, boot.length));
      }
      byte[] guid = table.label().equals("gpt") ? bytes("-gpt-1st", LONGEST_TABLE) : null;
      if (guid == null && table.label().equals("gpt")) {
        throw refused("the set keeps no table of it (%s-gpt-1st)".formatted(disk));
      }
      long first =
          table.entries().stream().mapToLong(ClonezillaTable.Entry::start).min().orElseThrow();
      int tables = (int) Math.min(first, guid == null ? SECTOR : Math.max(SECTOR, guid.length));
      head = guid == null ? new byte[tables] : Arrays.copyOf(guid, tables);
      System.arraycopy(boot, 0, head, 0, SECTOR);
      add("its boot record", 0, new ByteArraySource(disk + "-mbr", head));
      Path hidden = file("-hidden-data-after-mbr");
      if (Files.isRegularFile(hidden)) {
        BlockSource all = FileSource.open(hidden);
        // What was saved behind the boot record may have been counted past the first partition.
        long past = Math.min(first, SECTOR + all.size());
        if (past > tables) {
          add(
              "what is behind its boot record",
              tables,
              new SliceSource(all, tables - SECTOR, past - tables));
        } else {
          all.close();
        }
      }
    }

    /** The boot records of logical partitions, of which the set keeps no more than the first. */
    private void logical() throws IOException {
      List<ClonezillaTable.Entry> logical = new ArrayList<>();
      ClonezillaTable.Entry extended = null;
      for (ClonezillaTable.Entry entry : table.entries()) {
        if (ClonezillaTable.number(entry.name()) > 4) {
          logical.add(entry);
        } else if (entry.isExtended()) {
          extended = extended == null ? entry : extended;
        }
      }
      if (extended == null) {
        return;
      }
      Path saved = set.directory().resolve(extended.name() + "-ebr");
      byte[] code = bytes(saved, SECTOR);
      try {
        List<LogicalPartitions.Placed> records =
            LogicalPartitions.records(extended, logical, table.sectorSize());
        for (LogicalPartitions.Placed record : records) {
          if (record == records.get(0) && code != null && code.length == SECTOR) {
            System.arraycopy(code, 0, record.bytes(), 0, LogicalPartitions.CODE);
          }
          add("a boot record", record.position(), new ByteArraySource("ebr", record.bytes()));
        }
      } catch (IllegalArgumentException e) {
        throw refused(e.getMessage());
      }
    }

    private void partition(ClonezillaTable.Entry entry) throws IOException {
      if (volumes.hold(entry.name())) {
        volumes.put(entry, exact, this::add, missing);
        return;
      }
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
        SavedSwap swap = SavedSwap.read(set.directory(), entry.name());
        add(entry.name(), entry.start(), swap.over(entry.length()));
      } else if (member == null && isOneOfTwo(entry.name())) {
        throw refused("there are two images of " + entry.name())
            .suggest("leave one of them in the directory");
      } else {
        lacks(entry);
      }
    }

    private void lacks(ClonezillaTable.Entry entry) {
      missing.add(
          "the set keeps no image of %s (%s, type %s): nothing of it is restored"
              .formatted(entry.name(), entry.range(), entry.type()));
      if (exact) {
        String why = "the set keeps no image of " + entry.name();
        add(entry.name(), entry.start(), UnkeptSource.missing(entry.name(), entry.length(), why));
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

    /** Bytes of the drive: as parted told, as the table says, or up to its last partition. */
    private long size(long end) {
      long sector = table.sectorSize();
      long sectors = table.sectors();
      if (sectors == 0 && head.length >= sector + 40) {
        ByteBuffer guid = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        long last = guid.getLong((int) sector + 32);
        sectors = last > 0 && last < 1L << 50 ? last + 1 : 0;
      }
      if (sectors == 0) {
        missing.add("how large the drive was: it ends with its last partition here");
        return end;
      }
      if (sectors > (1L << 60) / sector || sectors * sector < end) {
        throw refused(
            "it had %d sectors of %d bytes, and its last partition ends at byte %d"
                .formatted(sectors, sector, end));
      }
      return sectors * sector;
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
                      piece.start() < at ? before : "the end of the drive"));
        }
        if (piece.start() > at) {
          parts.add(UnkeptSource.free(disk, piece.start() - at));
        }
        parts.add(piece.source());
        at = piece.end();
        before = piece.name();
      }
      if (at < size) {
        parts.add(UnkeptSource.free(disk, size - at));
      }
      return new ClonezillaDisk(
          new ConcatSource(parts), set, disk, table.sectorSize(), options.tolerant(), missing);
    }

    /** That the table put together has the partitions that the set's list has. */
    private void mustBeAsNoted(ClonezillaDisk whole) {
      List<String> has = new ArrayList<>();
      for (Partition each : PartitionTable.of(whole).partitions()) {
        has.add("%d: bytes %d to %d".formatted(each.number(), each.start(), each.end() - 1));
      }
      List<String> noted = new ArrayList<>();
      for (ClonezillaTable.Entry each : table.entries()) {
        if (table.holds(each)) {
          noted.add(ClonezillaTable.number(each.name()) + ": " + each.range());
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

    private byte[] bytes(String ending, long most) throws IOException {
      return bytes(file(ending), most);
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
