package blksh.store.diskdump;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an export as dumps did.
 *
 * @param exported the dumps that were made, in the order of their versions
 * @param planned references of the versions a dry run would have exported
 * @param known references of versions that were there
 * @param left references of versions a dump cannot hold
 * @param elapsed the whole time
 */
public record ExportReport(
    List<RecordedDump> exported,
    List<String> planned,
    List<String> known,
    List<String> left,
    Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("exported", exported.size());
    figures.put("known", known.size());
    figures.put("left", left.size());
    figures.put("storedBytes", exported.stream().mapToLong(RecordedDump::storedBytes).sum());
    return figures;
  }
}
