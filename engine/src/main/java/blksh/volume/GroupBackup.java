package blksh.volume;

import blksh.BlkshException;
import blksh.volume.MetadataText.Section;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code vgcfgbackup} wrote of a volume group: which volume lies where, and what a physical
 * volume begins with once {@code pvcreate --restorefile} and {@code vgcfgrestore} made it again
 * ({@code lib/format_text/layout.h}, {@code format-text.c}).
 */
public final class GroupBackup {

  private static final int SECTOR = PhysicalVolume.SECTOR;

  /** Where the area of metadata begins, and in it its text, in bytes. */
  private static final int AREA = 4096;

  private static final int TEXT = SECTOR;
  private static final int EXTENSION = 2;
  private static final int USED = 1;

  private final String action;
  private final byte[] stored;
  private final Section group;
  private final long extent;
  private final List<Volume> volumes = new ArrayList<>();
  private final List<PlacedArea> areas = new ArrayList<>();

  /**
   * A logical volume.
   *
   * @param size bytes
   * @param shown whether it is one that people see, and none that only serves others
   * @param problem why its bytes cannot be put where it lay, as a clause, or null
   */
  public record Volume(String name, long size, boolean shown, String problem) {}

  /**
   * A range of a physical volume that holds bytes of a logical one.
   *
   * @param volume the name of that
   * @param start its first byte on the physical volume
   * @param length bytes
   * @param first its first byte in the logical volume, counted as if it were not striped
   * @param chunk bytes of a stripe that follow each other
   * @param stripes how many ranges take turns; 1 for none
   * @param stripe which of them it is, from 0 on
   */
  public record Area(
      String volume, long start, long length, long first, long chunk, int stripes, int stripe) {

    /** The byte of the logical volume that a byte of the range is. */
    public long inside(long position) {
      return stripes == 1
          ? first + position
          : first + (position / chunk * stripes + stripe) * chunk + position % chunk;
    }

    /** How many bytes from there on follow each other in both. */
    public long together(long position) {
      return stripes == 1 ? length - position : chunk - position % chunk;
    }
  }

  /** What all texts of a set may take. */
  public static final class Memory {
    private final TextAllowance texts = new TextAllowance();
  }

  private record PlacedArea(String physical, Area area) {}

  /**
   * A physical volume of the group.
   *
   * @param size bytes that it had
   * @param head its first bytes: label and headers, which {@link #stored} follows; then nothing is
   *     until the first of the areas
   * @param areas in order, none over another
   */
  public record Physical(long size, byte[] head, List<Area> areas) {}

  private GroupBackup(String action, byte[] text, Section group) throws VolumeProblem {
    this.action = action;
    this.group = group;
    stored = stored(text, group.name());
    extent = group.number("extent_size", 1, VolumeGroup.MOST_SECTORS) * SECTOR;
    Set<String> stores = new HashSet<>();
    for (Section volume : logical()) {
      for (Section segment : volume.sections()) {
        segment.list("cow_store").forEach(store -> stores.add(String.valueOf(store)));
        segment.list("merging_store").forEach(store -> stores.add(String.valueOf(store)));
      }
    }
    for (Section volume : logical()) {
      volume(volume, stores);
    }
  }

  private List<Section> logical() {
    return group.section("logical_volumes").sections();
  }

  /**
   * Reads one.
   *
   * @param text all of the file
   * @param place of the file, for people
   * @param memory what several may take together
   * @throws BlkshException when it is no such file, or contradicts itself
   */
  public static GroupBackup read(byte[] text, String place, Memory memory) {
    String action = "read " + place;
    try {
      VolumeProblem.unless(
          text.length <= MetadataText.LONGEST,
          "it has %d bytes, and %d are read",
          text.length,
          MetadataText.LONGEST);
      memory.texts.keep(text);
      Section all = MetadataText.parse(text, memory.texts);
      VolumeProblem.unless(
          all.text("contents").equals("Text Format Volume Group")
              && all.number("version", 0, Long.MAX_VALUE) == 1,
          "it is no text that vgcfgbackup writes");
      List<Section> groups = all.sections();
      VolumeProblem.unless(groups.size() == 1, "it has %d groups", groups.size());
      return new GroupBackup(action, text, groups.get(0));
    } catch (VolumeProblem e) {
      throw new BlkshException(action, e.getMessage());
    }
  }

