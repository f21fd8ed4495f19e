package blksh.image;

import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.filesystem.FileSystem;
import blksh.filesystem.Iso9660;
import blksh.filesystem.Structure;
import blksh.filesystem.Udf;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The image of a disc: ISO 9660 (ECMA-119), UDF (ECMA-167), or both. */
public final class IsoImage implements Image {

  /** First byte of the volume descriptors: what stands before is not of the format. */
  private static final int DESCRIPTORS = Iso9660.FIRST_DESCRIPTOR * Iso9660.SECTOR;

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
  static boolean matches(Structure head) {
    return FileSystem.ISO_9660.isOn(head) || FileSystem.UDF.isOn(head);
  }

  static IsoImage open(ImageFile file, ImageOptions options) {
    List<String> parts = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    Map<String, Object> fields = new LinkedHashMap<>();
    byte[] bytes = new byte[Iso9660.SECTOR];
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      long at = DESCRIPTORS + (long) i * Iso9660.SECTOR;
      if (file.read(at, bytes, 0, Iso9660.SECTOR) < Iso9660.SECTOR) {
        break;
      }
      Structure descriptor = Structure.of(bytes);
      if (descriptor.has(Iso9660.STANDARD, Iso9660.IDENTIFIER)) {
        int type = descriptor.u8(0);
        if (type == Iso9660.PRIMARY && !parts.contains("ISO 9660")) {
          parts.add("ISO 9660");
          primary(file, descriptor, fields, options, warnings);
        } else if (type == Iso9660.SUPPLEMENTARY
            && descriptor.has(Iso9660.ESCAPES, Iso9660.JOLIET)) {
          parts.add("Joliet");
        } else if (type == Iso9660.BOOT_RECORD && descriptor.has(7, "EL TORITO")) {
          parts.add("bootable");
        }
      } else if (descriptor.has(Iso9660.STANDARD, Udf.NSR)) {
        parts.add("UDF");
      } else if (!descriptor.has(Iso9660.STANDARD, Udf.EXTENDED_AREA_BEGINS)
          && !descriptor.has(Iso9660.STANDARD, Udf.EXTENDED_AREA_ENDS)) {
        break;
      }
    }
    return new IsoImage(file, String.join(", ", parts), fields, warnings);
  }

  private static void primary(
      ImageFile file,
      Structure descriptor,
      Map<String, Object> fields,
      ImageOptions options,
      List<String> warnings) {
    int sector = descriptor.u16(Iso9660.BLOCK_SIZE);
    long size = descriptor.u32(Iso9660.VOLUME_SECTORS) * sector;
    fields.put("volume", descriptor.text(Iso9660.VOLUME, 32));
    fields.put("system", descriptor.text(Iso9660.SYSTEM, 32));
    fields.put("publisher", descriptor.text(Iso9660.PUBLISHER, 128));
    fields.put("application", descriptor.text(Iso9660.APPLICATION, 128));
    fields.put("created", moment(descriptor.text(Iso9660.CREATED, 16)));
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
        Iso9660.SECTOR,
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
    return Iso9660.SECTOR;
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
