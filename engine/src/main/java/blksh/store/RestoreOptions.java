package blksh.store;

/**
 * How to restore to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 * @param onlyChanged read what is there and write only what differs; implies in place
 * @param dryRun read, prove and (with onlyChanged) compare, but write nothing
 * @param anySectors whether a partition table may go to a drive whose sectors it does not count in
 */
public record RestoreOptions(
    boolean overwrite, boolean onlyChanged, boolean dryRun, boolean anySectors) {

  public static RestoreOptions defaults() {
    return new RestoreOptions(false, false, false, false);
  }

  public RestoreOptions withOverwrite(boolean overwrite) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors);
  }

  public RestoreOptions withOnlyChanged(boolean onlyChanged) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors);
  }

  public RestoreOptions withDryRun(boolean dryRun) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors);
  }

  public RestoreOptions withAnySectors(boolean anySectors) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun, anySectors);
  }
}
