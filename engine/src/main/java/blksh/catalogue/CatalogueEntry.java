package blksh.catalogue;

import blksh.io.FileType;
import blksh.io.NameText;
import java.util.Arrays;
import java.util.List;

/**
 * A file, directory or link that a catalogue knows.
 *
 * @param path its bytes, relative to its source
 * @param source where it comes from
 * @param size bytes
 * @param mtimeSeconds when it was changed last, since 1970
 * @param told that time as another catalogue has it, without a zone; null of what was scanned
 * @param sha512 in hexadecimal; null when it has no contents, or they could not be read
 * @param discs names of the discs that hold its contents, or a part of them
 */
public record CatalogueEntry(
    byte[] path,
    CatalogueSource source,
    FileType type,
    long size,
    long mtimeSeconds,
    int mtimeNanos,
    String told,
    String sha512,
    List<String> discs) {

  /** Its path, for people, who can type it back. */
  public String text() {
    return NameText.of(path);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CatalogueEntry it
        && it.source.equals(source)
        && Arrays.equals(it.path, path);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(path);
  }
}
