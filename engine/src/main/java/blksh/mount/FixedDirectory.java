package blksh.mount;

import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A directory that shows the same entries for as long as it is mounted.
 *
 * @param entries by name, in the order to list them
 */
public record FixedDirectory(Map<String, MountNode> entries, Instant modified)
    implements MountDirectory {

  /**
   * @throws IllegalArgumentException when a name is no file name
   */
  public FixedDirectory {
    entries = new LinkedHashMap<>(entries);
    for (String name : entries.keySet()) {
      if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('/') >= 0) {
        throw new IllegalArgumentException("file name \"" + name + "\"");
      }
    }
  }

  @Override
  public Iterator<String> names() {
    return entries.keySet().iterator();
  }

  @Override
  public Optional<MountNode> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  @Override
  public boolean isFlat() {
    return entries.values().stream().noneMatch(MountDirectory.class::isInstance);
  }
}
