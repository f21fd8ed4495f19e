package blksh.store;

import blksh.block.Extent;
import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a restore did.
 *
 * @param manifest what was restored
 * @param target where to
 * @param writtenBytes bytes written
 * @param skippedBytes bytes that needed no writing: holes, and what was there already
 * @param bad ranges that were unreadable when captured and so are missing, the first 1000
 * @param movedBytes bytes moved to and from another machine; 0 when the target is here
 * @param verified whether what was written was read back and compared
 * @param elapsed the whole time
 */
public record RestoreResult(
    Manifest manifest,
    String target,
    long writtenBytes,
    long skippedBytes,
    List<Extent> bad,
    long movedBytes,
    boolean verified,
    Duration elapsed)
    implements Figures {

  /** The same, which was read back. */
  RestoreResult readBack() {
    return new RestoreResult(
        manifest, target, writtenBytes, skippedBytes, bad, movedBytes, true, elapsed);
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("manifest", manifest.reference());
    figures.put("target", target);
    figures.put("size", manifest.size());
    figures.put("writtenBytes", writtenBytes);
    figures.put("skippedBytes", skippedBytes);
    if (movedBytes > 0) {
      figures.put("movedBytes", movedBytes);
    }
    figures.put("badRanges", bad.size());
    figures.put("verified", verified);
    return figures;
  }
}
