package blksh.store.diskdump;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What recording a dump did.
 *
 * @param dump what was written
 * @param stored blocks that were new
 * @param reused blocks the store had
 * @param storedBytes bytes the new ones take
 * @param elapsed the whole time
 */
public record RecordedDump(Dump dump, long stored, long reused, long storedBytes, Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("dump", dump.reference());
    figures.put("size", dump.size());
    figures.put("storedBlocks", stored);
    figures.put("reusedBlocks", reused);
    figures.put("storedBytes", storedBytes);
    return figures;
  }
}
