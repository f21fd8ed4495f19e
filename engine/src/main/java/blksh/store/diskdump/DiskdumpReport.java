package blksh.store.diskdump;

import blksh.store.Damage;
import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a verification of a diskdump store found.
 *
 * @param blocks blocks proven by their digests
 * @param dumps manifests checked
 * @param readBytes bytes of the files of blocks
 * @param damage what is not as it was written, the first 1000 places
 * @param damaged how many places are not as they were written
 * @param elapsed the whole time
 */
public record DiskdumpReport(
    long blocks, long dumps, long readBytes, List<Damage> damage, long damaged, Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("blocks", blocks);
    figures.put("dumps", dumps);
    figures.put("readBytes", readBytes);
    figures.put("damage", damaged);
    return figures;
  }

  /** Whether nothing is wrong. */
  public boolean clean() {
    return damaged == 0;
  }
}
