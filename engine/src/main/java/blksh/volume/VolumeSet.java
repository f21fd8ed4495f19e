package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MountedRanges;
import blksh.io.UnreadableException;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The volumes that sources make up together: each source, or each of its partitions where it is
 * divided, may be a part of some. Volumes of which a part is not among them are listed, with the
 * reason, and not read.
 */
public final class VolumeSet {

  /** More than so many warnings are told as a number. */
  private static final int TOLD = 20;

  /** Arrays that lie on arrays. */
  private static final int DEEPEST = 4;

  private final List<BlockSource> sources;
  private final List<InnerVolume> volumes = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final MemoryAllowance memory = new MemoryAllowance();

  /** Names of volumes whose bytes lie where a map says that is written as they are. */
  private final List<String> mapped = new ArrayList<>();

  private VolumeSet(List<BlockSource> sources) {
    this.sources = List.copyOf(sources);
  }

  /** A source, or a partition of one, what it is called and where in the source it begins. */
  private record Part(String place, BlockSource source, long start) {

    /** Whether it has a byte of a range of the source it is a part of. */
    boolean overlaps(long from, long length) {
      return from < start + source.size() && start < BlockSource.saturatedEnd(from, length);
    }
  }

  /**
   * Looks at sources. Only the metadata is read.
   *
   * @param sources they stay open, and are not closed with what is found
   * @throws UnreadableException when the partition table of one cannot be read
   */
  public static VolumeSet on(List<BlockSource> sources) {
    VolumeSet set = new VolumeSet(sources);
    List<Whole> wholes = new ArrayList<>();
    for (BlockSource source : sources) {
      wholes.add(Whole.of(source, PartitionTable.of(source)));
    }
    set.find(wholes);
    return set;
  }

  /** Looks at a single source whose partition table was read already. */
  public static VolumeSet on(BlockSource source, PartitionTable table) {
    VolumeSet set = new VolumeSet(List.of(source));
    set.find(List.of(Whole.of(source, table)));
    return set;
  }

  /** A source with its partitions; one that is not divided has none. */
  private record Whole(Part all, List<Part> partitions) {

    static Whole of(BlockSource source, PartitionTable table) {
      String name = source.describe().name();
      List<Part> parts = new ArrayList<>();
      for (Partition each : table.partitions()) {
        parts.add(new Part(name + "." + each.name(), each.of(source), each.start()));
      }
      boolean divided = table.kind() != PartitionTable.Kind.NONE;
      return new Whole(new Part(name, source, 0), divided ? parts : List.of());
    }

    /** What may hold something of its own. */
    List<Part> parts() {
      return partitions.isEmpty() ? List.of(all) : partitions;
    }
  }

  /** Arrays first, as arrays and groups may lie in them; what is a member holds nothing itself. */
  private void find(List<Whole> wholes) {
    List<Part> parts = new ArrayList<>();
    Map<String, Integer> named = new LinkedHashMap<>();
    List<Whole> rest = wholes;
    for (int depth = 0; depth < DEEPEST && !rest.isEmpty(); depth++) {
      rest = inside(rest, parts, named);
    }
    findGroups(parts);
  }

  /** Puts the arrays together that some sources are members of. @return what is in those */
  private List<Whole> inside(List<Whole> wholes, List<Part> parts, Map<String, Integer> named) {
    Map<String, List<MdMember>> arrays = new LinkedHashMap<>();
    for (Whole whole : wholes) {
      List<Part> own = new ArrayList<>();
      Set<String> there = new HashSet<>();
      for (Part part : whole.partitions) {
        Member member = member(part);
        member.facts.ifPresent(each -> there.add(each.terms().uuid()));
        member.facts.ifPresent(each -> note(each, arrays));
        if (!member.is) {
          own.add(part);
        }
      }
      Member member = member(whole.all);
      if (member.facts.isPresent()) {
        // the end of a disk may be that of its last partition, too
        if (there.contains(member.facts.get().terms().uuid())) {
          parts.addAll(own);
        } else {
          note(member.facts.get(), arrays);
        }
      } else if (whole.partitions.isEmpty()) {
        parts.addAll(member.is ? List.of() : whole.parts());
      } else { // what is damaged says nothing of partitions that lie elsewhere
        own.removeIf(part -> member.is && part.overlaps(member.start, member.length));
        parts.addAll(own);
      }
    }
    arrays.values().forEach(members -> named.merge(MdArray.name(members), 1, Integer::sum));
    List<Whole> found = new ArrayList<>();
    for (Map.Entry<String, List<MdMember>> each : arrays.entrySet()) {
      String name = MdArray.name(each.getValue());
      String key = named.get(name) == 1 ? name : name + ":" + each.getKey();
      InnerVolume array = MdArray.of(key, each.getValue(), sources, warnings);
      volumes.add(array);
      if (array.problem().isEmpty()) {
        BlockSource opened = array.open(() -> {});
        try {
          found.add(Whole.of(opened, PartitionTable.of(opened)));
        } catch (UnreadableException e) {
          warnings.add(
              "what is in array %s cannot be read: %s".formatted(array.name(), e.problem()));
        }
      }
    }
    return found;
  }

