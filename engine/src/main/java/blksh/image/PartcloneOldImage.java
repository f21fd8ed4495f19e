package blksh.image;

import blksh.filesystem.Structure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A partclone image of format 0001, which partclone wrote until 0.2.89. Its checksums cover only
 * the first byte of each block, so they prove little.
 */
public final class PartcloneOldImage extends BlockImage {

  static final String VERSION = "0001";

  private static final int HEADER = 4160;
  private static final String MARK = "BiTmAgIc";
  private static final int CRC = 4;

  /** Partclone before 0.1.0 on 64 bits wrote its checksums as long integers. */
  private static final int LONG_CRC = 8;

  private final ImageInfo info;

  private PartcloneOldImage(StoredBlocks blocks, ImageInfo info) {
    super(blocks);
    this.info = info;
  }

  @Override
  public ImageInfo info() {
    return info;
  }

  /** Opens an image that begins with the magic and the version of this format. */
  static PartcloneOldImage open(ImageFile file, ImageOptions options) {
    Structure header = Structure.of(file.header(0, HEADER));
    long blockSize = header.u32(36);
    if (blockSize > BlockGeometry.LARGEST_BLOCK
        && Integer.toUnsignedLong(header.bigEndian().i32(36)) <= BlockGeometry.LARGEST_BLOCK) {
      throw new UnsupportedEndianException(
          file.opening(), "it was written by a machine of the other byte order");
    }
    BlockGeometry geometry = BlockGeometry.of(file, blockSize, header.i64(48));
    Bitmap index = readBitmap(file, geometry);
    long data = HEADER + geometry.blocks() + MARK.length();
    int trailer = trailer(file, geometry, index.used(), data);
    long used = index.used();
    int size = geometry.blockSize();

    List<String> warnings = new ArrayList<>();
    if (header.i64(56) != used) {
      warnings.add(
          "the header counts %s used blocks and the bitmap %d; the bitmap is right"
              .formatted(Long.toUnsignedString(header.i64(56)), used));
    }
    warnings.add("its checksums cover only the first byte of each block");
    long end = data + used * (size + trailer);
    BodyEnd.check(file, used == 0 ? end : end - trailer, end, options, warnings);
    Proof proof =
        new Proof(
            "CRC32 of first bytes",
            1,
            used,
            trailer,
            () -> new GroupDigest.FirstBytes(size),
            Proof.GoesOn.CHECKSUM);
    StoredBlocks blocks =
        new StoredBlocks(
            file,
            index,
            new Layout.Grouped(data, size, 1, trailer),
            size,
            geometry.bytes(),
            proof,
            options.tolerant());
    return new PartcloneOldImage(
        blocks, info(file, header, geometry, index, data, trailer, warnings));
  }

  private static Bitmap readBitmap(ImageFile file, BlockGeometry geometry) {
    long end = HEADER + geometry.blocks() + MARK.length();
    if (file.endsBefore(end)) {
      throw truncated(file, file.knownSize().getAsLong(), geometry);
    }
    geometry.requireMap(file);
    Bitmap.Builder bitmap = new Bitmap.Builder(geometry.blocks());
    long read =
        file.read(HEADER, geometry.blocks(), (piece, length) -> bitmap.addBytes(piece, 0, length));
    if (read < geometry.blocks()) {
      throw truncated(file, HEADER + read, geometry);
    }
    byte[] mark = new byte[MARK.length()];
    if (file.read(HEADER + geometry.blocks(), mark, 0, mark.length) < mark.length) {
      throw truncated(file, HEADER + geometry.blocks(), geometry);
    }
    if (!Structure.of(mark).has(0, MARK)) {
      throw new BitmapCrcException(
          file.opening(), "the mark " + MARK + " is missing behind the map of its used blocks");
    }
    return bitmap.build();
  }

  private static BitmapTruncatedException truncated(
      ImageFile file, long size, BlockGeometry geometry) {
    return new BitmapTruncatedException(
        file.opening(),
        "it has %d bytes and the map of its %d blocks ends at %d"
            .formatted(size, geometry.blocks(), HEADER + geometry.blocks() + MARK.length()));
  }

  /** Bytes of a checksum: by the size of the file, or where that is unknown by the second block. */
  private static int trailer(ImageFile file, BlockGeometry geometry, long used, long data) {
    int size = geometry.blockSize();
    if (file.knownSize().isPresent()) {
      return file.knownSize().getAsLong() == data + used * (size + LONG_CRC) ? LONG_CRC : CRC;
    }
    return used > 1 && !secondFits(file, size, data, CRC) && secondFits(file, size, data, LONG_CRC)
        ? LONG_CRC
        : CRC;
  }

  private static boolean secondFits(ImageFile file, int size, long data, int trailer) {
    byte[] first = new byte[trailer];
    byte[] block = new byte[1];
    byte[] second = new byte[trailer];
    long at = data + size + trailer;
    if (file.read(data + size, first, 0, trailer) < trailer
        || file.read(at, block, 0, 1) < 1
        || file.read(at + size, second, 0, trailer) < trailer) {
      return false;
    }
    GroupDigest digest = new GroupDigest.FirstBytes(size);
    digest.begin(first);
    digest.add(block, 0, 1);
    return digest.matches(second);
  }

  private static ImageInfo info(
      ImageFile file,
      Structure header,
      BlockGeometry geometry,
      Bitmap index,
      long data,
      int trailer,
      List<String> warnings) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("image version", VERSION);
    fields.put("file system", header.text(15, 15));
    fields.put("device size", header.i64(40));
    fields.put("total blocks", geometry.blocks());
    fields.put("used blocks", header.i64(56));
    fields.put("block size", geometry.blockSize());
    fields.put("checksum size", trailer);
    fields.put("bitmap bytes", geometry.blocks());
    fields.put("blocks begin at byte", data);
    fields.put("index step", Bitmap.BLOCKS_COUNTED);
    fields.put("index entries", index.counts());
    return new ImageInfo(
        "partclone",
        VERSION,
        header.text(15, 15),
        geometry.bytes(),
        geometry.blockSize(),
        geometry.blocks(),
        index.used(),
        file.compression(),
        "CRC32 of first bytes",
        fields,
        warnings);
  }
}