  /** The metadata as a physical volume has it behind its headers. */
  public byte[] stored() {
    return stored.clone();
  }

  /** Whether a volume has bytes on a physical volume of which that does not hold. */
  public boolean lies(String volume, Predicate<String> here) {
    return areas.stream()
        .filter(each -> each.area().volume().equals(volume))
        .map(each -> group.section("physical_volumes").section(each.physical()))
        .anyMatch(physical -> !here.test(String.valueOf(physical.entries().get("id"))));
  }

  /** What the group is called. */
  public String name() {
    return group.name();
  }

  /** Its logical volumes in the order of the text. */
  public List<Volume> volumes() {
    return List.copyOf(volumes);
  }

  private void volume(Section volume, Set<String> stores) throws VolumeProblem {
    List<SegmentText> segments = SegmentText.of(volume, extent);
    if (segments.get(0).type().equals("snapshot")) {
      return; // says of another volume that it is one
    }
    boolean shown =
        (volume.list("status").contains("VISIBLE") || stores.contains(volume.name()))
            && !segments.get(0).type().equals("thin-pool");
    String problem = stores.contains(volume.name()) ? "it is a snapshot" : null;
    for (Object status : volume.list("status")) {
      if (VolumeGroup.INCONSTANT.contains(String.valueOf(status))) {
        problem = "it was being moved or merged";
      }
    }
    for (SegmentText segment : segments) {
      String other = segment.type().equals("striped") ? striped(volume, segment) : segment.type();
      if (other != null) {
        problem = "it is of type " + MetadataText.shown(other);
      }
    }
    long size = segments.get(segments.size() - 1).end() * extent;
    volumes.add(new Volume(volume.name(), size, shown, problem));
  }

  /** Takes the areas of a segment. @return the type that it is of when it lies on other volumes */
  private String striped(Section volume, SegmentText segment) throws VolumeProblem {
    int count = (int) segment.section().number("stripe_count", 1, Integer.MAX_VALUE);
    List<Object> on = segment.section().list("stripes");
    VolumeProblem.unless(
        on.size() == 2L * count && segment.count() % count == 0,
        "the stripes of %s make no sense",
        MetadataText.shown(volume.name()));
    long length = segment.count() / count * extent;
    long chunk =
        count == 1
            ? length
            : segment.section().number("stripe_size", 1, VolumeGroup.MOST_SECTORS) * SECTOR;
    VolumeProblem.unless(
        length % chunk == 0, "the stripes of %s make no sense", MetadataText.shown(volume.name()));
    for (int i = 0; i < count; i++) {
      if (!(on.get(2 * i) instanceof String name) || !(on.get(2 * i + 1) instanceof Long first)) {
        throw new VolumeProblem(
            "the stripes of %s make no sense".formatted(MetadataText.shown(volume.name())));
      }
      Section physical = group.section("physical_volumes").section(name);
      if (physical.entries().isEmpty()) {
        return "striped over other volumes";
      }
      long begin = begin(physical);
      long extents = physical.number("pe_count", 0, VolumeGroup.MOST_SECTORS * SECTOR / extent);
      VolumeProblem.unless(
          first >= 0 && first <= extents && length / extent <= extents - first,
          "%s ends behind the end of its physical volume",
          MetadataText.shown(volume.name()));
      areas.add(
          new PlacedArea(
              name,
              new Area(
                  volume.name(),
                  begin + first * extent,
                  length,
                  segment.start() * extent,
                  chunk,
                  count,
                  i)));
    }
    return null;
  }

  private static long begin(Section physical) throws VolumeProblem {
    return sectors(physical, "pe_start");
  }

  private static long sectors(Section physical, String key) throws VolumeProblem {
    return physical.number(key, 0, VolumeGroup.MOST_SECTORS) * SECTOR;
  }

  /**
   * A physical volume by its identifier, as {@code "qdlt6U-M4bo-xExy-XG9Q-U7pg-bOXN-n54i5Y"}.
   *
   * @throws BlkshException when what the text says of it contradicts itself
   */
  public Optional<Physical> physical(String id) {
    try {
      for (Section each : group.section("physical_volumes").sections()) {
        if (id.equals(each.entries().get("id"))) {
          return Optional.of(physical(each, id));
        }
      }
      return Optional.empty();
    } catch (VolumeProblem e) {
      throw new BlkshException(action, e.getMessage());
    }
  }

