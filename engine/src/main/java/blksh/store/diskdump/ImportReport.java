package blksh.store.diskdump;

import blksh.store.Manifest;
import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an import of dumps did.
 *
 * @param imported the versions that were made, in the order of their dumps
 * @param planned the dumps a dry run would have imported
 * @param known dumps that had been imported before
 * @param readBytes bytes of the dumps that were read
 * @param elapsed the whole time
 */
public record ImportReport(
    List<Manifest> imported, List<Dump> planned, List<Dump> known, long readBytes, Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("imported", imported.size());
    figures.put("known", known.size());
    figures.put("readBytes", readBytes);
    figures.put("newBytes", imported.stream().mapToLong(it -> it.figures().newBytes()).sum());
    return figures;
  }
}
