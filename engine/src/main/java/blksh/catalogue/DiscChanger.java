package blksh.catalogue;

import blksh.BlkshException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Who brings a disc that is not at hand: a person, or a machine. */
public interface DiscChanger {

  /**
   * Has a disc brought; it returns when it should be there.
   *
   * @param isThere whether it is at hand by now
   * @return where it is; nothing when that is one of the places that are known
   * @throws BlkshException when it cannot be had; that says why
   */
  Optional<Path> bring(Disc disc, BooleanSupplier isThere);

  /** Nobody: what is not at hand is refused. */
  static DiscChanger none() {
    return (disc, isThere) -> {
      throw wanted(disc, "it is not at hand, and nobody can be asked for it")
          .suggest(
              "name an image of it, or the drive it is in; or set a command that changes discs");
    };
  }

  /**
   * A command of the shell that brings discs: it gets the name of the disc, its number in its set
   * and its GUID, and ends when the disc is there. When the last line it writes is a path, that is
   * where; a status other than 0 says that it cannot be had.
   *
   * @param patience how long it may take; then it is ended
   */
  static DiscChanger command(String command, Duration patience) {
    return new ChangerCommand(command, patience);
  }

  /** A disc that cannot be had. */
  static BlkshException wanted(Disc disc, String problem) {
    return new BlkshException("get the disc " + disc.name(), problem);
  }
}
