package blksh.iso;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the writing of an image came to.
 *
 * @param bytes of the image
 * @param contents how many were written, each once
 * @param faults what is wrong with contents, in the order of the disc, the first 1,000; all of them
 *     went to {@link DiscContents#written}
 * @param faultCount how many there are
 */
public record DiscReport(long bytes, long contents, List<DiscFault> faults, long faultCount)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("bytes", bytes);
    figures.put("contents", contents);
    figures.put("faults", faultCount);
    return figures;
  }
}
