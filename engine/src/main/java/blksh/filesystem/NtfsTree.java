package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * NTFS 3.x (Linux-NTFS project, NTFS documentation). Files that NTFS compresses or encrypts are
 * listed but not opened; its own files, such as {@code $MFT}, are not listed.
 */
final class NtfsTree implements FileTree {

  private static final long ROOT = 5;
  private static final long VOLUME = 3;

  /** Records below belong to NTFS itself. */
  private static final long FIRST_OWN = 24;

  private static final int READ_ONLY = 0x1;
  private static final int SYSTEM = 0x4;

  private static final int LAST_ENTRY = 2;
  private static final int FILE_NAME = 16;
  private static final int DOS_NAME = 2;

  private static final int MOUNT_POINT = 0xa0000003;
  private static final int SYMLINK = 0xa000000c;
  private static final int LX_SYMLINK = 0xa000001d;

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
    label = name == null ? "" : new String(name, StandardCharsets.UTF_16LE);
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
    return one.equalsIgnoreCase(other);
  }

  @Override
  public FileEntry root() {
    return entry("/", ROOT);
  }

  private FileEntry entry(String path, long number) {
    NtfsRecord record = records.read(number);
    byte[] information = record.resident(NtfsRecord.STANDARD_INFORMATION, "", 1024);
    if (information == null || information.length < 36) {
      throw volume.damage("file record %d lacks its information".formatted(number));
    }
    Structure facts = Structure.of(information);
    int attributes = facts.i32(32);
    String link = link(record, attributes);
    FileEntry.Kind kind =
        link != null
            ? FileEntry.Kind.LINK
            : record.isDirectory() ? FileEntry.Kind.DIRECTORY : FileEntry.Kind.FILE;
    int mode = record.isDirectory() ? 0755 : (attributes & READ_ONLY) != 0 ? 0444 : 0644;
    return new FileEntry(
        path, kind, record.size(NtfsRecord.DATA, ""), time(facts.i64(8)), mode, link, number);
  }

  private static Instant time(long ticks) {
    return Instant.ofEpochSecond(
        EPOCH + Long.divideUnsigned(ticks, 10_000_000),
        Long.remainderUnsigned(ticks, 10_000_000) * 100);
  }

  /** Where a record leads if it is a symbolic link, else null. */
  private static String link(NtfsRecord record, int attributes) {
    byte[] reparse = record.resident(NtfsRecord.REPARSE_POINT, "", LONGEST_LINK);
    if (reparse != null && reparse.length >= 16) {
      Structure buffer = Structure.of(reparse);
      int tag = buffer.i32(0);
      if (tag == LX_SYMLINK) {
        return new String(reparse, 12, reparse.length - 12, StandardCharsets.UTF_8);
      }
      if (tag == SYMLINK || tag == MOUNT_POINT) {
        int paths = tag == SYMLINK ? 20 : 16;
        int from = paths + buffer.u16(12);
        int length = buffer.u16(14);
        return from + length <= reparse.length
            ? new String(reparse, from, length, StandardCharsets.UTF_16LE)
            : "";
      }
    }
    if ((attributes & SYSTEM) != 0 && !record.isDirectory()) {
      byte[] content = record.resident(NtfsRecord.DATA, "", LONGEST_LINK);
      if (content != null && Arrays.mismatch(content, INTERIX_LINK) == INTERIX_LINK.length) {
        int length = content.length - INTERIX_LINK.length;
        return new String(content, INTERIX_LINK.length, length, StandardCharsets.UTF_16LE);
      }
    }
    return null;
  }

  @Override
  public BlockSource open(FileEntry file) {
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    NtfsRecord record = records.read(file.id());
    if (!record.has(NtfsRecord.DATA, "")) {
      return new ByteArraySource(file.path(), new byte[0]);
    }
    String obstacle = record.obstacle(NtfsRecord.DATA, "");
    if (obstacle != null) {
      throw new BlkshException("open " + file.path(), "NTFS keeps it " + obstacle);
    }
    return record.content(NtfsRecord.DATA, "", file.path());
  }

  @Override
  public void list(FileEntry directory, Consumer<FileEntry> each) {
    if (!directory.isDirectory()) {
      throw new BlkshException("list " + directory.path(), "it is no directory");
    }
    NtfsRecord record = records.read(directory.id());
    byte[] root = record.resident(NtfsRecord.INDEX_ROOT, NtfsRecord.NAMES, records.recordSize());
    if (root == null || root.length < 32) {
      throw volume.damage(directory, "the directory has no index");
    }
    Structure header = Structure.of(root);
    int blockSize = header.i32(8);
    listNode(directory, header, 16, each);
    if (!record.has(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES)) {
      return;
    }
    if (blockSize < 512 || blockSize > 1 << 16 || Integer.bitCount(blockSize) != 1) {
      throw volume.damage(directory, "the directory is damaged");
    }
    byte[] used = record.whole(NtfsRecord.BITMAP, NtfsRecord.NAMES, LARGEST_BITMAP);
    try (BlockSource blocks =
        record.content(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES, directory.path())) {
      for (long block = 0; block < blocks.size() / blockSize && block / 8 < used.length; block++) {
        if ((used[(int) (block / 8)] >> block % 8 & 1) != 0) {
          Structure node = Structure.of(new byte[blockSize]);
          blocks.read(block * blockSize, ByteBuffer.wrap(node.bytes()));
          if (!NtfsRecords.mend(node, "INDX")) {
            throw volume.damage(directory, "the directory is damaged");
          }
          listNode(directory, node, 24, each);
        }
      }
    }
  }

  /**
   * Hands out the entries of a node of an index.
   *
   * @param at where the header of the node is
   */
  private void listNode(FileEntry directory, Structure node, int at, Consumer<FileEntry> each) {
    long first = at + node.u32(at);
    long end = at + node.u32(at + 4);
    if (end > node.length()) {
      throw volume.damage(directory, "the directory is damaged");
    }
    for (long next = first; next + FILE_NAME <= end; ) {
      int entry = (int) next;
      int length = node.u16(entry + 8);
      if ((node.u16(entry + 12) & LAST_ENTRY) != 0) {
        return;
      }
      int name = entry + FILE_NAME;
      if (length < FILE_NAME + 66 || entry + length > end) {
        throw volume.damage(directory, "the directory is damaged");
      }
      int characters = node.u8(name + 64);
      if (FILE_NAME + 66 + characters * 2 > length) {
        throw volume.damage(directory, "the directory is damaged");
      }
      long number = node.i64(entry) & NtfsRecord.REFERENCE;
      if (node.u8(name + 65) != DOS_NAME && number >= FIRST_OWN) {
        byte[] bytes = node.bytes(name + 66, characters * 2);
        String text = volume.name(directory, new String(bytes, StandardCharsets.UTF_16LE));
        each.accept(entry(directory.inside(text), number));
      }
      next += length;
    }
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
