package blksh.catalogue;

import blksh.io.FileType;
import java.time.Instant;

/**
 * An entry of the one tree of an archive.
 *
 * @param name in its directory; empty for the root
 * @param size bytes of a regular file, else 0
 * @param target of a symbolic link, else null
 */
public record ArchiveEntry(
    byte[] name,
    FileType type,
    long size,
    Instant modified,
    int mode,
    int uid,
    int gid,
    byte[] target,
    Folder folder,
    Contents contents) {

  /**
   * What a directory is in the catalogue.
   *
   * @param source the number of its source; 0 for the root of all
   * @param id its number; 0 when nothing is in it
   * @param path in its source
   */
  record Folder(int source, long id, byte[] path) {}

  /**
   * What a file holds.
   *
   * @param id of the content; 0 when it could not be read
   */
  record Contents(long id, byte[] sha256) {}
}
