package blksh.image;

import blksh.BlkshException;
import blksh.filesystem.Structure;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A partimage image of format 0.6.1. What is opened is the stream behind the header of the first
 * volume, without the headers of the others.
 */
public final class PartimageImage extends BlockImage {

  static final String MAGIC = "PaRtImAgE-VoLuMe";

  /** Bytes of the header each volume begins with. */
  static final int VOLUME_HEADER = 512;

  private static final String VERSION = "0.6.1";
  private static final int VERSION_OFFSET = 32;
  private static final int VOLUME_NUMBER_OFFSET = 96;
  private static final int IDENTIFIER_OFFSET = 100;

  private static final int RECORD = 16384;
  private static final int SUM = 4;
  private static final int MAIN = RECORD + SUM;
  private static final String LOCAL = "MAGIC-BEGIN-LOCALHEADER";
  private static final String BITMAP = "MAGIC-BEGIN-BITMAP";
  private static final String INFO = "MAGIC-BEGIN-INFO";
  private static final String DATA = "MAGIC-BEGIN-DATABLOCKS";
  private static final String TAIL = "MAGIC-BEGIN-TAIL";

  /** A check record follows so many bytes of data. */
  private static final int CHECKED = 65536;

  /** Backups of boot records and empty marks stand before the local header; no more than this. */
  private static final int LARGEST_BOOT_RECORDS = 1 << 20;

  private final ImageInfo info;
  private final long start;
  private final long tail;

  private PartimageImage(StoredBlocks blocks, ImageInfo info, long start, long tail) {
    super(blocks);
    this.info = info;
    this.start = start;
    this.tail = tail;
  }

  @Override
  public ImageInfo info() {
    return info;
  }

  /** Number of the volume a header begins, from 0. */
  static long volumeNumber(Structure volume) {
    return volume.u32(VOLUME_NUMBER_OFFSET);
  }

  /** What all volumes of an image have in common. */
  static long identifier(Structure volume) {
    return volume.i64(IDENTIFIER_OFFSET);
  }

  /** Opens an image that begins with a volume header. */
  static PartimageImage open(ImageFile file, ImageOptions options) {
    Structure volume = Structure.of(file.header(0, VOLUME_HEADER));
    if (!volume.text(VERSION_OFFSET, 64).equals(VERSION)) {
      throw new UnsupportedVersionException(
          file.opening(),
          "it is of version %s and only %s is known"
              .formatted(volume.text(VERSION_OFFSET, 64), VERSION));
    }
    if (volumeNumber(volume) != 0) {
      throw new MissingPartException(
              file.opening(), "it is volume %d of its image".formatted(volumeNumber(volume)))
          .suggest("open the volume that ends in .000");
    }
    Structure main = Structure.of(file.header(VOLUME_HEADER, MAIN));
    checkSum(file, main, RECORD);
    if (main.u32(9800) != 0) {
      throw new UnsupportedVersionException(file.opening(), "it is encrypted");
    }
    long localAt = localHeader(file, main);
    Structure local = Structure.of(file.header(localAt, LOCAL.length() + RECORD + SUM));
    Structure fields = record(file, local, LOCAL);
    BlockGeometry geometry = BlockGeometry.of(file, fields.i64(0), fields.i64(16));
    if (Integer.bitCount(geometry.blockSize()) != 1 || geometry.blockSize() > CHECKED) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims blocks of " + geometry.blockSize() + " bytes");
    }
    long bitmapBytes = fields.i64(24);
    if (bitmapBytes < geometry.mapBytes() || bitmapBytes > geometry.mapBytes() + RECORD) {
      throw new AbsurdSizeException(
          file.opening(),
          "the map of its %d blocks has %s bytes"
              .formatted(geometry.blocks(), Long.toUnsignedString(bitmapBytes)));
    }
    long bitmapAt = localAt + LOCAL.length() + MAIN;
    Bitmap index = readBitmap(file, geometry, bitmapAt, bitmapBytes);
    long infoAt = bitmapAt + BITMAP.length() + bitmapBytes;
    record(file, Structure.of(file.header(infoAt, INFO.length() + MAIN)), INFO);
    long dataAt = infoAt + INFO.length() + MAIN;
    requireMagic(file, dataAt, DATA);
    long data = dataAt + DATA.length();

