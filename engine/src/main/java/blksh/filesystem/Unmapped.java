package blksh.filesystem;

/** Why it cannot be told what a file system uses, as a clause: "its journal was not replayed". */
final class Unmapped extends Exception {

  Unmapped(String reason) {
    super(reason);
  }

  /** Throws unless something is as it must be. */
  static void unless(boolean fine, String reason, Object... values) throws Unmapped {
    if (!fine) {
      throw new Unmapped(reason.formatted(values));
    }
  }
}
