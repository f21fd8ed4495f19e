package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource;
import blksh.block.MappedSource.Layout;
import blksh.block.SourceInfo;
import blksh.volume.MetadataText.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A volume group of LVM2, as its newest text tells of it ({@code lib/format_text/import_vsn1.c}),
 * and the physical volumes of it that were found. Everything the text says is held against what is
 * there before it is used.
 */
final class VolumeGroup {

  private static final int SECTOR = PhysicalVolume.SECTOR;
  static final long MOST_SECTORS = 1L << 52;

  /** Volumes that lie on volumes that lie on volumes. */
  private static final int DEEPEST = 8;

  /** Segments that all volumes together may come to. */
  private static final int MOST_SEGMENTS = 1 << 20;

  private static final String SUGGESTION = "name all sources the group lies on: assemble(…, …)";

  private static final Pattern ID = Pattern.compile("[0-9A-Za-z!#-]{1,40}");

  static final Set<String> INCONSTANT = Set.of("PVMOVE", "LOCKED", "MERGING");

  private final Section section;
  private final String id;
  private final long sequence;
  private final long extent;

  /** The physical volumes that were found, by their identifiers. */
  private final Map<String, List<PhysicalVolume>> found;

  /** By the volumes that keep what was changed. */
  private final Map<String, SnapshotText> snapshots = new HashMap<>();

  private final Set<String> merging = new HashSet<>();

  /** Volumes that others lie on, each laid out once, or why it cannot be. */
  private final Map<String, Made> made = new HashMap<>();

  private final Map<String, VolumeProblem> unmade = new HashMap<>();
  private final Set<String> making = new HashSet<>();
  private int built;
  private final LayeredSegments layered;

  /** Of the volume that is being laid out. */
  private Notes notes = new Notes();

  private final List<String> mapped = new ArrayList<>();
  private final MemoryAllowance memory;

  /** A volume that others lie on, and what is noted of it. */
  private record Made(BlockSource source, Notes notes) {}

  /** What a snapshot is of, and how many extents it has. */
  private record SnapshotText(String origin, long extents, long chunk) {}

  private VolumeGroup(
      Section section, Map<String, List<PhysicalVolume>> found, MemoryAllowance memory)
      throws VolumeProblem {
    this.section = section;
    this.memory = memory;
    this.found = found;
    id = section.text("id");
    VolumeProblem.unless(ID.matcher(id).matches(), "its identifier makes no sense");
    sequence = section.number("seqno", 0, Long.MAX_VALUE);
    extent = section.number("extent_size", 1, MOST_SECTORS) * SECTOR;
    for (Section volume : volumes()) {
      noteSnapshots(volume);
    }
    layered =
        new LayeredSegments(
            new LayeredSegments.Group() {
              @Override
              public Section text(String volume) {
                return logical(volume);
              }

              @Override
              public BlockSource source(String volume, int depth) throws VolumeProblem {
                return VolumeGroup.this.source(volume, depth);
              }

              @Override
              public Notes notes() {
                return notes;
              }
            });
  }

  private Section logical(String volume) {
    return section.section("logical_volumes").section(volume);
  }

  /**
   * Reads a group from the text of one of its metadata areas.
   *
   * @param found the physical volumes there are, of whatever group, by their identifiers
   * @param allowance what all texts together may take
   */
  static VolumeGroup read(
      byte[] text, Map<String, List<PhysicalVolume>> found, TextAllowance allowance)
      throws VolumeProblem {
    Section all = MetadataText.parse(text, allowance);
    VolumeProblem.unless(
        all.text("contents").equals("Text Format Volume Group")
            && all.number("version", 0, Long.MAX_VALUE) == 1,
        "its text is of another kind or version");
    List<Section> groups = all.sections();
    VolumeProblem.unless(groups.size() == 1, "its text has %d groups", groups.size());
    return new VolumeGroup(groups.get(0), found, allowance.memory());
  }

