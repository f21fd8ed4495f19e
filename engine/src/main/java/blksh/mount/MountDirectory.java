package blksh.mount;

import java.util.Iterator;
import java.util.Optional;

/**
 * A directory of a mounted tree. It is asked again at each look, from any thread, so that what it
 * shows may change while it is mounted.
 */
public non-sealed interface MountDirectory extends MountNode {

  /** The names of its entries, found as they are asked for. */
  Iterator<String> names();

  /** The entry of a name; at a cost that does not grow with the number of entries. */
  Optional<MountNode> find(String name);

  /** Whether none of its entries is a directory, known without finding each. */
  default boolean isFlat() {
    return false;
  }
}
