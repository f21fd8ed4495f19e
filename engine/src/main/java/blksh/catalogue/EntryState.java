package blksh.catalogue;

import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.tree.TreeMetadata;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * One state of one entry, as a row has it.
 *
 * @param id of the row; 0 when it is in none yet
 * @param content 0 when it has none, or none could be read
 * @param settled whether a change since would show in its times
 * @param told the time of change as another catalogue has it; null of what was scanned here
 */
record EntryState(
    long id,
    long directory,
    byte[] name,
    FileType type,
    int mode,
    int uid,
    int gid,
    long size,
    long mtime,
    int mtimeNanos,
    long ctime,
    int ctimeNanos,
    long device,
    long inode,
    int links,
    long special,
    byte[] target,
    byte[] attributes,
    long content,
    boolean settled,
    String told) {

  private static final FileType[] TYPES = FileType.values();

  /** What a query selects for {@link #of}, from {@code entry e}. */
  static final String COLUMNS =
      """
      e.id, e.directory, CAST(e.name AS BLOB), e.type, e.mode, e.uid, e.gid, e.size, e.mtime,\
       e.mtime_ns, e.ctime, e.ctime_ns, e.device, e.inode, e.links, e.special, e.target,\
       e.attributes, e.content, e.settled, e.told\
      """;

  /** How many columns those are. */
  static final int WIDTH = 21;

  static EntryState of(ResultSet row) throws SQLException {
    return new EntryState(
        row.getLong(1),
        row.getLong(2),
        bytes(row, 3),
        TYPES[row.getInt(4)],
        row.getInt(5),
        row.getInt(6),
        row.getInt(7),
        row.getLong(8),
        row.getLong(9),
        row.getInt(10),
        row.getLong(11),
        row.getInt(12),
        row.getLong(13),
        row.getLong(14),
        row.getInt(15),
        row.getLong(16),
        row.getBytes(17),
        row.getBytes(18),
        row.getLong(19),
        row.getBoolean(20),
        row.getString(21));
  }

  /** A name; an empty one comes back as null. */
  static byte[] bytes(ResultSet row, int column) throws SQLException {
    byte[] bytes = row.getBytes(column);
    return bytes == null ? new byte[0] : bytes;
  }

  /** A new state, of what was looked at. */
  static EntryState of(
      long directory,
      byte[] name,
      FileStatus status,
      byte[] target,
      byte[] attributes,
      long content,
      boolean settled) {
    return new EntryState(
        0,
        directory,
        name,
        status.type(),
        status.mode(),
        status.uid(),
        status.gid(),
        status.isDirectory() ? 0 : status.size(),
        status.mtimeSeconds(),
        status.mtimeNanos(),
        status.ctimeSeconds(),
        status.ctimeNanos(),
        status.device(),
        status.inode(),
        status.links(),
        status.special(),
        target,
        attributes,
        content,
        settled,
        null);
  }

  /** Whether nothing that shows can have changed, so that it is not read again. */
  boolean isUnchanged(FileStatus status) {
    return settled
        && type == status.type()
        && (type != FileType.REGULAR || content != 0)
        && (status.isDirectory() || size == status.size())
        && mtime == status.mtimeSeconds()
        && mtimeNanos == status.mtimeNanos()
        && ctime == status.ctimeSeconds()
        && ctimeNanos == status.ctimeNanos()
        && inode == status.inode()
        && device == status.device();
  }

  /**
   * Whether a file may have the contents it had: it is as long, of the same time, and the same file
   * of its file system. Its owner or permissions may be others.
   */
  boolean mayBeAsItWas(FileStatus status) {
    return type == FileType.REGULAR
        && status.isRegular()
        && content != 0
        && size == status.size()
        && mtime == status.mtimeSeconds()
        && mtimeNanos == status.mtimeNanos()
        && inode == status.inode();
  }

  /**
   * Whether another state is the same but for what no archive keeps: change time, inode, device.
   */
  boolean isSameAs(EntryState other) {
    return type == other.type
        && mode == other.mode
        && uid == other.uid
        && gid == other.gid
        && size == other.size
        && mtime == other.mtime
        && mtimeNanos == other.mtimeNanos
        && special == other.special
        && content == other.content
        && Arrays.equals(target, other.target)
        && Arrays.equals(attributes, other.attributes);
  }

  boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  boolean isRegular() {
    return type == FileType.REGULAR;
  }

  /** Whether it may be one of several names of a file. */
  boolean isLinked() {
    return type == FileType.REGULAR && links > 1 && inode != 0;
  }

  TreeMetadata metadata() {
    return new TreeMetadata(
        type, mode, uid, gid, mtime, mtimeNanos, special, AttributeBytes.attributes(attributes));
  }

  /** Adds it, as the state that holds from a scan on. @return the number of its row */
  long insert(CatalogueFile file, long scan) throws SQLException {
    return file.number(
        0,
        """
        INSERT INTO entry (directory, name, type, mode, uid, gid, size, mtime, mtime_ns, ctime,
          ctime_ns, device, inode, links, special, target, attributes, content, settled, told, scan)
        VALUES (?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        RETURNING id""",
        directory,
        name,
        type.ordinal(),
        mode,
        uid,
        gid,
        size,
        mtime,
        mtimeNanos,
        ctime,
        ctimeNanos,
        device,
        inode,
        links,
        special,
        target,
        attributes,
        content == 0 ? null : (Object) content,
        settled ? 1 : 0,
        told,
        scan);
  }

  /** Says in the row of this state what it is now, of that in which no archive is interested. */
  void touch(CatalogueFile file, EntryState now) throws SQLException {
    file.execute(
        "UPDATE entry SET ctime = ?, ctime_ns = ?, device = ?, inode = ?, links = ?, settled = ?"
            + " WHERE id = ?",
        now.ctime,
        now.ctimeNanos,
        now.device,
        now.inode,
        now.links,
        now.settled ? 1 : 0,
        id);
  }

  /** Ends this state, and of a directory that of all that is below it. @return rows ended */
  static int end(CatalogueFile file, EntryState ended, byte[] path, long source, long scan)
      throws SQLException {
    int rows = file.execute("UPDATE entry SET gone = ? WHERE id = ?", scan, ended.id);
    if (ended.isDirectory()) {
      byte[] key = PathKey.of(path);
      rows +=
          file.execute(
              """
              UPDATE entry SET gone = ? WHERE gone IS NULL AND directory IN (
                SELECT id FROM directory WHERE source = ? AND (path = ? OR path > ? AND path < ?))""",
              scan,
              source,
              key,
              PathKey.firstBelow(key),
              PathKey.behind(key));
    }
    return rows;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EntryState it && it.id == id && Arrays.equals(it.name, name);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id) + Arrays.hashCode(name);
  }

  @Override
  public String toString() {
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Whether a file with a content would show any change since. To be used within a call. */
  static boolean isAnySettled(CatalogueFile file, long content) throws SQLException {
    return file.number(
            0,
            """
            SELECT e.id FROM entry e JOIN directory d ON d.id = e.directory
            JOIN source s ON s.id = d.source
            WHERE e.content = ? AND e.gone IS NULL AND e.settled = 1 AND s.imported = 0 LIMIT 1""",
            content)
        != 0;
  }
}
