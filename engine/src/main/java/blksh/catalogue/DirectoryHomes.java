package blksh.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToIntFunction;

/**
 * On which discs directories go as a whole: with all below them where one disc has room for that,
 * or else with their own files. Directories come in the order of a walk.
 */
final class DirectoryHomes {

  private final SubtreeSectors sizes;
  private final LongToIntFunction homeFor;
  private final List<Frame> stack = new ArrayList<>();

  /** A directory of the walk. @param home the disc all of it goes to, or -1 */
  private record Frame(long id, int home, int filesHome) {}

  /**
   * @param homeFor the disc with room for so many sectors; -1 when there is none
   */
  DirectoryHomes(SubtreeSectors sizes, LongToIntFunction homeFor) {
    this.sizes = sizes;
    this.homeFor = homeFor;
  }

  /** The disc that what is in a directory goes to; -1 when that is to be seen file by file. */
  int of(DirectoryLevel level) {
    Frame frame =
        !stack.isEmpty() && stack.get(stack.size() - 1).id == level.id()
            ? stack.get(stack.size() - 1)
            : enter(level);
    return frame.home >= 0 ? frame.home : frame.filesHome;
  }

  private Frame enter(DirectoryLevel level) {
    List<DirectoryLevel> chain = new ArrayList<>();
    for (DirectoryLevel each = level; each != null; each = each.above()) {
      chain.add(0, each);
    }
    int same = 0;
    while (same < stack.size()
        && same < chain.size()
        && stack.get(same).id == chain.get(same).id()) {
      same++;
    }
    while (stack.size() > same) {
      stack.remove(stack.size() - 1);
    }
    for (int i = same; i < chain.size(); i++) {
      int home = i > 0 ? stack.get(i - 1).home : -1;
      int filesHome = -1;
      if (home < 0) {
        home = homeFor.applyAsInt(sizes.below(chain.get(i).id()));
      }
      if (home < 0) {
        filesHome = homeFor.applyAsInt(sizes.in(chain.get(i).id()));
      }
      stack.add(new Frame(chain.get(i).id(), home, filesHome));
    }
    return stack.get(stack.size() - 1);
  }
}
