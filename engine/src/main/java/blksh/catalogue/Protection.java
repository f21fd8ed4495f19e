package blksh.catalogue;

import blksh.parity.ImageParity;
import java.sql.SQLException;

/** How much parity planned and written discs have. */
final class Protection {

  private Protection() {}

  static ImageParity of(CatalogueFile file, long disc) {
    return new ImageParity(
        file.call(
            "look how much parity a disc has",
            () -> (int) file.number(0, "SELECT rows FROM protection WHERE disc = ?", disc)));
  }

  /** Notes that of a disc that is planned. To be used within a call of the file. */
  static void note(CatalogueFile file, long disc, ImageParity parity) throws SQLException {
    if (parity.rows() > 0) {
      file.execute("INSERT INTO protection VALUES (?, ?)", disc, parity.rows());
    }
  }
}
