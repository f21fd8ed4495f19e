package blksh.image;

import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The image of a disc: ISO 9660 (ECMA-119), UDF (ECMA-167), or both. */
public final class IsoImage implements Image {

  private static final int SECTOR = 2048;

  /** First byte of the volume descriptors: what stands before is not of the format. */
  private static final int DESCRIPTORS = 16 * SECTOR;

  private static final int MOST_DESCRIPTORS = 64;

  private final ImageFile file;
  private final String version;
  private final Map<String, Object> fields;
  private final List<String> warnings;

  private IsoImage(
      ImageFile file, String version, Map<String, Object> fields, List<String> warnings) {
    this.file = file;
    this.version = version;
    this.fields = fields;
    this.warnings = warnings;
  }

  /** Whether a source begins like a disc. */
  static boolean matches(HeaderBytes head) {
    return head.has(DESCRIPTORS + 1, "CD001") || head.has(DESCRIPTORS + 1, "BEA01");
  }

  static IsoImage open(ImageFile file, ImageOptions options) {
    List<String> parts = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    Map<String, Object> fields = new LinkedHashMap<>();
    byte[] bytes = new byte[SECTOR];
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      long at = DESCRIPTORS + (long) i * SECTOR;
      if (file.read(at, bytes, 0, SECTOR) < SECTOR) {
        break;
      }
      HeaderBytes descriptor = new HeaderBytes(bytes);
      if (descriptor.has(1, "CD001")) {
        int type = descriptor.u8(0);
        if (type == 1 && !parts.contains("ISO 9660")) {
          parts.add("ISO 9660");
          primary(file, descriptor, fields, options, warnings);
        } else if (type == 2 && descriptor.has(88, "%/")) {
          parts.add("Joliet");
        } else if (type == 0 && descriptor.has(7, "EL TORITO")) {
          parts.add("bootable");
        }
      } else if (descriptor.has(1, "NSR0")) {
        parts.add("UDF");
      } else if (!descriptor.has(1, "BEA01") && !descriptor.has(1, "TEA01")) {
        break;
      }
    }
    return new IsoImage(file, String.join(", ", parts), fields, warnings);
  }

  private static void primary(
      ImageFile file,
      HeaderBytes descriptor,
      Map<String, Object> fields,
      ImageOptions options,
      List<String> warnings) {
    int sector = descriptor.u16(128);
    long size = descriptor.u32(80) * sector;
    fields.put("volume", descriptor.text(40, 32));
    fields.put("system", descriptor.text(8, 32));
    fields.put("publisher", descriptor.text(318, 128));
    fields.put("application", descriptor.text(574, 128));
    fields.put("created", moment(descriptor.text(813, 16)));
    fields.put("block size", sector);
    fields.put("volume size", size);
    if (file.knownSize().isPresent() && file.endsBefore(size)) {
      long have = file.knownSize().getAsLong();
      String problem = "it was cut short: it has %d bytes and its volume %d".formatted(have, size);
      if (!options.tolerant()) {
        BodyTruncatedException failure =
            new BodyTruncatedException(file.name(), have, size - have, problem);
        failure.suggest("tolerant = true (--tolerant) reads what is there");
        throw failure;
      }
      warnings.add(problem);
    }
  }

  /** A date of 16 digits (ECMA-119, 8.4.26.1) as people write it; anything else as it is. */
  private static String moment(String digits) {
    return digits.matches("\\d{16}")
        ? digits.replaceFirst("(....)(..)(..)(..)(..)(..)..", "$1-$2-$3 $4:$5:$6")
        : digits;
  }

  @Override
  public ImageInfo info() {
    return new ImageInfo(
        "iso",
        version,
        version.startsWith("ISO") ? "ISO9660" : "UDF",
        size(),
        SECTOR,
        0,
        0,
        file.compression(),
        "none",
        fields,
        warnings);
  }

  @Override
  public ImageVerification verify(Task task) {
    return new Reading(this, task).run(info());
  }

  @Override
  public long size() {
    return file.source().size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return file.source().read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return file.source().extents(position, length);
  }

  @Override
  public int sectorSize() {
    return SECTOR;
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = file.source().describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("format", version);
    details.put("volume", String.valueOf(fields.getOrDefault("volume", "")));
    return new SourceInfo("image", below.name(), below.location(), details);
  }

  @Override
  public void close() {
    file.close();
  }
}
