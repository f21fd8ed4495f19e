package blksh.catalogue;

import java.sql.SQLException;

/** Which disc of a set a content is on, 1 for the first; 0 for none. */
interface DiscNumbers {

  DiscNumbers NONE = content -> 0;

  int of(long content) throws SQLException;

  /**
   * As above, for whoever knows more of it.
   *
   * @param size bytes
   * @param isHashed whether its SHA-256 is known
   */
  default int of(long content, long size, boolean isHashed) throws SQLException {
    return of(content);
  }
}
