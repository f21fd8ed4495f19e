package blksh.catalogue;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a scan found.
 *
 * @param scan its number
 * @param entries that are there, directories, links and the like among them
 * @param files regular files among them
 * @param bytes of these, hard links once for each name
 * @param read files that were read
 * @param readBytes what that took
 * @param gone entries that are no more, or are another now
 * @param problemCount entries that could not be read, or changed while they were
 * @param problems the first of these, a sentence each
 */
public record ScanReport(
    long scan,
    long entries,
    long files,
    long bytes,
    long read,
    long readBytes,
    long gone,
    long problemCount,
    List<String> problems)
    implements Figures {

  public ScanReport {
    problems = List.copyOf(problems);
  }

  /** Files that had not changed since they were read last. */
  public long unchanged() {
    return files - read;
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("entries", entries);
    figures.put("files", files);
    figures.put("bytes", bytes);
    figures.put("readFiles", read);
    figures.put("readBytes", readBytes);
    figures.put("gone", gone);
    figures.put("problems", problemCount);
    return figures;
  }
}
