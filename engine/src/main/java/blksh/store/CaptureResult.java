package blksh.store;

import blksh.block.Extent;
import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a capture did.
 *
 * @param manifest what was written; of a dry run, what would have been, with version 0
 * @param bad unreadable ranges of the source in bytes, the first 1000
 * @param readBytes bytes read from the source
 * @param movedBytes bytes that came from another machine, as they were moved; 0 when the source is
 *     at hand
 * @param elapsed the whole time
 * @param dryRun whether nothing was written; new pages are then at most what is said
 */
public record CaptureResult(
    Manifest manifest,
    List<Extent> bad,
    long readBytes,
    long movedBytes,
    Duration elapsed,
    boolean dryRun)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("manifest", manifest.reference());
    figures.put("size", manifest.size());
    figures.put("readBytes", readBytes);
    figures.put("movedBytes", movedBytes);
    figures.put("dataBytes", manifest.figures().dataBytes());
    figures.put("zeroBytes", manifest.figures().zeroBytes());
    figures.put("freeBytes", manifest.figures().freeBytes());
    figures.put("badBytes", manifest.figures().badBytes());
    figures.put("newPages", manifest.figures().newPages());
    figures.put("newBytes", manifest.figures().newBytes());
    figures.put("storedBytes", manifest.figures().storedBytes());
    figures.put("dryRun", dryRun);
    return figures;
  }
}
