package blksh.snapshot;

import java.util.List;

/**
 * What verifying snapshots came to.
 *
 * @param snapshots that were looked at
 * @param entries that were looked at
 * @param bytes that were read
 * @param faults a sentence for each of the first entries that are not as they were noted, with
 *     snapshot and path
 * @param faultCount how many there are
 */
public record SnapshotVerification(
    long snapshots, long entries, long bytes, List<String> faults, long faultCount) {

  public SnapshotVerification {
    faults = List.copyOf(faults);
  }

  public boolean isClean() {
    return faultCount == 0;
  }
}
