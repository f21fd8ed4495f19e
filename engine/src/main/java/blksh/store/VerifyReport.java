package blksh.store;

import java.time.Duration;
import java.util.List;

/**
 * What a verification found.
 *
 * @param mode how much was read
 * @param packs packs there are
 * @param frames frames read
 * @param pages pages proven by their digests
 * @param manifests manifests checked
 * @param readBytes bytes of frames read
 * @param damage all that is not as it was written
 * @param elapsed the whole time
 */
public record VerifyReport(
    VerifyOptions.Mode mode,
    long packs,
    long frames,
    long pages,
    long manifests,
    long readBytes,
    List<Damage> damage,
    Duration elapsed) {

  /** Whether nothing is wrong. */
  public boolean clean() {
    return damage.isEmpty();
  }
}
