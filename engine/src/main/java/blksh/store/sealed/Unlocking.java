package blksh.store.sealed;

import java.util.Optional;

/** Who can say what opens an encrypted store. */
public interface Unlocking {

  /** Nobody. */
  Unlocking NONE = (place, failed) -> Optional.empty();

  /**
   * What may open a store.
   *
   * @param place of the store, for people
   * @param failed how many of its answers did not
   * @return nothing when there is no other
   */
  Optional<KeySecret> next(String place, int failed);

  /**
   * Whether somebody named a key for this very store: then one that is not encrypted is not the one
   * that is meant, whoever put it there, and nothing is written to it.
   */
  default boolean isNamed() {
    return false;
  }

  /** The same, where nobody is to be asked. */
  default Unlocking unasked() {
    return this;
  }
}
