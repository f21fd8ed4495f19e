package blksh.catalogue;

import java.time.Duration;
import java.time.Instant;

/**
 * What was found when every byte of a disc was compared.
 *
 * @param place the image, or the device of the drive
 * @param drive model and serial number of the drive; null when it was none, or none is known
 * @param sectors that were looked at, of 2048 bytes
 * @param unreadable sectors that could not be read, however often they were tried
 * @param corrected sectors that were read, and not at the first time
 * @param faults things that were not as they must be: contents, and what belongs to none
 */
public record PastVerify(
    Instant began,
    Duration took,
    String place,
    String drive,
    long sectors,
    long unreadable,
    long corrected,
    long faults) {

  /** Sectors that tell of a disc that wears out: those that were not read at the first time. */
  public long worn() {
    return unreadable + corrected;
  }

  /** Whether it was as it must be, and each sector was read at once. */
  public boolean isClean() {
    return faults == 0 && worn() == 0;
  }
}