    int perGroup = CHECKED / geometry.blockSize();
    long groups = index.used() / perGroup;
    Layout.Grouped layout =
        new Layout.Grouped(data, geometry.blockSize(), perGroup, GroupDigest.CheckRecord.SIZE);
    long tail = layout.offset(index.used());
    List<String> warnings = new ArrayList<>();
    if (fields.i64(8) != index.used()) {
      warnings.add(
          "the header counts %s used blocks and the bitmap %d; the bitmap is right"
              .formatted(Long.toUnsignedString(fields.i64(8)), index.used()));
    }
    long end = tail + TAIL.length() + RECORD;
    BodyEnd.check(file, tail, end, options, warnings);
    Proof proof =
        new Proof(
            "CRC32",
            perGroup,
            groups,
            GroupDigest.CheckRecord.SIZE,
            GroupDigest.CheckRecord::new,
            Proof.GoesOn.NOTHING);
    long size = Math.max(main.i64(9592), geometry.bytes());
    StoredBlocks blocks =
        new StoredBlocks(
            file, index, layout, geometry.blockSize(), size, proof, options.tolerant());
    ImageInfo info = info(file, main, fields, geometry, size, index.used(), warnings);
    return new PartimageImage(blocks, info, VOLUME_HEADER, tail);
  }

  /** Where the local header begins, behind marks and backups of boot records. */
  private static long localHeader(ImageFile file, Structure main) {
    long at = VOLUME_HEADER + MAIN;
    long records = main.u32(9792);
    long limit = records * (main.u32(9796) + 64) + RECORD;
    if (limit > LARGEST_BOOT_RECORDS) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims %d backups of boot records".formatted(records));
    }
    byte[] bytes = new byte[(int) limit + LOCAL.length()];
    int count = file.read(at, bytes, 0, bytes.length);
    Structure area = Structure.of(bytes);
    for (int i = 0; i < count - LOCAL.length(); i++) {
      if (area.has(i, LOCAL)) {
        return at + i;
      }
    }
    throw new BadRecordException(
        file.opening(), "the mark " + LOCAL + " is not where it should be");
  }

  /** The fields behind a magic, of which the sum is right. */
  private static Structure record(ImageFile file, Structure record, String magic) {
    if (!record.has(0, magic)) {
      throw new BadRecordException(
          file.opening(), "the mark " + magic + " is not where it should be");
    }
    byte[] fields = record.bytes();
    byte[] rest = Arrays.copyOfRange(fields, magic.length(), fields.length);
    Structure result = Structure.of(rest);
    checkSum(file, result, RECORD);
    return result;
  }

  /** The sum of the bytes, each with its sign, stands behind them. */
  private static void checkSum(ImageFile file, Structure record, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += record.bytes()[i];
    }
    if (sum != record.i32(length)) {
      throw new HeaderCrcException(
          file.opening(),
          "a header has the sum %08x and claims %08x".formatted(sum, record.i32(length)));
    }
  }

  private static void requireMagic(ImageFile file, long at, String magic) {
    if (!Structure.of(file.header(at, magic.length())).has(0, magic)) {
      throw new BadRecordException(
              file.opening(), "the mark " + magic + " is not where it should be")
          .at(at);
    }
  }

  private static Bitmap readBitmap(
      ImageFile file, BlockGeometry geometry, long at, long bitmapBytes) {
    requireMagic(file, at, BITMAP);
    long start = at + BITMAP.length();
    if (file.endsBefore(start + bitmapBytes)) {
      throw bitmapTruncated(file, file.knownSize().getAsLong(), start + bitmapBytes);
    }
    geometry.requireMap(file);
    Bitmap.Builder bitmap = new Bitmap.Builder(geometry.blocks());
    long read =
        file.read(start, geometry.mapBytes(), (piece, length) -> bitmap.addBits(piece, 0, length));
    if (read < geometry.mapBytes()) {
      throw bitmapTruncated(file, start + read, start + bitmapBytes);
    }
    return bitmap.build();
  }

  private static BitmapTruncatedException bitmapTruncated(ImageFile file, long size, long end) {
    return new BitmapTruncatedException(
        file.opening(),
        "it has %d bytes and the map of its blocks ends at %d".formatted(size, end));
  }

  @Override
  public ImageVerification verify(Task task) {
    ImageVerification groups = super.verify(task);
    if (!groups.clean()) {
      return groups;
    }
    Flaw flaw = sumFlaw(task);
    if (flaw == null) {
      return groups;
    }
    task.finding(flaw.problem);
    return new ImageVerification(
        groups.format(),
        groups.checksum(),
        groups.groups(),
        1,
        groups.readBytes(),
        List.of(new BadGroup(-1, 0, Math.max(1, size()), flaw.kind, flaw.problem)),
        groups.warnings(),
        task.elapsed());
  }

  /** What is wrong with the image as a whole, as {@link BadGroup} tells it. */
  private record Flaw(String kind, String problem) {
    static final Flaw CUT =
        new Flaw(
            "BodyTruncated",
            "the image ends before its tail, so the sum over all of it cannot be checked");

    static Flaw ofSum(String problem) {
      return new Flaw("DataChecksum", problem);
    }
  }

  /** Checks the sum over the whole image, which also covers its map and its last blocks. */
  private Flaw sumFlaw(Task task) {
    task.phase("summing up");
    ImageFile file = blocks().file();
    byte[] piece = new byte[1 << 20];
    long sum = 0;
    long end = tail + TAIL.length();
    for (long at = start; at < end; ) {
      task.checkCancelled();
      int wanted = (int) Math.min(piece.length, end - at);
      int count;
      try {
        count = file.read(at, piece, 0, wanted);
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        return Flaw.ofSum(e.problem());
      }
      if (count < wanted) {
        return Flaw.CUT;
      }
      for (int i = 0; i < count; i++) {
        sum += piece[i] & 0xff;
      }
      at += count;
    }
    byte[] stored = new byte[8];
    byte[] magic = new byte[TAIL.length()];
    file.read(tail, magic, 0, magic.length);
    if (!Structure.of(magic).has(0, TAIL)
        || file.read(end, stored, 0, stored.length) < stored.length) {
      return Flaw.CUT;
    }
    return Structure.of(stored).i64(0) == sum
        ? null
        : Flaw.ofSum(
            "the sum over the whole image is wrong while every checked group is right: its map or "
                + "the data behind the last check record is damaged");
  }

  private static ImageInfo info(
      ImageFile file,
      Structure main,
      Structure local,
      BlockGeometry geometry,
      long size,
      long used,
      List<String> warnings) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("image version", VERSION);
    fields.put("file system", main.text(0, 512));
    fields.put("description", main.text(512, 4096));
    fields.put("device", main.text(4608, 512));
    fields.put("host", main.text(9600, 128));
    fields.put("program version", main.text(9728, 64));
    fields.put("partition size", main.i64(9592));
    fields.put("block size", geometry.blockSize());
    fields.put("total blocks", geometry.blocks());
    fields.put("used blocks", local.i64(8));
    fields.put("bad blocks", local.i64(32));
    fields.put("label", local.text(40, 64));
    fields.put("boot records", main.u32(9792));
    return new ImageInfo(
        "partimage",
        VERSION,
        main.text(0, 512),
        size,
        geometry.blockSize(),
        geometry.blocks(),
        used,
        file.compression(),
        "CRC32",
        fields,
        warnings);
  }
}
