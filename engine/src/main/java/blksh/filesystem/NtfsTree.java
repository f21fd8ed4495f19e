package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * NTFS 3.x (Linux-NTFS project, NTFS documentation), with what it compresses itself and what
 * Windows compresses of system files. Files that are encrypted, or whose content somebody else
 * keeps, are listed but not opened; its own files, such as {@code $MFT}, are not listed.
 */
final class NtfsTree implements FileTree {

  private static final long ROOT = 5;
  private static final long VOLUME = 3;

  /** Records below belong to NTFS itself. */
  private static final long FIRST_OWN = 24;

  private static final int READ_ONLY = 0x1;
  private static final int SYSTEM = 0x4;

  /** What blocks of directories smaller than clusters are counted in. */
  private static final int SECTOR = 512;

  private static final int LAST_ENTRY = 2;
  private static final int FILE_NAME = 16;
  private static final int DOS_NAME = 2;

  // Attributes by which a service says that not all of a file is here.
  private static final int OFFLINE = 0x1000;
  private static final int RECALL_ON_OPEN = 0x40000;
  private static final int RECALL_ON_ACCESS = 0x400000;

  /** What a symbolic link of Interix and ntfs-3g begins with. */
  private static final byte[] INTERIX_LINK = "IntxLNK\u0001".getBytes(StandardCharsets.US_ASCII);

  private static final int LONGEST_LINK = 16384;

  /** Largest bitmap of the blocks of a directory, in bytes. */
  private static final int LARGEST_BITMAP = 1 << 20;

  /** 1601-01-01, where times in units of 100 ns begin, in seconds of 1970. */
  private static final long EPOCH = -11_644_473_600L;

  private final Volume volume;
  private final NtfsRecords records;
  private final String label;

  NtfsTree(Volume volume) {
    this.volume = volume;
    this.records =
        NtfsRecords.open(volume, NtfsBootSector.of(volume.read(0, NtfsBootSector.LENGTH)));
    NtfsRecord about = records.read(VOLUME);
    byte[] name = about.resident(NtfsRecord.VOLUME_NAME, "", 256);
    label = name == null ? "" : Volume.text(Volume.utf16(name, ByteOrder.LITTLE_ENDIAN));
  }

