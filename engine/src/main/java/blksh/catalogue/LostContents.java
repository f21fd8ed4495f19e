package blksh.catalogue;

import blksh.BlkshException;
import java.sql.SQLException;
import java.util.BitSet;

/**
 * What written discs have no more as they had it: contents, and, as content 0, what they tell of
 * entries. It is planned anew, and taken from there only when no other disc has it. That a copy of
 * the disc is whole changes nothing by itself: nobody knows which of them is kept.
 */
final class LostContents {

  /** What a disc tells of entries: its tree.jsonl. */
  static final int ENTRIES = 0;

  /** Whether a part {@code p} is lost. */
  static final String OF_PART =
      "EXISTS (SELECT 1 FROM lost l WHERE l.disc = p.disc AND l.content = p.content)";

  /** Whether the disc of a place {@code p} does not tell of entries any more. */
  static final String OF_PLACE =
      "EXISTS (SELECT 1 FROM lost l WHERE l.disc = p.disc AND l.content = 0)";

  private LostContents() {}

  /** Notes what was found damaged. To be used within a call of the file. */
  static void note(CatalogueFile file, long disc, BitSet contents) throws SQLException {
    for (int i = contents.nextSetBit(0); i >= 0; i = contents.nextSetBit(i + 1)) {
      file.execute("INSERT OR IGNORE INTO lost VALUES (?, ?)", disc, i);
    }
  }

  /**
   * Notes that all of a disc is lost, or nothing.
   *
   * @throws BlkshException when it is none that was written here
   */
  static void note(Catalogue catalogue, Disc disc, boolean isLost) {
    if (disc.imported() || disc.written() == null) {
      throw new BlkshException(
          "note that the disc " + disc.name() + (isLost ? " is lost" : " is there"),
          disc.imported() ? "another program made it" : "it was not written");
    }
    CatalogueFile file = catalogue.file();
    change(
        catalogue,
        () -> {
          file.execute("DELETE FROM lost WHERE disc = ?", disc.id());
          if (isLost) {
            file.execute(
                "INSERT OR IGNORE INTO lost SELECT disc, content FROM part WHERE disc = ?",
                disc.id());
            file.execute("INSERT OR IGNORE INTO lost VALUES (?, ?)", disc.id(), ENTRIES);
          }
          return null;
        });
  }

  private static void change(Catalogue catalogue, CatalogueFile.Work<Void> work) {
    catalogue.alone("note what is lost", () -> catalogue.file().whole("note what is lost", work));
  }

  /** Of a disc that is made once more. To be used within a call of the file. */
  static void forget(CatalogueFile file, long disc) throws SQLException {
    file.execute("DELETE FROM lost WHERE disc = ?", disc);
  }
}
