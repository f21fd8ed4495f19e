package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.block.SourceInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An array of Linux' MD (md(4)), put together from those members that are there and up to date:
 * RAID 0, 1, 4, 5, 6, 10 and linear. A member that was left behind, or is being rebuilt, is not
 * used, and told.
 */
final class MdArray {

  private static final int MOST_WITH_PARITY = 128;

  private final MdMember.Terms terms;

  /** By their roles; null where none is there. */
  private final MdMember[] members;

  private final List<BlockSource> sources;
  private final long used;
  private final BlockSource[] data;
  private final SourceInfo info;

  private MdArray(String key, MdMember.Terms terms, MdMember[] members, List<BlockSource> sources)
      throws VolumeProblem {
    this.terms = terms;
    this.members = members;
    this.sources = sources;
    info = new SourceInfo(words(terms) + " in", key, sources.get(0).describe().location());
    VolumeProblem.unless(terms.problem().isEmpty(), "%s", terms.problem());
    used = terms.level() <= 0 ? 0 : terms.size();
    data = new BlockSource[members.length];
    for (int i = 0; i < members.length; i++) {
      MdMember member = members[i];
      if (member != null) {
        long length = terms.level() <= 0 ? member.length() : used;
        VolumeProblem.unless(
            member.start() <= member.source().size()
                && length <= member.source().size() - member.start(),
            "it ends at byte %d of %s, which has %d",
            member.start() + length,
            member.place(),
            member.source().size());
        data[i] = member.data(length);
      }
    }
  }

  /**
   * Puts together the array of some members.
   *
   * @param key what it is called
   * @param all that say that they are of one array, at least one
   * @param warnings takes what is not used, as sentences
   */
  static InnerVolume of(
      String key, List<MdMember> all, List<BlockSource> sources, List<String> warnings) {
    MdMember newest = newest(all);
    MdMember.Terms terms = newest.terms();
    String words = words(terms);
    long size = 0;
    try {
      VolumeProblem.unless(
          terms.members() > 0 && terms.members() <= MdSuperblock.MOST_MEMBERS,
          "its superblock makes no sense");
      MdArray array = new MdArray(key, terms, placed(key, all, newest, warnings), sources);
      size = array.size();
      String layout = words + ", " + array.present();
      VolumeProblem.unless(size > 0, "it has no size");
      if (!terms.synced() && (terms.level() == 1 || terms.level() == 10)) {
        warnings.add(
            "array %s: its copies were not known to agree, only the first there is read"
                .formatted(key));
      }
      return InnerVolume.of(facts(key, terms, layout, size, sources), array.layout());
    } catch (VolumeProblem e) {
      return InnerVolume.refused(facts(key, terms, words, size, sources), e.getMessage(), null);
    }
  }

  private static InnerVolume.Facts facts(
      String key, MdMember.Terms terms, String layout, long size, List<BlockSource> sources) {
    return new InnerVolume.Facts(
        key, key.replace(':', '-'), "array", layout, terms.uuid(), size, sources);
  }

  private static MdMember newest(List<MdMember> all) {
    return all.stream().max(Comparator.comparingLong(MdMember::events)).orElseThrow();
  }

  /** What the array of some members is called, unless another is called the same. */
  static String name(List<MdMember> all) {
    MdMember.Terms terms = newest(all).terms();
    return "md:" + (terms.name().isEmpty() ? terms.uuid().substring(0, 8) : terms.name());
  }

  private static String words(MdMember.Terms terms) {
    return terms.level() == -1 ? "linear" : "RAID" + terms.level();
  }

  /** The members by their roles, as the newest of them tells these. */
  private static MdMember[] placed(
      String key, List<MdMember> all, MdMember newest, List<String> warnings) throws VolumeProblem {
    MdMember[] placed = new MdMember[newest.terms().members()];
    for (MdMember each : all) {
      int number = each.number();
      int role = number < 0 || number >= newest.roles().length ? -1 : newest.roles()[number];
      String unused =
          // the kernel lets a member that is one event behind take part, too
          each.events() + 1 < newest.events()
              ? "was left behind: its superblock counts %d events, and the newest %d"
                  .formatted(each.events(), newest.events())
              : role < 0 || role >= placed.length
                  ? "is a spare, or failed"
                  : each.rebuilt() ? "" : "was being rebuilt";
      if (!unused.isEmpty()) {
        warnings.add("%s %s: it is not used in array %s".formatted(each.place(), unused, key));
        continue;
      }
      if (placed[role] != null) {
        throw new VolumeProblem(
            "its member %d is there more than once: %s, %s"
                .formatted(role, placed[role].place(), each.place()));
      }
      placed[role] = each;
    }
    return placed;
  }

  private String present() {
    long there = IntStream.range(0, members.length).filter(i -> members[i] != null).count();
    return "%d of %d members".formatted(there, members.length);
  }

  private List<Integer> missing() {
    return IntStream.range(0, members.length).filter(i -> members[i] == null).boxed().toList();
  }

