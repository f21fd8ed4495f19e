package blksh.store.diskdump;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was removed of a diskdump store, or would be.
 *
 * @param blocks that no manifest names
 * @param bytes of their files
 * @param kept blocks that stay
 */
public record CollectedBlocks(long blocks, long bytes, long kept) implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("blocks", blocks);
    figures.put("bytes", bytes);
    figures.put("kept", kept);
    return figures;
  }
}