  /** A volume that keeps what was changed of another, and must not be taken for one of its own. */
  private void noteSnapshots(Section volume) {
    for (Section segment : volume.sections()) {
      if (segment.entries().get("type") instanceof String type && type.equals("snapshot")) {
        String origin = String.valueOf(segment.entries().get("origin"));
        SnapshotText snapshot =
            new SnapshotText(
                origin, number(segment, "extent_count"), number(segment, "chunk_size"));
        for (Object store : segment.list("cow_store")) {
          snapshots.put(String.valueOf(store), snapshot);
        }
        for (Object store : segment.list("merging_store")) {
          snapshots.put(String.valueOf(store), snapshot);
          merging.add(origin);
          merging.add(String.valueOf(store));
        }
      }
    }
  }

  private static long number(Section section, String key) {
    return section.entries().get(key) instanceof Long value ? value : -1;
  }

  String name() {
    return section.name();
  }

  String id() {
    return id;
  }

  /** Counts the changes of the metadata: the text with the highest counts. */
  long sequence() {
    return sequence;
  }

  /** Whether a physical volume is one of it. */
  boolean has(PhysicalVolume volume) {
    return section.section("physical_volumes").sections().stream()
        .anyMatch(each -> volume.id().equals(each.entries().get("id")));
  }

  private List<Section> volumes() {
    return section.section("logical_volumes").sections();
  }

  /**
   * The volumes people see, in the order of the text.
   *
   * @param shown what the group is called
   */
  List<InnerVolume> volumes(String shown, List<BlockSource> sources) {
    List<InnerVolume> all = new ArrayList<>();
    for (Section volume : volumes()) {
      Set<String> types = types(volume);
      // what keeps the changes of a snapshot goes by the name of that, and is not marked
      boolean seen =
          volume.list("status").contains("VISIBLE") || snapshots.containsKey(volume.name());
      if (seen && !types.contains("thin-pool") && !types.contains("snapshot")) {
        all.add(volume(volume, shown, sources));
      }
    }
    return all;
  }

  private static Set<String> types(Section volume) {
    Set<String> types = new HashSet<>();
    for (Section segment : volume.sections()) {
      if (segment.entries().get("type") instanceof String type) {
        types.add(type);
      }
    }
    return types;
  }

  private InnerVolume volume(Section volume, String shown, List<BlockSource> sources) {
    String name = shown + "/" + volume.name();
    String device = doubled(shown) + "-" + doubled(volume.name());
    String uuid = volume.entries().get("id") instanceof String text ? MetadataText.shown(text) : "";
    long size = 0;
    String words = "";
    try {
      List<SegmentText> segments = SegmentText.of(volume, extent);
      size = segments.get(segments.size() - 1).end() * extent;
      words = words(segments);
      SnapshotText snapshot = snapshots.get(volume.name());
      if (snapshot != null) {
        words = "snapshot";
        VolumeProblem.unless(
            snapshot.extents > 0 && snapshot.extents <= MOST_SECTORS * SECTOR / extent,
            "it has no size");
        size = snapshot.extents * extent;
      }
      making.clear();
      making.add(volume.name());
      notes = new Notes();
      Layout layout =
          snapshot == null ? layout(volume, segments, 0) : snapshot(volume, segments, snapshot);
      InnerVolume.Facts facts = facts(name, device, words + notes.words(), uuid, size, sources);
      if (notes.isMapped()) {
        String path = MetadataText.shown(name()) + "/" + MetadataText.shown(volume.name());
        mapped.add(path);
        layout = new Mapped(layout, "/dev/" + path, sources);
      }
      return InnerVolume.of(facts, layout);
    } catch (VolumeProblem e) {
      InnerVolume.Facts facts = facts(name, device, words, uuid, size, sources);
      String suggestion = e.isMissing() ? SUGGESTION : null;
      return InnerVolume.refused(facts, e.getMessage(), suggestion);
    }
  }

