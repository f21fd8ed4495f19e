package blksh.catalogue;

import blksh.block.BlockSource;
import blksh.block.SliceSource;
import blksh.iso.DiscPlan;
import blksh.parity.CombinedSource;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Discs that are not here, or not whole, as they come from others of their set and parity discs.
 */
final class RebuiltDiscs {

  private final Map<Long, BlockSource> rebuilt = new HashMap<>();

  /**
   * @param open the discs that are here
   */
  RebuiltDiscs(Catalogue catalogue, OpenDiscs open, Task task) {
    // By how many rows there are and the numbers of the discs: those of another code do not mix.
    List<List<Long>> groups = new ArrayList<>();
    Map<List<Long>, List<Long>> parityDiscs = new HashMap<>();
    for (long each : ParityGroup.written(catalogue.file())) {
      if (open.get(each) == null) {
        continue;
      }
      ParityGroup group = ParityGroup.of(catalogue.file(), each);
      List<Long> members = new ArrayList<>(List.of((long) group.rows()));
      group.members().forEach(member -> members.add(member.id()));
      if (!parityDiscs.containsKey(members)) {
        groups.add(members);
      }
      parityDiscs.computeIfAbsent(members, none -> new ArrayList<>()).add(each);
    }
    for (List<Long> each : groups) {
      add(catalogue, open, parityDiscs.get(each), task);
    }
  }

  private void add(Catalogue catalogue, OpenDiscs open, List<Long> parityDiscs, Task task) {
    ParityGroup group = ParityGroup.of(catalogue.file(), parityDiscs.get(0));
    List<BlockSource> rows = new ArrayList<>();
    for (int i = 0; i < group.rows(); i++) {
      rows.add(null);
    }
    for (long each : parityDiscs) {
      rows.set(
          ParityGroup.of(catalogue.file(), each).row(), parity(catalogue, open, each, group, task));
    }
    List<BlockSource> data = new ArrayList<>();
    for (Disc each : group.members()) {
      data.add(image(open, each));
    }
    for (int i = 0; i < data.size(); i++) {
      BlockSource here = data.get(i);
      Disc disc = group.members().get(i);
      // One that is here may be damaged: then it counts as lost, when there are enough others.
      data.set(i, null);
      BlockSource made = CombinedSource.lost(disc.name(), group.code(), i, disc.size(), data, rows);
      data.set(i, here);
      if (made != null) {
        rebuilt.put(disc.id(), made);
      }
    }
  }

  /** What is on a disc, and nothing of what a drive has behind; null when it is not here. */
  private static BlockSource image(OpenDiscs open, Disc disc) {
    for (BlockSource each : best(open, disc.id())) {
      if (each.size() >= disc.size()) {
        return new SliceSource(each, 0, disc.size());
      }
    }
    return null;
  }

  /** Copies of a disc that are here, those that put themselves right alone when there are any. */
  private static List<BlockSource> best(OpenDiscs open, long disc) {
    List<BlockSource> repaired = open.repaired(disc);
    return repaired.isEmpty() ? open.copies(disc) : repaired;
  }

  private static BlockSource parity(
      Catalogue catalogue, OpenDiscs open, long disc, ParityGroup group, Task task) {
    DiscPlan plan =
        new DiscLayout(catalogue, DiscSetTable.planned(catalogue.file(), disc), task).plan();
    long[] place = new long[1];
    plan.contents(
        (content, position, path) -> {
          if (content.id() == DiscContentIds.PARITY) {
            place[0] = position;
          }
        });
    for (BlockSource each : best(open, disc)) {
      if (each.size() >= place[0] + group.bytes()) {
        return new SliceSource(each, place[0], group.bytes());
      }
    }
    return null;
  }

  /** A disc as it was; null when too few of the others are here. */
  BlockSource get(long disc) {
    return rebuilt.get(disc);
  }
}
