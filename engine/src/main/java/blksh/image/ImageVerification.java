package blksh.image;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a verification found.
 *
 * @param format of the image
 * @param checksum how its data is proven, or {@code "none"}: then it was only read
 * @param groups checksum groups there are
 * @param badGroups groups, or parts without a checksum, that failed
 * @param readBytes bytes of stored data read
 * @param bad those that failed, in order, the first {@value #LISTED}
 * @param warnings what is odd but not wrong
 * @param elapsed the whole time
 */
public record ImageVerification(
    String format,
    String checksum,
    long groups,
    long badGroups,
    long readBytes,
    List<BadGroup> bad,
    List<String> warnings,
    Duration elapsed)
    implements Figures {

  /** The most bad groups a report lists. */
  public static final int LISTED = 100_000;

  public ImageVerification {
    bad = List.copyOf(bad);
    warnings = List.copyOf(warnings);
  }

  /** Whether nothing failed. */
  public boolean clean() {
    return badGroups == 0;
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("format", format);
    figures.put("checksum", checksum);
    figures.put("groups", groups);
    figures.put("badGroups", badGroups);
    figures.put("readBytes", readBytes);
    return figures;
  }
}
