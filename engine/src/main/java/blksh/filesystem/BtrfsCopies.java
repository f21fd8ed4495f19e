package blksh.filesystem;

import blksh.BlkshException;
import java.util.ArrayList;
import java.util.List;

/** What a second copy has served for, as the first one was not right. */
final class BtrfsCopies {

  private long nodes;
  private BlkshException firstNode;
  private long sectors;
  private String firstSector;

  /**
   * @param problem what was wrong with the first copy
   */
  synchronized void nodeServed(BlkshException problem) {
    firstNode = nodes++ == 0 ? problem : firstNode;
  }

  /**
   * @param problem as above, a sentence
   */
  synchronized void sectorServed(String problem) {
    firstSector = sectors++ == 0 ? problem : firstSector;
  }

  /** All of it, a sentence each. */
  synchronized List<String> told() {
    List<String> told = new ArrayList<>();
    if (nodes > 0) {
      told.add(
          "a second copy served for %s: %s".formatted(count(nodes, "node"), firstNode.problem()));
    }
    if (sectors > 0) {
      told.add(
          "a second copy served for %s of data: %s"
              .formatted(count(sectors, "sector"), firstSector));
    }
    return told;
  }

  private static String count(long count, String what) {
    return count == 1 ? "a " + what : "%d %ss".formatted(count, what);
  }
}
