package blksh.store;

import java.util.List;

/**
 * How to restore to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 * @param onlyChanged read what is there and write only what differs; implies in place
 * @param dryRun read, prove and (with onlyChanged) compare, but write nothing
 * @param anySectors whether a partition table may go to a drive whose sectors it does not count in
 * @param verify whether what was written is read back and compared
 * @param fit whether it may go to a drive of another size, if its partitions fit
 * @param partitions those that are restored, by name, number or label, to the same partitions of
 *     what is there; empty for all of the image
 */
public record RestoreOptions(
    boolean overwrite,
    boolean onlyChanged,
    boolean dryRun,
    boolean anySectors,
    boolean verify,
    boolean fit,
    List<String> partitions) {

  public RestoreOptions {
    partitions = List.copyOf(partitions);
  }

  public static RestoreOptions defaults() {
    return new RestoreOptions(false, false, false, false, false, false, List.of());
  }

  public RestoreOptions withOverwrite(boolean may) {
    return new RestoreOptions(may, onlyChanged, dryRun, anySectors, verify, fit, partitions);
  }

  public RestoreOptions withOnlyChanged(boolean only) {
    return new RestoreOptions(overwrite, only, dryRun, anySectors, verify, fit, partitions);
  }

  public RestoreOptions withDryRun(boolean dry) {
    return new RestoreOptions(overwrite, onlyChanged, dry, anySectors, verify, fit, partitions);
  }

  public RestoreOptions withAnySectors(boolean any) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, any, verify, fit, partitions);
  }

  public RestoreOptions withVerify(boolean back) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors, back, fit, partitions);
  }

  public RestoreOptions withFit(boolean may) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors, verify, may, partitions);
  }

  public RestoreOptions withPartitions(List<String> keys) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors, verify, fit, keys);
  }
}
