package blksh.catalogue;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What another catalogue added.
 *
 * @param version of its format, 1 or 2
 * @param contents that it names
 * @param names of these
 * @param fresh contents that were not known before
 * @param bytes of all its contents
 * @param discs that its contents are on, as it says
 * @param gone names that an earlier save of it had and it has not
 */
public record MergeReport(
    String job,
    int version,
    long contents,
    long names,
    long fresh,
    long bytes,
    int discs,
    long gone)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("contents", contents);
    figures.put("names", names);
    figures.put("newContents", fresh);
    figures.put("bytes", bytes);
    figures.put("discs", discs);
    return figures;
  }
}
