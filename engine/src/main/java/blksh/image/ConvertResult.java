package blksh.image;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a conversion did.
 *
 * @param target the new image
 * @param size bytes of the partition
 * @param blockSize bytes of a block; 1 of a raw image
 * @param blocks blocks of the partition
 * @param usedBlocks blocks that are not free
 * @param writtenBytes bytes of the new image; 0 of a dry run
 * @param elapsed the whole time
 */
public record ConvertResult(
    String target,
    long size,
    int blockSize,
    long blocks,
    long usedBlocks,
    long writtenBytes,
    Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("target", target);
    figures.put("size", size);
    figures.put("blockSize", blockSize);
    figures.put("blocks", blocks);
    figures.put("usedBlocks", usedBlocks);
    figures.put("writtenBytes", writtenBytes);
    return figures;
  }
}