  private Physical physical(Section physical, String id) throws VolumeProblem {
    long size = sectors(physical, "dev_size");
    VolumeProblem.unless(
        !physical.list("flags").contains("MISSING") && !physical.list("status").contains("MISSING"),
        "its physical volume %s was missing when it was saved",
        MetadataText.shown(id));
    VolumeProblem.unless(
        begin(physical) <= size, "the volumes on %s begin behind its end", MetadataText.shown(id));
    List<Area> here =
        areas.stream()
            .filter(each -> each.physical().equals(physical.name()))
            .map(PlacedArea::area)
            .sorted(Comparator.comparingLong(Area::start))
            .toList();
    long end = begin(physical);
    String before = "its metadata";
    for (Area area : here) {
      VolumeProblem.unless(
          area.start() >= end && area.length() <= size - area.start(),
          "%s lies over %s or behind the end of its physical volume",
          MetadataText.shown(area.volume()),
          MetadataText.shown(before));
      end = area.start() + area.length();
      before = area.volume();
    }
    return new Physical(size, head(physical, id, size), here);
  }

  /** Label, header, the header of the area and the text, as they lie from byte 0 on. */
  private byte[] head(Section physical, String id, long size) throws VolumeProblem {
    long begin = begin(physical);
    long loader = physical.has("ba_start") ? sectors(physical, "ba_start") : 0;
    long end = loader > AREA && loader < begin ? loader : begin; // of the area
    VolumeProblem.unless(
        end - AREA - TEXT >= stored.length,
        "its text of %d bytes does not fit before byte %d of its physical volume %s",
        stored.length,
        end,
        MetadataText.shown(id));
    byte[] letters = id.replace("-", "").getBytes(StandardCharsets.ISO_8859_1);
    VolumeProblem.unless(letters.length == 32, "it has an identifier that makes no sense");
    byte[] head = new byte[AREA + TEXT];
    ByteBuffer label = ByteBuffer.wrap(head, SECTOR, SECTOR).slice().order(ByteOrder.LITTLE_ENDIAN);
    label.put(PhysicalVolume.LABEL.getBytes(StandardCharsets.US_ASCII)).putLong(1).putInt(0);
    label.putInt(32).put(PhysicalVolume.TYPE.getBytes(StandardCharsets.US_ASCII));
    label.put(letters).putLong(size);
    label.putLong(begin).putLong(0).putLong(0).putLong(0); // data, to the end
    label.putLong(AREA).putLong(end - AREA).putLong(0).putLong(0);
    label.putInt(EXTENSION).putInt(USED);
    if (loader > 0) {
      label.putLong(loader).putLong(sectors(physical, "ba_size"));
    }
    label.putInt(16, PhysicalVolume.crc(head, SECTOR + 20, SECTOR - 20));
    ByteBuffer area = ByteBuffer.wrap(head, AREA, SECTOR).slice().order(ByteOrder.LITTLE_ENDIAN);
    area.putInt(0).put(PhysicalVolume.AREA.getBytes(StandardCharsets.US_ASCII)).putInt(1);
    area.putLong(AREA).putLong(end - AREA);
    area.putLong(TEXT).putLong(stored.length);
    area.putInt(PhysicalVolume.crc(stored, 0, stored.length)).putInt(0);
    area.putInt(0, PhysicalVolume.crc(head, AREA + 4, SECTOR - 4));
    return head;
  }

  /** The text with the group first, by whose name an area is known, and a zero behind it. */
  private static byte[] stored(byte[] text, String group) throws VolumeProblem {
    String all = new String(text, StandardCharsets.ISO_8859_1);
    Matcher first = Pattern.compile("(?m)^" + Pattern.quote(group) + "\\s*\\{").matcher(all);
    VolumeProblem.unless(first.find(), "its group does not begin on a line of its own");
    String before = all.substring(0, first.start());
    String stored = all.substring(first.start()).stripTrailing() + "\n" + before;
    return Arrays.copyOf(stored.getBytes(StandardCharsets.ISO_8859_1), stored.length() + 1);
  }
}