  /** What {@link #volumes} found to lie where a map says, as {@code GROUP/VOLUME}. */
  List<String> mapped() {
    return mapped;
  }

  /** A layout by a map that is read once, and kept. */
  private record Mapped(Layout layout, String device, List<BlockSource> sources) implements Layout {

    @Override
    public MappedSource.Piece at(long position) {
      return layout.at(position);
    }

    @Override
    public Optional<String> doubt() {
      return VolumeSet.isChanged(sources)
          ? Optional.of(
              "what it lies on is in use: its bytes may have moved while they were read; read the"
                  + " kernel's %s instead".formatted(device))
          : Optional.empty();
    }
  }

  private static InnerVolume.Facts facts(
      String name, String device, String words, String uuid, long size, List<BlockSource> below) {
    return new InnerVolume.Facts(name, device, "logical volume", words, uuid, size, below);
  }

  private static String doubled(String name) {
    return name.replace("-", "--");
  }

  private static String words(List<SegmentText> segments) {
    Set<String> words = new LinkedHashSet<>();
    for (SegmentText each : segments) {
      boolean one = Long.valueOf(1).equals(each.section().entries().get("stripe_count"));
      words.add(each.type().equals("striped") && one ? "linear" : MetadataText.shown(each.type()));
    }
    return String.join(", ", words);
  }

  private Layout layout(Section volume, List<SegmentText> segments, int depth)
      throws VolumeProblem {
    VolumeProblem.unless(depth <= DEEPEST, "it lies on itself");
    for (Object status : volume.list("status")) {
      VolumeProblem.unless(
          !INCONSTANT.contains(String.valueOf(status)), "it is being moved or merged (%s)", status);
    }
    VolumeProblem.unless(!merging.contains(volume.name()), "a snapshot of it is being merged");
    List<Layouts.Segment> all = new ArrayList<>();
    built += segments.size();
    VolumeProblem.unless(built <= MOST_SEGMENTS, "its group has too many segments");
    for (SegmentText each : segments) {
      all.add(
          new Layouts.Segment(each.start() * extent, each.count() * extent, layout(each, depth)));
    }
    return all.size() == 1 ? all.get(0).layout() : Layouts.inOrder(all);
  }

  /** What its origin has where it was not changed since, and its store where it was. */
  private Layout snapshot(Section volume, List<SegmentText> segments, SnapshotText snapshot)
      throws VolumeProblem {
    long stored = segments.get(segments.size() - 1).end() * extent;
    BlockSource store = source(layout(volume, segments, 0), stored);
    notes.map();
    BlockSource origin = source(snapshot.origin, 0);
    VolumeProblem.unless(
        snapshot.extents * extent <= origin.size(), "it is larger than what it is a snapshot of");
    return new SnapshotStore(store, snapshot.chunk * SECTOR, memory)
        .over(Layouts.range(origin, 0, origin.size()));
  }

  /** A volume of the group as its extents lie, also one that only serves others. */
  private BlockSource source(String name, int depth) throws VolumeProblem {
    Made known = made.get(name);
    if (known != null) {
      notes.add(known.notes);
      return known.source;
    }
    VolumeProblem before = unmade.get(name);
    if (before != null) {
      throw before;
    }
    VolumeProblem.unless(making.add(name), "it lies on itself");
    Notes outer = notes;
    notes = new Notes();
    try {
      Section volume = logical(name);
      VolumeProblem.unless(
          !volume.entries().isEmpty(),
          "it lies on %s, which is not told of",
          MetadataText.shown(name));
      List<SegmentText> segments = SegmentText.of(volume, extent);
      long size = segments.get(segments.size() - 1).end() * extent;
      BlockSource source = source(layout(volume, segments, depth + 1), size);
      made.put(name, new Made(source, notes));
      outer.add(notes);
      return source;
    } catch (VolumeProblem e) {
      unmade.put(name, e);
      throw e;
    } finally {
      notes = outer;
      making.remove(name);
    }
  }

