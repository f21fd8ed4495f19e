package blksh.catalogue;

import blksh.iso.DiscAttributes;
import java.sql.SQLException;

/**
 * What a disc says of who may read the files on it. Its tree.jsonl tells what they had, and a
 * restore gives them that, whatever is said here.
 */
enum DiscAccess {
  /** As the files were. */
  AS_IT_WAS,
  /**
   * Everybody may read, and nobody write: owner and group 0, and what somebody may run everybody
   * may; as the option -r of genisoimage has it.
   */
  EVERYBODY;

  private static final int READ = 0444;
  private static final int RUN = 0111;

  static DiscAccess of(boolean readable) {
    return readable ? EVERYBODY : AS_IT_WAS;
  }

  /** What the image of a disc has. */
  static DiscAccess of(CatalogueFile file, long disc) {
    return file.call(
        "look who may read a disc",
        () -> of(file.number(0, "SELECT count(*) FROM readable WHERE disc = ?", disc) > 0));
  }

  /** Notes it of a disc that is about to be written. To be used within a call of the file. */
  void note(CatalogueFile file, long disc) throws SQLException {
    file.execute(
        this == EVERYBODY
            ? "INSERT OR IGNORE INTO readable VALUES (?)"
            : "DELETE FROM readable WHERE disc = ?",
        disc);
  }

  /** What is written of an entry. */
  DiscAttributes of(EntryState entry) {
    if (this == AS_IT_WAS) {
      int mode = entry.mode() & 07777;
      return new DiscAttributes(mode, entry.uid(), entry.gid(), entry.mtime(), entry.mtimeNanos());
    }
    int mode = entry.isDirectory() || (entry.mode() & RUN) != 0 ? READ | RUN : READ;
    return new DiscAttributes(mode, 0, 0, entry.mtime(), entry.mtimeNanos());
  }
}