  /**
   * Whether something is a member of an array.
   *
   * @param facts what it says; nothing where that is damaged
   * @param start of what is damaged
   * @param length likewise
   */
  private record Member(boolean is, Optional<MdMember> facts, long start, long length) {}

  private static void note(MdMember member, Map<String, List<MdMember>> arrays) {
    arrays.computeIfAbsent(member.terms().uuid(), uuid -> new ArrayList<>()).add(member);
  }

  /** What is damaged counts as a member: what lies at its beginning may be the array's. */
  private Member member(Part part) {
    try {
      Optional<MdMember> facts = MdSuperblock.at(part.source, part.place, memory);
      return new Member(facts.isPresent(), facts, 0, 0);
    } catch (VolumeProblem e) {
      warnings.add(
          "the member %s of an array is not used: %s".formatted(part.place, e.getMessage()));
      return new Member(true, Optional.empty(), e.start(), e.length());
    } catch (UnreadableException e) {
      warnings.add(
          "whether %s is a member of an array cannot be read: %s"
              .formatted(part.place, e.problem()));
      return new Member(true, Optional.empty(), e.start(), e.length());
    }
  }

  private void findGroups(List<Part> parts) {
    Map<String, List<PhysicalVolume>> found = new LinkedHashMap<>();
    TextAllowance texts = new TextAllowance(memory);
    for (Part part : parts) {
      try {
        PhysicalVolume volume = PhysicalVolume.at(part.source, part.place, texts).orElse(null);
        if (volume != null) {
          found.computeIfAbsent(volume.id(), id -> new ArrayList<>()).add(volume);
          warnings.addAll(volume.warnings());
        }
      } catch (VolumeProblem e) {
        warnings.add("the LVM volume %s is not used: %s".formatted(part.place, e.getMessage()));
      } catch (UnreadableException e) {
        warnings.add(
            "whether %s is an LVM volume cannot be read: %s".formatted(part.place, e.problem()));
      }
    }
    Map<String, VolumeGroup> newest = new LinkedHashMap<>();
    for (ByteBuffer text : texts.texts()) {
      try {
        VolumeGroup group = VolumeGroup.read(text.array(), found, texts);
        VolumeGroup other = newest.get(group.id());
        if (other == null || other.sequence() < group.sequence()) {
          newest.put(group.id(), group);
        } else if (other.sequence() == group.sequence()) {
          warnings.add(
              "LVM group %s has two texts of one number (%d); the first is used"
                  .formatted(MetadataText.shown(group.name()), group.sequence()));
        }
      } catch (VolumeProblem e) {
        warnings.add("a text of an LVM group is not used: " + e.getMessage());
      }
    }
    if (texts.isSpent()) { // one that was left out may be newer than those that are read
      warnings.add("there are more texts of LVM groups than are read: no logical volume is listed");
      return;
    }
    Map<String, Integer> named = new LinkedHashMap<>();
    newest.values().forEach(group -> named.merge(group.name(), 1, Integer::sum));
    for (VolumeGroup group : newest.values()) {
      boolean alone = named.get(group.name()) == 1;
      String shown = MetadataText.shown(group.name());
      volumes.addAll(group.volumes(alone ? shown : shown + ":" + group.id(), sources));
      mapped.addAll(group.mapped());
    }
    for (List<PhysicalVolume> same : found.values()) {
      PhysicalVolume volume = same.get(0);
      if (volume.hasText() && newest.values().stream().noneMatch(group -> group.has(volume))) {
        warnings.add("the LVM volume %s is in none of the groups found".formatted(volume.place()));
      }
    }
  }

  /** What was found, group by group, in the order of their metadata. */
  public List<InnerVolume> volumes() {
    return List.copyOf(volumes);
  }

  /** One by its name, {@code GROUP/VOLUME}, or by that of the kernel's device mapper. */
  public Optional<InnerVolume> volume(String name) {
    return volumes.stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .or(() -> volumes.stream().filter(each -> each.deviceName().equals(name)).findFirst());
  }

  /** What is damaged or left out, as sentences. */
  public List<String> warnings() {
    List<String> told = new ArrayList<>(warnings);
    if (warnings.size() > TOLD) {
      told.subList(TOLD - 1, told.size()).clear();
      told.add("%d more of that kind".formatted(warnings.size() - told.size()));
    }
    List<String> first = mapped.subList(0, Math.min(TOLD, mapped.size()));
    if (!first.isEmpty() && isChanged(sources)) {
      told.add(
          "what %s lies on is in use, and may change meanwhile: read the kernel's /dev/%s instead"
              .formatted(String.join(", ", first), first.get(0)));
    }
    return told;
  }

  /** Whether something changes meanwhile. */
  static boolean isChanged(List<BlockSource> sources) {
    return sources.stream().anyMatch(each -> !MountedRanges.on(each).isEmpty());
  }
}
