package blksh.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;

/** The contents a catalogue knows, each once. To be used within a call of the file. */
final class ContentTable {

  private final CatalogueFile file;

  ContentTable(CatalogueFile file) {
    this.file = file;
  }

  /**
   * The number of a content, which is noted when it is new. What only another catalogue told of is
   * believed no more once it was read.
   */
  long enter(ContentDigests digests, long size) throws SQLException {
    long id = 0;
    boolean complete = true;
    try (ResultSet rows =
        file.prepared(
                "SELECT id, sha256 IS NOT NULL FROM content WHERE head = ? AND sha512 = ?",
                digests.head(),
                digests.sha512())
            .executeQuery()) {
      if (rows.next()) {
        id = rows.getLong(1);
        complete = rows.getBoolean(2);
      }
    }
    if (id == 0) {
      return file.number(
          0,
          "INSERT INTO content (head, size, sha512, sha256) VALUES (?, ?, ?, ?) RETURNING id",
          digests.head(),
          size,
          digests.sha512(),
          digests.sha256());
    }
    if (!complete && digests.sha256() != null) {
      file.execute(
          "UPDATE content SET sha256 = ?, size = ? WHERE id = ?", digests.sha256(), size, id);
    }
    return id;
  }
}
