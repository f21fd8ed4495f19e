package blksh.catalogue;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a restore from discs made.
 *
 * @param entries that were made
 * @param bytes of their contents
 * @param there files that were there already, as they should be
 * @param lost files whose contents no disc that was given has, or has as they were
 * @param lostBytes of these
 * @param missingDiscs names of the discs that would have had some of them
 * @param problemCount what could not be made as it was, the lost among them
 * @param problems the first of it, a sentence each
 */
public record RestoreReport(
    long entries,
    long bytes,
    long there,
    long lost,
    long lostBytes,
    List<String> missingDiscs,
    long problemCount,
    List<String> problems)
    implements Figures {

  public RestoreReport {
    missingDiscs = List.copyOf(missingDiscs);
    problems = List.copyOf(problems);
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("entries", entries);
    figures.put("bytes", bytes);
    figures.put("lost", lost);
    figures.put("problems", problemCount);
    return figures;
  }
}
