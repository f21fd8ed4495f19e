package blksh.retention;

import java.util.List;

/**
 * Which of dated things stay.
 *
 * @param keepLast how many of the newest stay, 1 or more
 */
public record Policy(int keepLast) {

  public Policy {
    if (keepLast < 1) {
      throw new IllegalArgumentException("keep the last " + keepLast);
    }
  }

  /**
   * Those of a list that go.
   *
   * @param all what there is, oldest first; nothing that could turn out to be of no use, as it
   *     would be kept in the place of another
   */
  public <T> List<T> expendable(List<T> all) {
    return all.subList(0, Math.max(0, all.size() - keepLast));
  }
}
