package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PartFile.Durability;
import blksh.io.WholeFile;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The plan of the set of discs that is gone on with, and what was put onto its discs by hand. */
public final class Plan {

  private final Catalogue catalogue;
  private final CatalogueFile file;

  Plan(Catalogue catalogue) {
    this.catalogue = catalogue;
    this.file = catalogue.file();
  }

  /**
   * Puts files, or directories with all below them, onto a disc that is not written, and plans all
   * else anew around them, as it was planned last. Later plans of the set keep to that.
   *
   * @param paths in the one tree of all sources
   * @param disc its number in the set, at most one more than there are
   * @param dryRun whether the plan is only told, and that before it stays
   * @throws BlkshException when it is written, has no room for that, or nothing is there under a
   *     path; then all is as it was
   */
  public DiscSet assign(List<byte[]> paths, int disc, boolean dryRun, Task task) {
    String action = "put something onto disc " + disc;
    return catalogue.alone(
        action,
        () -> {
          DiscSetTable.settle(file);
          DiscPlanning planning = new DiscPlanning(catalogue, planned(action), task);
          List<Disc> discs = catalogue.discSet().discs();
          if (disc < 1 || disc > discs.size() + 1) {
            throw new BlkshException(action, "there are 1 to " + discs.size())
                .suggest("one more is " + (discs.size() + 1));
          }
          if (disc <= discs.size() && discs.get(disc - 1).written() != null) {
            throw new BlkshException(
                action, "%s is written, and stays as it is".formatted(discs.get(disc - 1).name()));
          }
          Assignments assignments = new Assignments(catalogue);
          return planning.run(
              dryRun,
              () -> {
                for (byte[] each : paths) {
                  assignments.add(each, disc);
                }
              });
        });
  }

  /**
   * Takes back what was put onto a disc by hand, and plans anew. It is taken back also where no
   * plan can be made, as of others that do not fit any more: then the plan before stays.
   *
   * @param path as it was given; null for what was put somewhere last
   * @throws BlkshException when nothing was said of it, or no plan can be made
   */
  public DiscSet unassign(byte[] path, boolean dryRun, Task task) {
    String action = "take back where " + (path == null ? "something" : NameText.of(path)) + " goes";
    return catalogue.alone(
        action,
        () -> {
          byte[] which =
              assignments().stream()
                  .filter(each -> path == null || Arrays.equals(each.path(), path))
                  .max(Comparator.comparingLong(Assignment::id))
                  .map(Assignment::path)
                  .orElseThrow(
                      () -> new BlkshException(action, "nothing was put anywhere by hand"));
          DiscPlanning planning = new DiscPlanning(catalogue, planned(action), task);
          try {
            return planning.run(dryRun, () -> Assignments.remove(file, which));
          } catch (CancelledException e) {
            throw e;
          } catch (BlkshException e) {
            if (dryRun) {
              throw e;
            }
            file.whole(action, () -> Assignments.remove(file, which));
            throw new BlkshException(
                action, "it is taken back, and no plan can be made: " + e.getMessage(), e);
          }
        });
  }

  private SegmentOptions planned(String action) {
    SegmentOptions options = PlanTable.last(file);
    if (options == null) {
      throw new BlkshException(action, "no discs are planned").suggest("plan some with segment");
    }
    // Another plan is another plan: by its time a disc tells which it is of.
    return options.at(Instant.now());
  }

  /** What was put onto discs by hand, by the number of the disc. */
  public List<Assignment> assignments() {
    return file.call("list what was put by hand", () -> Assignments.all(file));
  }

  /**
   * Writes the plan as JSON: the set, its discs, and what is on each.
   *
   * @param to a file, which is replaced as a whole
   */
  public void export(Path to, Task task) {
    try {
      WholeFile.replace(to, Durability.DURABLE, out -> PlanJson.write(catalogue, out, task));
    } catch (IOException e) {
      throw IoFailure.told("write " + to, e);
    }
  }
}