  private BlockSource source(Layout layout, long size) {
    SourceInfo info = new SourceInfo("volume of group", name(), MetadataText.shown(name()));
    return new MappedSource(info, size, List.of(), layout, () -> {});
  }

  private Layout layout(SegmentText segment, int depth) throws VolumeProblem {
    return switch (segment.type()) {
      case "striped" -> striped(segment, depth);
      case "thin" -> layered.thin(segment.section(), segment.count() * extent, depth);
      case "raid1" -> layered.mirror(segment.section(), segment.count() * extent, depth);
      case "zero" -> Layouts.zeros(segment.count() * extent);
      case "error" -> throw new VolumeProblem("a part of it was given up (error)");
      default ->
          throw new VolumeProblem(
              "it has a segment of type %s, which is not read"
                  .formatted(MetadataText.shown(segment.type())));
    };
  }

  private Layout striped(SegmentText segment, int depth) throws VolumeProblem {
    Section text = segment.section();
    int count = (int) text.number("stripe_count", 1, Integer.MAX_VALUE);
    List<Object> areas = text.list("stripes");
    VolumeProblem.unless(
        areas.size() == 2L * count && segment.count() % count == 0, "its stripes make no sense");
    long length = segment.count() / count * extent;
    List<Layout> stripes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      stripes.add(area(areas.get(2 * i), areas.get(2 * i + 1), length, depth));
    }
    if (count == 1) {
      return stripes.get(0);
    }
    long chunk = text.number("stripe_size", 1, MOST_SECTORS) * SECTOR;
    VolumeProblem.unless(length % chunk == 0, "its stripes make no sense");
    return Layouts.striped(stripes, chunk);
  }

  /** A range of a physical volume, or of another logical one, by its first extent. */
  private Layout area(Object on, Object start, long length, int depth) throws VolumeProblem {
    if (!(on instanceof String name) || !(start instanceof Long first)) {
      throw new VolumeProblem("its stripes make no sense");
    }
    Section physical = section.section("physical_volumes").section(name);
    if (!physical.entries().isEmpty()) {
      return physical(physical, first, length);
    }
    BlockSource logical = source(name, depth);
    VolumeProblem.unless(
        first >= 0 && first <= logical.size() / extent && length <= logical.size() - first * extent,
        "it ends behind the end of %s",
        MetadataText.shown(name));
    return Layouts.range(logical, first * extent, length);
  }

  private Layout physical(Section physical, long first, long length) throws VolumeProblem {
    String uuid = physical.text("id");
    long begin = physical.number("pe_start", 0, MOST_SECTORS) * SECTOR;
    long count = physical.number("pe_count", 0, MOST_SECTORS * SECTOR / extent);
    List<PhysicalVolume> there = found.getOrDefault(uuid, List.of());
    String called =
        "%s (last %s)"
            .formatted(
                MetadataText.shown(uuid),
                MetadataText.shown(String.valueOf(physical.entries().get("device"))));
    if (there.isEmpty()) {
      throw VolumeProblem.missing("its physical volume %s is missing".formatted(called));
    }
    VolumeProblem.unless(
        there.size() == 1,
        "its physical volume %s is there more than once: %s",
        called,
        String.join(", ", there.stream().map(PhysicalVolume::place).toList()));
    VolumeProblem.unless(
        !physical.list("flags").contains("MISSING") && !physical.list("status").contains("MISSING"),
        "its physical volume %s was missing when the group was changed and may be old",
        called);
    VolumeProblem.unless(
        first >= 0 && first <= count && length / extent <= count - first,
        "it ends behind the end of its physical volume %s",
        called);
    PhysicalVolume volume = there.get(0);
    long start = begin + first * extent;
    VolumeProblem.unless(
        start <= volume.source().size() && length <= volume.source().size() - start,
        "it ends at byte %d of %s, which has %d",
        start + length,
        volume.place(),
        volume.source().size());
    return Layouts.range(volume.source(), start, length);
  }
}
