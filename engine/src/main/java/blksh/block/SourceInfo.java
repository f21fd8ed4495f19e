package blksh.block;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A source described for people.
 *
 * @param type the kind of source in a word or two: {@code "file"}, {@code "block device"}
 * @param name a short name: {@code "sda"}, {@code "disk.img"}
 * @param location where it is: an absolute path, a URL, or {@code "-"}
 * @param details further facts in the order to show them
 */
public record SourceInfo(String type, String name, String location, Map<String, String> details) {

  /** The detail of a source that has how many bytes of it were free and not read. */
  public static final String FREE_SKIPPED = "free bytes skipped";

  /**
   * The detail of such a one that has of how many bytes the pages are that were free as a whole.
   */
  public static final String FREE_PAGES = "free in pages of";

  public SourceInfo {
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  public SourceInfo(String type, String name, String location) {
    this(type, name, location, Map.of());
  }

  @Override
  public String toString() {
    return type + " " + location;
  }
}
