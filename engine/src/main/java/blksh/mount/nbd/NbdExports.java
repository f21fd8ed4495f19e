package blksh.mount.nbd;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What a server offers by name. Asked again by each client, from any thread. */
public interface NbdExports {

  /** The names to list. */
  Collection<String> names();

  /** The export of a name. */
  Optional<NbdExport> find(String name);

  /** Lets go of an export a client is done with. */
  default void release(NbdExport export) {}

  /** A fixed few; the first is also the default. */
  static NbdExports of(NbdExport... exports) {
    List<NbdExport> all = List.of(exports);
    return new NbdExports() {
      @Override
      public Collection<String> names() {
        return all.stream().map(NbdExport::name).toList();
      }

      @Override
      public Optional<NbdExport> find(String name) {
        Optional<NbdExport> found =
            all.stream().filter(export -> export.name().equals(name)).findFirst();
        return found.isEmpty() && name.isEmpty() ? all.stream().findFirst() : found;
      }
    };
  }
}
