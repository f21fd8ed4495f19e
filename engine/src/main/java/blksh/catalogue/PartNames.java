package blksh.catalogue;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/** What the parts of large files are called in a plan. To be used within a call of the file. */
final class PartNames {

  private final CatalogueFile file;

  /** Names that were too long to be added to, with a number 0, and each with its directory. */
  private final Set<String> cutNames = new HashSet<>();

  PartNames(CatalogueFile file) {
    this.file = file;
  }

  /** Takes the names of parts; false when parts of another long name have one, which was cut. */
  private boolean takesNames(EntryState entry, int scheme, int parts) {
    String none = PartRow.suffix(scheme, 0, parts);
    if (entry.name().length + none.length() <= PartRow.LONGEST_NAME) {
      return true;
    }
    byte[] name = PartRow.name(entry.name(), none);
    return cutNames.add(entry.directory() + "/" + new String(name, StandardCharsets.ISO_8859_1));
  }

  /** The first way to name parts that takes no name of another entry. */
  int scheme(EntryState entry, int parts) throws SQLException {
    for (int scheme = 0; ; scheme++) {
      boolean free = true;
      for (int i = 1; free && i <= parts; i++) {
        byte[] name = PartRow.name(entry.name(), PartRow.suffix(scheme, i, parts));
        free =
            file.number(
                    0,
                    "SELECT id FROM entry WHERE directory = ? AND name = CAST(? AS TEXT)"
                        + " AND gone IS NULL",
                    entry.directory(),
                    name)
                == 0;
      }
      if (free && takesNames(entry, scheme, parts)) {
        return scheme;
      }
    }
  }
}
