package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.MappedSource;
import blksh.block.SourceInfo;
import blksh.block.UnkeptSource;
import blksh.io.IoFailure;
import blksh.volume.GroupBackup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What Clonezilla keeps of partitions that are physical volumes of LVM: an image of each logical
 * volume, {@code lvm_vg_dev.list}, and of each group the text that vgcfgbackup wrote. Volumes that
 * lie on the partitions themselves are put back, linear or striped; of snapshots, thin volumes and
 * mirrors it is told that they are not.
 */
final class ClonezillaVolumes {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9+_.][A-Za-z0-9+_.-]*");
  private static final String LIST = "lvm_vg_dev.list";
  private static final int PAGE = 4096;

  private final ClonezillaSet set;
  private final ImageOptions options;
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final Map<String, GroupBackup> groups = new HashMap<>();

  /** Why the text of a group cannot be used. */
  private final Map<String, String> unusable = new HashMap<>();

  private final GroupBackup.Memory memory = new GroupBackup.Memory();
  private final Set<String> put = new HashSet<>();

  /** Images that two volumes would come from. */
  private final Set<String> doubtful = new HashSet<>();

  /** Volumes of which it was told that they are not put back. */
  private final Set<String> told = new HashSet<>();

  private record Place(String group, String id) {}

  /** Takes what lies on a drive. */
  interface Taker {
    /**
     * @param start bytes from the beginning of the drive
     */
    void take(String name, long start, BlockSource source);
  }

  private ClonezillaVolumes(ClonezillaSet set, ImageOptions options) {
    this.set = set;
    this.options = options;
  }

  /** Reads what a set tells of them; nothing when it tells of none. */
  static ClonezillaVolumes read(ClonezillaSet set, ImageOptions options) throws IOException {
    ClonezillaVolumes volumes = new ClonezillaVolumes(set, options);
    for (String line : ClonezillaSet.lines(set.directory().resolve(LIST))) {
      String[] words = line.strip().split("\\s+");
      if (words.length == 3 && words[1].startsWith("/dev/") && NAME.matcher(words[0]).matches()) {
        volumes.places.put(words[1].substring(5), new Place(words[0], words[2]));
      }
    }
    for (Place place : volumes.places.values()) {
      volumes.group(place.group());
    }
    Map<String, String> names = new HashMap<>();
    for (GroupBackup group : volumes.groups.values()) {
      for (GroupBackup.Volume volume : group.volumes()) {
        String name = group.name() + "-" + volume.name();
        if (volume.shown() && names.put(name, group.name()) != null) {
          volumes.doubtful.add(name);
        }
      }
    }
    return volumes;
  }

  /** The text of a group, unless the set has none. One that cannot be used is told where it is. */
  private void group(String name) throws IOException {
    Path file = set.directory().resolve("lvm_" + name + ".conf");
    if (groups.containsKey(name) || unusable.containsKey(name) || !Files.isRegularFile(file)) {
      return;
    }
    if (Files.size(file) > ClonezillaSet.LARGEST_TEXT) {
      unusable.put(name, "%s has %d bytes".formatted(file.getFileName(), Files.size(file)));
      return;
    }
    try {
      byte[] text = Files.readAllBytes(file);
      GroupBackup group = GroupBackup.read(text, file.getFileName().toString(), memory);
      if (group.name().equals(name)) {
        groups.put(name, group);
      } else {
        unusable.put(name, file.getFileName() + " is of the group " + group.name());
      }
    } catch (BlkshException e) {
      unusable.put(name, file.getFileName() + " cannot be used: " + e.problem());
    }
  }

  /** Whether a partition is a physical volume whose group the set tells of. */
  boolean hold(String partition) {
    Place place = places.get(partition);
    return place != null
        && (groups.containsKey(place.group()) || unusable.containsKey(place.group()));
  }

  /** Bytes that the physical volume on a partition, or on a drive, had. */
  long size(String partition) {
    return physical(partition, Long.MAX_VALUE).size();
  }

  /**
   * @throws BlkshException when what the set tells of it is not to be used
   */
  private GroupBackup.Physical physical(String partition, long length) {
    Place place = places.get(partition);
    if (unusable.containsKey(place.group())) {
      throw refused(partition, unusable.get(place.group()));
    }
    if (places.values().stream().filter(each -> each.id().equals(place.id())).count() > 1) {
      throw refused(partition, "two partitions are the physical volume " + place.id());
    }
    GroupBackup.Physical physical =
        groups
            .get(place.group())
            .physical(place.id())
            .orElseThrow(
                () ->
                    refused(
                        partition,
                        "lvm_%s.conf has no physical volume %s"
                            .formatted(place.group(), place.id())));
    if (physical.size() > length) {
      throw refused(
          partition,
          "it has %d bytes, and its physical volume had %d".formatted(length, physical.size()));
    }
    return physical;
  }

  /**
   * Puts together what lies on a partition.
   *
   * @param partition a whole drive, too
   * @param exact whether what is not kept cannot be read, rather than being free
   * @param taker given each piece, which it closes
   * @param missing takes what is not put back, as sentences
   */
  void put(ClonezillaTable.Entry partition, boolean exact, Taker taker, List<String> missing) {
    String on = partition.name();
    if (!put.add(on)) {
      throw refused(on, "the table has it twice");
    }
    GroupBackup.Physical physical;
    try {
      physical = physical(on, partition.length());
    } catch (BlkshException e) {
      missing.add("nothing of %s is restored: %s".formatted(on, e.problem()));
      if (exact) {
        UnkeptSource unkept = UnkeptSource.missing(on, partition.length(), e.problem());
        taker.take(on, partition.start(), unkept);
      }
      return;
    }
    Taker here = (name, start, source) -> taker.take(name, partition.start() + start, source);
    GroupBackup group = groups.get(places.get(on).group());
    here.take(on, 0, new ByteArraySource(on, physical.head()));
    here.take(on, physical.head().length, new ByteArraySource(on, group.stored()));
    for (GroupBackup.Volume volume : group.volumes()) {
      List<GroupBackup.Area> areas =
          physical.areas().stream().filter(area -> area.volume().equals(volume.name())).toList();
      String name = group.name() + "-" + volume.name();
      String path = group.name() + "/" + volume.name();
      String problem = volume.problem() != null ? volume.problem() : problem(volume, name);
      if (problem != null) {
        boolean elsewhere = areas.isEmpty() && group.lies(volume.name(), id -> false);
        if (volume.shown() && !elsewhere && told.add(path)) {
          missing.add("of the logical volume %s nothing is restored: %s".formatted(path, problem));
        }
        areas.forEach(area -> leave(area, name, problem, exact, here));
      } else if (!areas.isEmpty()) {
        if (group.lies(volume.name(), this::isHere) && told.add(path)) {
          missing.add(
              "of the logical volume %s a part is not restored: it lies on what the set does not have"
                  .formatted(path));
        }
        put(volume, areas, name, here);
      }
    }
  }

  private boolean isHere(String id) {
    return places.values().stream().anyMatch(place -> place.id().equals(id));
  }

  /** Why nothing of a volume can be put back, or null. */
  private String problem(GroupBackup.Volume volume, String name) {
    if (!volume.shown()) {
      return "it serves other volumes";
    }
    if (doubtful.contains(name)) {
      return "two volumes have images of the name " + name;
    }
    ClonezillaSet.Member member = set.member(name).orElse(null);
    if (member == null && set.members().stream().anyMatch(each -> isOneOfTwo(each, name))) {
      return "there are two images of it";
    }
    return member == null || !member.hasImage() && !member.fileSystem().equals("swap")
        ? "the set keeps no image of it"
        : null;
  }

  /** Of two images of one volume each goes by the name of its file. */
  private static boolean isOneOfTwo(ClonezillaSet.Member member, String name) {
    return member.hasImage()
        && member.name().startsWith(name + ".")
        && member.name().equals(member.file().getFileName().toString());
  }

  /** Nothing old is to be taken for the beginning of what is not put back. */
  private static void leave(
      GroupBackup.Area area, String name, String problem, boolean exact, Taker taker) {
    if (exact) {
      taker.take(name, area.start(), UnkeptSource.missing(name, area.length(), problem));
    } else if (area.first() == 0) {
      byte[] zeros = new byte[(int) Math.min(PAGE, area.length())];
      taker.take(name, area.start(), new ByteArraySource(name, zeros));
    }
  }

  private void put(
      GroupBackup.Volume volume, List<GroupBackup.Area> areas, String name, Taker taker) {
    ClonezillaSet.Member member = set.member(name).orElseThrow();
    BlockSource content = member.hasImage() ? member.open(options) : swap(name).over(volume.size());
    boolean given = false;
    try {
      if (content.size() > volume.size()) {
        throw new BlkshException(
            "put " + name + " back",
            "its image has %d bytes, and the volume %d".formatted(content.size(), volume.size()));
      }
      GroupBackup.Area only = areas.get(0);
      if (areas.size() == 1 && only.stripes() == 1 && only.length() == volume.size()) {
        given = true;
        taker.take(name, only.start(), content);
        return;
      }
      BlockSource rest = UnkeptSource.free(name, volume.size());
      for (GroupBackup.Area area : areas) {
        Runnable closing = given ? () -> {} : content::close;
        given = true;
        taker.take(name, area.start(), part(area, content, rest, closing));
      }
    } finally {
      if (!given) {
        content.close();
      }
    }
  }

  private SavedSwap swap(String name) {
    try {
      return SavedSwap.read(set.directory(), name);
    } catch (IOException e) {
      throw IoFailure.told("read swappt-" + name + ".info", e);
    }
  }

  /** What an area has of a volume, whose image may be shorter than it. */
  private static BlockSource part(
      GroupBackup.Area area, BlockSource content, BlockSource rest, Runnable closing) {
    MappedSource.Layout layout =
        position -> {
          long inside = area.inside(position);
          long together = area.together(position);
          return inside < content.size()
              ? new MappedSource.Piece(content, inside, Math.min(together, content.size() - inside))
              : new MappedSource.Piece(rest, inside, together);
        };
    SourceInfo info = content.describe();
    return new MappedSource(info, area.length(), List.of(content), layout, closing);
  }

  private BlkshException refused(String partition, String problem) {
    return new BlkshException(
        "put %s of %s together".formatted(partition, set.directory()), problem);
  }
}
