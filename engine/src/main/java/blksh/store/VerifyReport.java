package blksh.store;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a verification found.
 *
 * @param mode how much was read
 * @param packs packs there are
 * @param frames frames read
 * @param pages pages proven by their digests
 * @param manifests manifests checked
 * @param parity packs, manifests and descriptors that have parity
 * @param readBytes bytes of frames read
 * @param damage what is not as it was written, whoever found it first; the first 1000 places
 * @param damaged how many places are not as they were written
 * @param healed how many places of packs are damaged still, were told of by a verification before,
 *     and hold nothing any more that a version needs and has not elsewhere; they count as no damage
 * @param elapsed the whole time
 */
public record VerifyReport(
    VerifyOptions.Mode mode,
    long packs,
    long frames,
    long pages,
    long manifests,
    long parity,
    long readBytes,
    List<Damage> damage,
    long damaged,
    long healed,
    Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("mode", mode.name().toLowerCase(Locale.ROOT));
    figures.put("packs", packs);
    figures.put("frames", frames);
    figures.put("pages", pages);
    figures.put("manifests", manifests);
    if (parity > 0) {
      figures.put("parity", parity);
    }
    figures.put("readBytes", readBytes);
    figures.put("damage", damaged);
    if (healed > 0) {
      figures.put("healed", healed);
    }
    return figures;
  }

  /** Whether all versions can be restored whole, as far as it was looked at. */
  public boolean lossless() {
    return damaged == damage.size() && damage.stream().allMatch(d -> d.affected().isEmpty());
  }

  /** Whether nothing is wrong. */
  public boolean clean() {
    return damaged == 0;
  }
}
