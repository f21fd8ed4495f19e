package blksh.image;

import blksh.filesystem.Structure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** A partclone image of format 0002, which every partclone since 0.3.0 writes. */
public final class PartcloneImage extends BlockImage {

  static final String MAGIC = "partclone-image";
  static final String VERSION = "0002";
  static final int VERSION_OFFSET = 30;
  static final int HEADER = 110;
  static final int HEADER_SUMMED = 106;
  static final int FEATURE_SIZE = 18;
  static final int IMAGE_VERSION = 2;
  static final int CPU_BITS = 64;
  static final int LITTLE_ENDIAN = 0xC0DE;
  static final int BITMAP_NONE = 0;
  static final int BITMAP_BITS = 1;

  private static final int BIG_ENDIAN = 0xDEC0;
  private static final int CRC = 4;

  private final ImageInfo info;

  private PartcloneImage(StoredBlocks blocks, ImageInfo info) {
    super(blocks);
    this.info = info;
  }

  @Override
  public ImageInfo info() {
    return info;
  }

  /** Opens an image that begins with the magic and the version of this format. */
  static PartcloneImage open(ImageFile file, ImageOptions options) {
    Structure header = Structure.of(file.header(0, HEADER));
    checkHeader(file, header);
    BlockGeometry geometry = BlockGeometry.of(file, header.u32(84), header.i64(60));
    long deviceSize = header.i64(52);
    if (deviceSize < geometry.bytes()) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims a device of %s bytes and blocks for %d"
              .formatted(Long.toUnsignedString(deviceSize), geometry.bytes()));
    }
    ChecksumKind kind = checksumKind(file, header);
    int mode = header.u8(105);
    if (mode != BITMAP_BITS && mode != BITMAP_NONE) {
      throw new UnsupportedBitmapException(
          file.opening(),
          "its header claims a map of used blocks of kind " + mode + "; only 0 and 1 are known");
    }
    UsedMap map =
        mode == BITMAP_NONE ? UsedMap.none(geometry.blocks()) : readBitmap(file, geometry);
    BlockIndex index = map.index;
    long data = mode == BITMAP_NONE ? HEADER : HEADER + geometry.mapBytes() + CRC;

    boolean reseed = header.u8(104) != 0;
    Proof proof = kind.proof(header.u32(100), index.used(), reseed);
    Layout layout =
        new Layout.Grouped(data, geometry.blockSize(), proof.perGroup(), proof.trailer());
    List<String> warnings = new ArrayList<>();
    if (header.i64(76) != index.used()) {
      warnings.add(
          "the header counts %s used blocks and the bitmap %d; the bitmap is right"
              .formatted(Long.toUnsignedString(header.i64(76)), index.used()));
    }
    long dataEnd = data + index.used() * geometry.blockSize() + checks(index.used(), proof);
    BodyEnd.check(file, dataEnd - lastTrailer(index.used(), proof), dataEnd, options, warnings);
    StoredBlocks blocks =
        new StoredBlocks(
            file, index, layout, geometry.blockSize(), deviceSize, proof, options.tolerant());
    return new PartcloneImage(
        blocks, info(file, header, geometry, deviceSize, map, data, kind, warnings));
  }

  /**
   * Which blocks are stored, as the image says.
   *
   * @param checksum of the map as it stands behind it; null when there is no map
   */
  private record UsedMap(BlockIndex index, Integer checksum) {

    static UsedMap none(long blocks) {
      return new UsedMap(new EveryBlock(blocks), null);
    }
  }

  private static long checks(long used, Proof proof) {
    return proof.groups() * proof.trailer();
  }

  private static int lastTrailer(long used, Proof proof) {
    return used == 0 ? 0 : proof.trailer();
  }

  private static void checkHeader(ImageFile file, Structure header) {
    int endian = header.u16(34);
    if (endian == BIG_ENDIAN) {
      throw new UnsupportedEndianException(
              file.opening(), "it was written by a machine of the other byte order")
          .suggest("restore it with partclone on such a machine");
    }
    int crc = RawCrc.of(header.bytes(), 0, HEADER_SUMMED);
    if (crc != header.i32(HEADER_SUMMED)) {
      throw new HeaderCrcException(
          file.opening(),
          "its header is damaged: its checksum is %08x and should be %08x"
              .formatted(crc, header.i32(HEADER_SUMMED)));
    }
    if (endian != LITTLE_ENDIAN) {
      throw new UnsupportedEndianException(
          file.opening(), "its byte order mark is %04x".formatted(endian));
    }
    if (header.u32(88) != FEATURE_SIZE || header.u16(92) != IMAGE_VERSION) {
      throw new UnsupportedVersionException(
          file.opening(),
          "it is of image version %d with %d bytes of features; only 2 with 18 is known"
              .formatted(header.u16(92), header.u32(88)));
    }
  }

  private static ChecksumKind checksumKind(ImageFile file, Structure header) {
    int mode = header.u16(96);
    int size = header.u16(98);
    ChecksumKind kind =
        ChecksumKind.ofMode(mode)
            .orElseThrow(
                () ->
                    new UnsupportedChecksumException(
                        file.opening(),
                        "its header claims checksums of kind 0x%x; 0x0, 0x20, 0x30 and 0x31 are known"
                            .formatted(mode)));
    if (size != kind.size()) {
      throw new BadChecksumParamsException(
          file.opening(),
          "its checksums are of %d bytes and those of %s have %d"
              .formatted(size, kind.title(), kind.size()));
    }
    if (kind != ChecksumKind.NONE && header.u32(100) == 0) {
      throw new BadChecksumParamsException(
          file.opening(), "its header is damaged: it claims a checksum after every 0 blocks");
    }
    return kind;
  }

  private static UsedMap readBitmap(ImageFile file, BlockGeometry geometry) {
    if (file.endsBefore(HEADER + geometry.mapBytes() + CRC)) {
      throw bitmapTruncated(file, file.knownSize().getAsLong(), geometry);
    }
    geometry.requireMap(file);
    Bitmap.Builder bitmap = new Bitmap.Builder(geometry.blocks());
    CRC32 crc = new CRC32();
    long read =
        file.read(
            HEADER,
            geometry.mapBytes(),
            (piece, length) -> {
              crc.update(piece, 0, length);
              bitmap.addBits(piece, 0, length);
            });
    if (read < geometry.mapBytes()) {
      throw bitmapTruncated(file, HEADER + read, geometry);
    }
    byte[] stored = new byte[CRC];
    if (file.read(HEADER + geometry.mapBytes(), stored, 0, CRC) < CRC) {
      throw bitmapTruncated(file, HEADER + geometry.mapBytes(), geometry);
    }
    int claimed = Structure.of(stored).i32(0);
    if (claimed != RawCrc.of(crc)) {
      throw new BitmapCrcException(
          file.opening(),
          "the map of its used blocks is damaged: its checksum is %08x and should be %08x"
              .formatted(RawCrc.of(crc), claimed));
    }
    return new UsedMap(bitmap.build(), claimed);
  }

  private static BitmapTruncatedException bitmapTruncated(
      ImageFile file, long size, BlockGeometry geometry) {
    return new BitmapTruncatedException(
        file.opening(),
        "it has %d bytes and the map of its %d blocks ends at %d"
            .formatted(size, geometry.blocks(), HEADER + geometry.mapBytes() + CRC));
  }

  private static ImageInfo info(
      ImageFile file,
      Structure header,
      BlockGeometry geometry,
      long deviceSize,
      UsedMap map,
      long data,
      ChecksumKind kind,
      List<String> warnings) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("partclone version", header.text(16, 14));
    fields.put("image version", VERSION);
    fields.put("file system", header.text(36, 16));
    fields.put("device size", deviceSize);
    fields.put("total blocks", geometry.blocks());
    fields.put("used blocks", header.i64(68));
    fields.put("used blocks by bitmap", header.i64(76));
    fields.put("block size", geometry.blockSize());
    fields.put("cpu bits", header.u16(94));
    fields.put("checksum mode", kind.title());
    fields.put("checksum size", header.u16(98));
    fields.put("blocks per checksum", header.u32(100));
    fields.put("reseed checksum", header.u8(104) != 0);
    fields.put("bitmap mode", header.u8(105) == BITMAP_BITS ? "bit" : "none");
    fields.put("header crc32", hex(header.i32(HEADER_SUMMED)));
    if (map.index instanceof Bitmap bitmap) {
      fields.put("bitmap bytes", geometry.mapBytes());
      fields.put("bitmap crc32", hex(map.checksum));
      fields.put("blocks begin at byte", data);
      fields.put("index step", Bitmap.BLOCKS_COUNTED);
      fields.put("index entries", bitmap.counts());
    } else {
      fields.put("blocks begin at byte", data);
    }
    return new ImageInfo(
        "partclone",
        VERSION,
        header.text(36, 16),
        deviceSize,
        geometry.blockSize(),
        geometry.blocks(),
        map.index.used(),
        file.compression(),
        kind.title(),
        fields,
        warnings);
  }

  private static String hex(int checksum) {
    return "0x%08x".formatted(checksum);
  }
}