  @Override
  public String type() {
    return "NTFS";
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public boolean isSameName(String one, String other) {
    return FileTree.super.isSameName(one, other) || one.equalsIgnoreCase(other);
  }

  @Override
  public FileEntry root() {
    return entry("/", ROOT);
  }

  private FileEntry entry(String path, long number) {
    NtfsRecord record = records.read(number);
    Structure facts = facts(record, number);
    int attributes = facts.i32(32);
    NtfsReparse point = NtfsReparse.of(record);
    String link = link(record, point, attributes);
    FileEntry.Kind kind =
        link != null
            ? FileEntry.Kind.LINK
            : record.isDirectory()
                ? FileEntry.Kind.DIRECTORY
                : point != null && point.isSpecial() ? FileEntry.Kind.SPECIAL : FileEntry.Kind.FILE;
    int mode = record.isDirectory() ? 0755 : (attributes & READ_ONLY) != 0 ? 0444 : 0644;
    return new FileEntry(
        path, kind, record.size(NtfsRecord.DATA, ""), time(facts.i64(8)), mode, link, number);
  }

  private FileEntry entryOrDamaged(String path, long number) {
    try {
      return entry(path, number);
    } catch (BlkshException e) {
      return FileEntry.damaged(path, number, e);
    }
  }

  private Structure facts(NtfsRecord record, long number) {
    byte[] information = record.resident(NtfsRecord.STANDARD_INFORMATION, "", 1024);
    if (information == null || information.length < 36) {
      throw volume.damage("file record %d lacks its information".formatted(number));
    }
    return Structure.of(information);
  }

  private static Instant time(long ticks) {
    return Instant.ofEpochSecond(
        EPOCH + Long.divideUnsigned(ticks, 10_000_000),
        Long.remainderUnsigned(ticks, 10_000_000) * 100);
  }

  /** Where a record leads if it is a symbolic link, else null. */
  private static String link(NtfsRecord record, NtfsReparse point, int attributes) {
    String link = point == null ? null : point.link();
    if (link != null) {
      return link;
    }
    if ((attributes & SYSTEM) != 0 && !record.isDirectory()) {
      byte[] content = record.resident(NtfsRecord.DATA, "", LONGEST_LINK);
      if (content != null && Arrays.mismatch(content, INTERIX_LINK) == INTERIX_LINK.length) {
        byte[] target = Arrays.copyOfRange(content, INTERIX_LINK.length, content.length);
        return Volume.text(Volume.utf16(target, ByteOrder.LITTLE_ENDIAN));
      }
    }
    return null;
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    NtfsRecord record = records.read(file.id());
    NtfsReparse point = NtfsReparse.of(record);
    if (point != null) {
      return behind(point, record, file);
    }
    if (!record.has(NtfsRecord.DATA, "")) {
      return new ByteArraySource(file.path(), new byte[0]);
    }
    return record.stream("", file.path());
  }

  /** The content of a file with a reparse point: what else it has would read as zeros. */
  private BlockSource behind(NtfsReparse point, NtfsRecord record, FileEntry file) {
    WofFormat format = point.format();
    if (format != null) {
      if (!record.has(NtfsRecord.DATA, WofFormat.STREAM)) {
        throw volume.damage(file, "what is compressed of it is not there");
      }
      long size = record.size(NtfsRecord.DATA, "");
      BlockSource stored = record.stream(WofFormat.STREAM, file.path());
      WofChunks chunks = new WofChunks(format, stored, size);
      return new ChunkedContent(volume, file.path(), size, format.chunkSize(), chunks);
    }
    if (point.isCloud() && record.has(NtfsRecord.DATA, "") && !isElsewhere(record, file.id())) {
      BlockSource content = record.stream("", file.path());
      if (isWhole(content)) {
        return content;
      }
    }
    throw new BlkshException("open " + file.path(), "its content is kept by " + point.words())
        .suggest("copy it on a running Windows");
  }

  private boolean isElsewhere(NtfsRecord record, long number) {
    int attributes = facts(record, number).i32(32);
    return (attributes & (OFFLINE | RECALL_ON_OPEN | RECALL_ON_ACCESS)) != 0;
  }

  /** Whether nothing of it is a hole, which a service fills when somebody reads. */
  private static boolean isWhole(BlockSource content) {
    for (Iterator<Extent> extents = content.extents(); extents.hasNext(); ) {
      if (extents.next().kind().readsAsZeros()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long sharedNumber(FileEntry file) {
    return records.read(file.id()).hasMoreNames() ? file.id() : 0;
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    List<String> left = new ArrayList<>();
    for (String stream : records.read(entry.id()).streams()) {
      if (!stream.equals(WofFormat.STREAM)) {
        left.add("its stream %s is left".formatted(Volume.text(stream)));
      }
    }
    return left;
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    NtfsRecord record = records.read(directory.id());
    byte[] root = record.resident(NtfsRecord.INDEX_ROOT, NtfsRecord.NAMES, records.recordSize());
    if (root == null || root.length < 32) {
      throw volume.damage(directory, "the directory has no index");
    }
    Structure header = Structure.of(root);
    int blockSize = header.i32(8);
    listNode(directory, header, 16, each, problems);
    if (record.has(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES)) {
      if (blockSize < 512 || blockSize > 1 << 16 || Integer.bitCount(blockSize) != 1) {
        throw volume.damage(directory, "the directory is damaged");
      }
      byte[] used = record.whole(NtfsRecord.BITMAP, NtfsRecord.NAMES, LARGEST_BITMAP);
      try (BlockSource blocks =
          record.content(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES, directory.path())) {
        long count = Math.min(blocks.size() / blockSize, used.length * 8L);
        if (used.length * 8L < blocks.size() / blockSize || hasBits(used, count)) {
          problems.accept(
              volume.damage(directory, "which of its blocks the directory uses is damaged"));
        }
        for (long block = 0; block < count; block++) {
          if ((used[(int) (block / 8)] >> block % 8 & 1) != 0) {
            listBlock(directory, blocks, block, blockSize, each, problems);
          }
        }
      }
    }
    NtfsReparse point = NtfsReparse.of(record);
    if (point != null && (!point.isCloud() || isElsewhere(record, directory.id()))) {
      problems.accept(
          new BlkshException(
              "list all of " + directory.path(), "more of it may be kept by " + point.words()));
    }
  }

  /** Whether a bitmap has any behind a place. */
  private static boolean hasBits(byte[] bitmap, long from) {
    for (long bit = from; bit < bitmap.length * 8L; bit++) {
      if ((bitmap[(int) (bit / 8)] >> bit % 8 & 1) != 0) {
        return true;
      }
    }
    return false;
  }

  private void listBlock(
      FileEntry directory,
      BlockSource blocks,
      long block,
      int blockSize,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    Structure node = Structure.of(new byte[blockSize]);
    boolean whole = false;
    try {
      blocks.read(block * blockSize, ByteBuffer.wrap(node.bytes()));
      int cluster = records.clusterSize();
      int unit = blockSize >= cluster ? cluster : SECTOR;
      whole = NtfsRecords.mend(node, "INDX") && node.i64(16) == block * (blockSize / unit);
      if (!whole) {
        problems.accept(
            volume.damage(directory, "block %d of the directory is damaged".formatted(block)));
      }
    } catch (FileSystemDamageException | UnreadableException e) {
      problems.accept(FileEntry.survived(e));
    }
    if (whole) {
      listNode(directory, node, 24, each, problems);
    }
  }

  /**
   * Hands out the entries of a node of an index.
   *
   * @param at where the header of the node is
   */
  private void listNode(
      FileEntry directory,
      Structure node,
      int at,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    long first = at + node.u32(at);
    long end = at + node.u32(at + 4);
    if (end > node.length()) {
      problems.accept(volume.damage(directory, "the directory is damaged"));
      return;
    }
    for (long next = first; next + FILE_NAME <= end; ) {
      int entry = (int) next;
      int length = node.u16(entry + 8);
      if ((node.u16(entry + 12) & LAST_ENTRY) != 0) {
        return;
      }
      int name = entry + FILE_NAME;
      int characters = length < FILE_NAME + 66 || entry + length > end ? -1 : node.u8(name + 64);
      if (characters < 0 || FILE_NAME + 66 + characters * 2 > length) {
        problems.accept(volume.damage(directory, "the directory is damaged"));
        return;
      }
      long number = node.i64(entry) & NtfsRecord.REFERENCE;
      if (node.u8(name + 65) != DOS_NAME && number >= FIRST_OWN) {
        name(directory, node.bytes(name + 66, characters * 2), number, each, problems);
      }
      next += length;
    }
    problems.accept(volume.damage(directory, "the directory has no end"));
  }

  private void name(
      FileEntry directory,
      byte[] name,
      long number,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    FileEntry entry = null;
    try {
      String path = volume.path(directory, Volume.utf16(name, ByteOrder.LITTLE_ENDIAN));
      entry = entryOrDamaged(path, number);
    } catch (FileSystemDamageException e) {
      problems.accept(e);
    }
    if (entry != null) {
      each.accept(entry);
    }
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
