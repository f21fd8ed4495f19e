package blksh.image;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a restore did.
 *
 * @param target where to
 * @param size bytes of the partition
 * @param writtenBytes bytes written, each proven where the image has checksums
 * @param skippedBytes bytes that are free: left as they were on a drive, holes in a file
 * @param elapsed the whole time
 */
public record ImageRestoreResult(
    String target, long size, long writtenBytes, long skippedBytes, Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("target", target);
    figures.put("size", size);
    figures.put("writtenBytes", writtenBytes);
    figures.put("skippedBytes", skippedBytes);
    return figures;
  }
}
