package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PartFile.Durability;
import blksh.io.WholeFile;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Path;
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
   * Takes back what was put onto a disc by hand, and plans anew.
   *
   * @param path as it was given; null for what was put somewhere last
   * @throws BlkshException when nothing was said of it
   */
  public DiscSet unassign(byte[] path, boolean dryRun, Task task) {
    String action = "take back where " + (path == null ? "something" : NameText.of(path)) + " goes";
    return catalogue.alone(
        action,
        () ->
            new DiscPlanning(catalogue, planned(action), task)
                .run(
                    dryRun,
                    () -> {
                      byte[] which = path;
                      if (which == null) {
                        which =
                            Assignments.all(file).stream()
                                .max(Comparator.comparingLong(Assignment::id))
                                .map(Assignment::path)
                                .orElse(null);
                      }
                      if (which == null || !Assignments.remove(file, which)) {
                        throw new BlkshException(action, "nothing was put anywhere by hand");
                      }
                    }));
  }

  private SegmentOptions planned(String action) {
    SegmentOptions options = PlanTable.last(file);
    if (options == null) {
      throw new BlkshException(action, "no discs are planned").suggest("plan some with segment");
    }
    return options;
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
