package blksh.snapshot;

import java.util.List;

/**
 * What adopting the snapshots of cacheback came to.
 *
 * @param snapshots that were adopted
 * @param blobs that were read
 * @param bytes that they have
 * @param faults a sentence for each of the first that are not what they should be: blobs, and the
 *     snapshots and paths that have them
 * @param faultCount how many there are
 */
public record AdoptedSnapshots(
    long snapshots, long blobs, long bytes, List<String> faults, long faultCount) {

  public AdoptedSnapshots {
    faults = List.copyOf(faults);
  }
}
