package blksh.catalogue;

import blksh.io.NameText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Where files of a catalogue come from: a directory that was scanned, or another catalogue.
 *
 * @param id its number, 1 for the first
 * @param root the bytes of its absolute path; of another catalogue what that names its files by
 * @param prefix where its files are in the one tree of all sources, since discs were planned; null
 *     while that is free
 * @param imported whether it is another catalogue
 * @param jobName what that calls itself; null of a directory
 * @param origin the directory that the other catalogue was made of, as it says; null when it does
 *     not
 */
public record CatalogueSource(
    int id,
    byte[] root,
    byte[] prefix,
    boolean imported,
    String jobName,
    String jobId,
    String origin) {

  /** For people. */
  public String text() {
    return NameText.of(root);
  }

  /** The last step of its path; of another catalogue the name of its job. */
  byte[] lastName() {
    if (imported) {
      String name = jobName == null || jobName.isBlank() ? "catalogue" : jobName;
      return name.replace('/', '_').getBytes(StandardCharsets.UTF_8);
    }
    int at = root.length;
    while (at > 0 && root[at - 1] != '/') {
      at--;
    }
    byte[] name = Arrays.copyOfRange(root, at, root.length);
    return name.length == 0 ? "root".getBytes(StandardCharsets.UTF_8) : name;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CatalogueSource it && it.id == id;
  }

  @Override
  public int hashCode() {
    return id;
  }
}
