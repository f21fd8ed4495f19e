package blksh.store;

/**
 * How to restore to a file or a drive.
 *
 * @param overwrite whether what is there may be replaced
 * @param onlyChanged read what is there and write only what differs; implies in place
 * @param dryRun read, prove and (with onlyChanged) compare, but write nothing
 */
public record RestoreOptions(boolean overwrite, boolean onlyChanged, boolean dryRun) {

  public static RestoreOptions defaults() {
    return new RestoreOptions(false, false, false);
  }

  public RestoreOptions withOverwrite(boolean overwrite) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun);
  }

  public RestoreOptions withOnlyChanged(boolean onlyChanged) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun);
  }

  public RestoreOptions withDryRun(boolean dryRun) {
    return new RestoreOptions(overwrite, onlyChanged, dryRun);
  }
}
