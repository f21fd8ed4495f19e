package blksh.image.disk;

import blksh.BlkshException;
import blksh.filesystem.Structure;
import blksh.io.NameText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text that says of what parts a VMDK is ("Virtual Disk Format 5.0", VMware, 2011). Names are
 * bytes: a character stands for each.
 */
final class VmdkDescriptor {

  static final String MAGIC = "# Disk DescriptorFile";

  /** Bytes of the largest that is read. */
  static final int LARGEST = 1 << 20;

  /** What stands for no parent. */
  static final String NO_PARENT = "ffffffff";

  /** Kinds of disks whose data is on a drive of the machine they were used on. */
  private static final Set<String> DEVICES =
      Set.of(
          "fulldevice",
          "partitioneddevice",
          "vmfsraw",
          "vmfsrdm",
          "vmfsrawdevicemap",
          "vmfspassthroughrawdevicemap");

  private static final int MOST_EXTENTS = 1024;

  // Each takes what it can and gives nothing back: a line may be as long as the text.

  private static final Pattern FIELD =
      Pattern.compile("([A-Za-z.]++)\\s*+=\\s*+\"?+([^\"]*+)\"?+\\s*+");

  private static final Pattern EXTENT =
      Pattern.compile(
          "(RW|RDONLY|NOACCESS)\\s++(\\d{1,18}+)\\s++(\\w++)"
              + "(?:\\s++\"([^\"]*+)\"(?:\\s++(\\d{1,18}+))?+.*+)?+");

  private static final Pattern BEGINS_PART = Pattern.compile("(RW|RDONLY|NOACCESS)\\s");

  /**
   * A part of the disk.
   *
   * @param sectors of 512 bytes
   * @param type {@code FLAT}, {@code SPARSE}, {@code ZERO} …
   * @param name of its file, or null
   * @param offset first sector in the file, of a flat one
   */
  record Part(String access, long sectors, String type, byte[] name, long offset) {}

  private final Map<String, String> fields = new LinkedHashMap<>();
  private final List<Part> parts = new ArrayList<>();

  VmdkDescriptor(byte[] bytes, String action) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = text.indexOf('\0');
    for (String each : (end < 0 ? text : text.substring(0, end)).split("\n")) {
      String line = each.strip();
      Matcher part = EXTENT.matcher(line);
      Matcher field = FIELD.matcher(line);
      if (part.matches()) {
        add(part, action);
      } else if (BEGINS_PART.matcher(line).lookingAt()) {
        throw new DiskDamageException(
            action, "a line of its descriptor tells of no part: " + NameText.of(latin(line)));
      } else if (!line.startsWith("#") && field.matches()) {
        fields.putIfAbsent(field.group(1).toLowerCase(Locale.ROOT), field.group(2).strip());
      }
    }
  }

  private void add(Matcher part, String action) {
    long sectors = Long.parseLong(part.group(2));
    long offset = part.group(5) == null ? 0 : Long.parseLong(part.group(5));
    if (sectors > Long.MAX_VALUE / 512 || offset > Long.MAX_VALUE / 512) {
      throw new DiskDamageException(action, "a part of it has %d sectors".formatted(sectors));
    }
    if (parts.size() >= MOST_EXTENTS) {
      throw new DiskDamageException(action, "it has more than %d parts".formatted(MOST_EXTENTS));
    }
    byte[] name = part.group(4) == null ? null : local(part.group(4));
    parts.add(new Part(part.group(1), sectors, part.group(3), name, offset));
  }

  /** The first bytes of a line. */
  private static byte[] latin(String line) {
    return line.substring(0, Math.min(80, line.length())).getBytes(StandardCharsets.ISO_8859_1);
  }

  static boolean isAt(Structure head) {
    return head.has(0, MAGIC);
  }

  List<Part> parts() {
    return parts;
  }

  /** {@code monolithicFlat}, {@code streamOptimized} …, or empty. */
  String type() {
    return fields.getOrDefault("createtype", "");
  }

  /** The number by which a disk that is laid on this one knows it. */
  String content() {
    return number("cid");
  }

  /** A number of 32 bits as people write it, without the zeros it may begin with. */
  private String number(String field) {
    String digits = fields.getOrDefault(field, "").strip().toLowerCase(Locale.ROOT);
    return digits.replaceFirst("^0+(?=.)", "");
  }

  /** The number of the disk it was laid on, or null. */
  String parent() {
    String parent = number("parentcid");
    return parent.isEmpty() || parent.equals(NO_PARENT) ? null : parent;
  }

  /** The name of the disk it was laid on. */
  byte[] parentName(String action) {
    String name = fields.get("parentfilenamehint");
    if (name == null || name.isEmpty()) {
      throw new MissingDiskException(
          action, "it differs from disk %s, and does not say where that is".formatted(parent()));
    }
    return local(name);
  }

  /** A name as it may be here: of a path of Windows the last part. */
  private static byte[] local(String name) {
    return name.substring(name.lastIndexOf('\\') + 1).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Refuses a disk whose data is in no file. */
  void refuseDevices(String action) {
    if (DEVICES.contains(type().toLowerCase(Locale.ROOT))) {
      throw new UnsupportedDiskException(
          action,
          "it is of type %s: its data is on a drive of the machine it was used on"
              .formatted(type()));
    }
  }

  /** A part that is read by no file of data: a drive of the machine it was used on. */
  static BlkshException refusal(Part part, String action) {
    return new UnsupportedDiskException(
        action, "a part of it is of type %s, which is not read".formatted(part.type()));
  }
}
