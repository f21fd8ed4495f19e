package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.filesystem.Structure;
import java.util.Iterator;
import java.util.Set;

/**
 * What a partclone image of a source will be: its blocks, which of them are stored, and where.
 *
 * @param fileSystem as the header names it
 * @param size bytes of the partition
 * @param geometry blocks
 * @param index which are stored
 * @param proof the checksums
 * @param layout where the stored blocks lie
 */
record PartclonePlan(
    String fileSystem,
    long size,
    BlockGeometry geometry,
    Bitmap index,
    Proof proof,
    Layout.Grouped layout,
    ChecksumKind checksum) {

  /** Data behind which a checksum follows, in bytes, as partclone has it. */
  private static final int GROUP = 1 << 20;

  private static final int SECTOR = 512;
  private static final int USUAL_BLOCK = 4096;

  /** The names partclone itself writes. */
  private static final Set<String> NAMES =
      Set.of(
          "EXTFS",
          "XFS",
          "BTRFS",
          "NTFS",
          "FAT12",
          "FAT16",
          "FAT32",
          "EXFAT",
          "HFS Plus",
          "REISERFS",
          "JFS",
          "F2FS",
          "APFS");

  /**
   * Plans the image of a source by its extents: what is free is left out.
   *
   * @throws BlkshException when the source is no whole number of sectors
   */
  static PartclonePlan of(BlockSource source, ConvertOptions options, String action) {
    String fileSystem = Contents.of(source).filter(NAMES::contains).orElse("raw");
    int blockSize = blockSize(source, action);
    ImageFile named = new ImageFile(source, source.describe().location());
    long blocks = source.size() / blockSize;
    if (blocks == 0) {
      throw new BlkshException(action, "the source has less than one block of " + blockSize);
    }
    BlockGeometry geometry = BlockGeometry.of(named, blockSize, blocks);
    geometry.requireMap(named);
    Bitmap index = stored(source, geometry);
    long perGroup = Math.max(1, GROUP / blockSize);
    Proof proof = options.checksum().proof(perGroup, index.used(), true);
    long data = PartcloneImage.HEADER + geometry.mapBytes() + 4;
    Layout.Grouped layout = new Layout.Grouped(data, blockSize, proof.perGroup(), proof.trailer());
    return new PartclonePlan(
        fileSystem, source.size(), geometry, index, proof, layout, options.checksum());
  }

  /** Blocks behind which a checksum follows, or would if there were checksums. */
  long perGroup() {
    return Math.max(1, GROUP / geometry.blockSize());
  }

  /** Groups of {@link #perGroup} blocks. */
  long groups() {
    return (index.used() + perGroup() - 1) / perGroup();
  }

  /** Where a group begins in the image; the number behind the last is the end of the image. */
  long groupStart(long group) {
    return group < groups()
        ? layout.offset(group * perGroup())
        : layout.start() + index.used() * geometry.blockSize() + proof.groups() * proof.trailer();
  }

  private static int blockSize(BlockSource source, String action) {
    int natural = source instanceof BlockImage image ? image.blockSize() : usualBlock(source);
    if (natural <= GROUP && isLeftOut(source, source.size() / natural * natural)) {
      return natural;
    }
    if (source.size() % SECTOR != 0) {
      throw new BlkshException(
          action, "its %d bytes are no whole number of sectors".formatted(source.size()));
    }
    return SECTOR;
  }

  /** The largest usual block that lets what is left out be left out exactly. */
  private static int usualBlock(BlockSource source) {
    int block = USUAL_BLOCK;
    Iterator<Extent> extents = source.extents();
    while (extents.hasNext() && block > SECTOR) {
      Extent extent = extents.next();
      if (!isStored(extent)) {
        while (block > SECTOR
            && (extent.start() % block != 0
                || extent.end() % block != 0 && extent.end() != source.size())) {
          block /= 2;
        }
      }
    }
    return block;
  }

  private static boolean isLeftOut(BlockSource source, long from) {
    Iterator<Extent> extents = source.extents(from, source.size() - from);
    while (extents.hasNext()) {
      if (isStored(extents.next())) {
        return false;
      }
    }
    return true;
  }

  /** Holes are stored: left out, they would leave old bytes on a drive that was used. */
  private static boolean isStored(Extent extent) {
    return extent.kind() != Extent.Kind.FREE;
  }

  private static Bitmap stored(BlockSource source, BlockGeometry geometry) {
    Bitmap.Builder bitmap = new Bitmap.Builder(geometry.blocks());
    long filled = 0;
    Iterator<Extent> extents = source.extents(0, geometry.bytes());
    while (extents.hasNext()) {
      Extent extent = extents.next();
      long first = Math.max(filled, extent.start() / geometry.blockSize());
      long end = (extent.end() - 1) / geometry.blockSize() + 1;
      if (isStored(extent) && end > first) {
        bitmap.addRun(false, first - filled);
        bitmap.addRun(true, end - first);
        filled = end;
      }
    }
    bitmap.addRun(false, geometry.blocks() - filled);
    return bitmap.build();
  }

  /** The header, with its checksum. */
  byte[] header() {
    Structure header = Structure.of(new byte[PartcloneImage.HEADER]);
    header.putText(0, PartcloneImage.MAGIC);
    header.putText(16, "blksh");
    header.putText(PartcloneImage.VERSION_OFFSET, PartcloneImage.VERSION);
    header.putU16(34, PartcloneImage.LITTLE_ENDIAN);
    header.putText(36, fileSystem);
    header.putI64(52, size);
    header.putI64(60, geometry.blocks());
    header.putI64(68, index.used());
    header.putI64(76, index.used());
    header.putI32(84, geometry.blockSize());
    header.putI32(88, PartcloneImage.FEATURE_SIZE);
    header.putU16(92, PartcloneImage.IMAGE_VERSION);
    header.putU16(94, PartcloneImage.CPU_BITS);
    header.putU16(96, checksum.mode());
    header.putU16(98, checksum.size());
    header.putI32(100, checksum == ChecksumKind.NONE ? 0 : (int) perGroup());
    header.bytes()[104] = 1;
    header.bytes()[105] = PartcloneImage.BITMAP_BITS;
    int crc = RawCrc.of(header.bytes(), 0, PartcloneImage.HEADER_SUMMED);
    header.putI32(PartcloneImage.HEADER_SUMMED, crc);
    return header.bytes();
  }
}