  private void needAll() throws VolumeProblem {
    VolumeProblem.unless(
        missing().isEmpty(),
        "its members %s are missing",
        missing().stream().map(String::valueOf).collect(Collectors.joining(", ")));
  }

  private long size() throws VolumeProblem {
    long chunk = terms.chunk();
    int level = terms.level();
    if (level != 1 && level != -1) {
      VolumeProblem.unless(
          chunk > 0 && chunk % MdSuperblock.SECTOR == 0, "its chunks have %d bytes", chunk);
    }
    return switch (level) {
      case -1, 0 -> {
        needAll();
        long sum = 0;
        for (MdMember each : members) {
          sum = Math.addExact(sum, chunk == 0 ? each.length() : each.length() / chunk * chunk);
        }
        yield sum;
      }
      case 1 -> used;
      case 4, 5 -> times(used / chunk * chunk, members.length - 1);
      case 6 -> times(used / chunk * chunk, members.length - 2);
      case 10 -> {
        new MdStripes10(terms, used);
        yield MdStripes10.size(terms, used);
      }
      default -> throw new VolumeProblem("it is of level %d, which is not read".formatted(level));
    };
  }

  private static long times(long bytes, long count) throws VolumeProblem {
    VolumeProblem.unless(
        count > 0 && bytes <= (MdSuperblock.MOST_SECTORS << 9) / count,
        "its superblock makes no sense");
    return bytes * count;
  }

  private Layout layout() throws VolumeProblem {
    return switch (terms.level()) {
      case -1 -> linear();
      case 0 -> striped();
      case 1 -> mirrored();
      case 10 -> new MdStripes10(terms, used).layout(data, terms.synced(), info);
      default -> parity();
    };
  }

  private Layout linear() {
    List<Layouts.Segment> segments = new ArrayList<>();
    long at = 0;
    for (BlockSource each : data) {
      long chunk = Math.max(1, terms.chunk());
      long length = each.size() / chunk * chunk;
      if (length > 0) {
        segments.add(new Layouts.Segment(at, length, Layouts.range(each, 0, length)));
      }
      at += length;
    }
    return Layouts.inOrder(segments);
  }

  /**
   * Stripes over all members, and where some are longer than others, behind that over those that
   * are: which of them begins there differs between old kernels and new ones, and is noted.
   */
  private Layout striped() throws VolumeProblem {
    long chunk = terms.chunk();
    long[] lengths = new long[data.length];
    for (int i = 0; i < data.length; i++) {
      lengths[i] = data[i].size() / chunk * chunk;
    }
    long[] steps = Arrays.stream(lengths).filter(each -> each > 0).sorted().distinct().toArray();
    VolumeProblem.unless(
        steps.length <= 1 || terms.layout() == 1 || terms.layout() == 2,
        "its members differ in size, and it is not noted how it is laid out then");
    List<Layouts.Segment> zones = new ArrayList<>();
    long begin = 0;
    long before = 0;
    for (long step : steps) {
      List<BlockSource> longer = new ArrayList<>();
      for (int i = 0; i < data.length; i++) {
        if (lengths[i] > before) {
          longer.add(data[i]);
        }
      }
      long length = (step - before) * longer.size();
      zones.add(new Layouts.Segment(begin, length, zone(longer, before, begin)));
      begin += length;
      before = step;
    }
    VolumeProblem.unless(!zones.isEmpty(), "it has no size");
    return Layouts.inOrder(zones);
  }

  private Layout zone(List<BlockSource> members, long from, long begin) {
    long chunk = terms.chunk();
    long turn = terms.layout() == 1 ? begin / chunk : 0; // counted from the array's beginning
    int count = members.size();
    return position -> {
      long number = position / chunk;
      long inside = position % chunk;
      BlockSource member = members.get((int) ((number + turn) % count));
      return new Piece(member, from + number / count * chunk + inside, chunk - inside);
    };
  }

  private Layout mirrored() throws VolumeProblem {
    List<Piece> copies = new ArrayList<>();
    for (BlockSource each : data) {
      if (each != null && (terms.synced() || copies.isEmpty())) {
        copies.add(new Piece(each, 0, used));
      }
    }
    VolumeProblem.unless(!copies.isEmpty(), "none of its members can be used");
    BlockSource all = new Copies(info, copies);
    return Layouts.range(all, 0, used);
  }

  /** Each member has what all others add up to, in RAID6 without those that hold its other code. */
  private Layout parity() throws VolumeProblem {
    MdStripes5 stripes = new MdStripes5(terms);
    VolumeProblem.unless(
        members.length <= MOST_WITH_PARITY,
        "it has %d members, and %d are read",
        members.length,
        MOST_WITH_PARITY);
    List<Integer> missing = missing();
    VolumeProblem.unless(
        missing.size() <= 1, "%d of its %d members are missing", missing.size(), members.length);
    VolumeProblem.unless(
        missing.isEmpty() || terms.synced(),
        "a member is missing, and its parity may be older than its data");
    return stripes.layout(data, terms.synced(), used, info);
  }
}
