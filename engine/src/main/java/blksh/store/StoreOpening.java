package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.ShelfAwayException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens what a store stands on, and says why it cannot. */
final class StoreOpening {

  private StoreOpening() {}

  /**
   * Makes a store in a directory.
   *
   * @throws BlkshException as {@link Store#create(Path, StoreOptions)}
   */
  static void make(Path directory, StoreOptions options) {
    String action = "make store " + directory;
    try {
      StoreSite.of(directory).mustBeMounted();
      DirectoryShelf.make(directory, shelf -> StoreIdentity.make(shelf, options));
    } catch (FileAlreadyExistsException e) {
      throw new BlkshException(action, IoFailure.reason(e), e).suggest("name a new directory");
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  /**
   * Makes a store in a directory for who did not ask for one.
   *
   * @return false when somebody else has just made it
   * @throws BlkshException as {@link Store#openOrCreate(Path)}
   */
  static boolean makeUnasked(Path directory) {
    try {
      mustBeMakeable(directory);
      make(directory, StoreOptions.defaults());
      return true;
    } catch (BlkshException e) {
      if (Store.isStore(directory)) {
        return false;
      }
      throw e;
    }
  }

  /** As {@link Store#mustBeMakeable}. */
  static void mustBeMakeable(Path directory) {
    try {
      StoreSite.of(directory).mustBeNew();
    } catch (IOException e) {
      throw new BlkshException("open store " + directory, IoFailure.reason(e), e);
    }
  }

  private interface Opening {
    Repository open() throws IOException;
  }

  /**
   * The store on a shelf, which is closed with it.
   *
   * @param local the directory for what is derived, which is that of the store or one of its own
   * @throws BlkshException when there is none, or it was made by a newer blksh
   */
  static Repository of(Shelf shelf, Path local) {
    String none =
        Files.isDirectory(local)
            ? "there is no store in it"
            : "there is no store, and no such directory";
    return told(
        shelf,
        () -> Repository.open(shelf, local),
        none,
        "name the directory of a store; a capture or create makes one");
  }

  /** As above, with what is derived in a directory of its own on this machine, which is made. */
  static Repository apart(Shelf shelf, DerivedDirectory derived) {
    boolean opened = false;
    try {
      Repository found =
          told(
              shelf,
              () -> Repository.open(shelf, derived),
              "there is no store in it",
              "name the place of a store; create makes one");
      opened = true;
      return found;
    } finally {
      if (!opened) {
        shelf.close();
      }
    }
  }

  private static Repository told(Shelf shelf, Opening opening, String none, String instead) {
    String action = "open store " + shelf.place();
    try {
      return opening.open();
    } catch (NoSuchFileException e) {
      throw new BlkshException(action, none).suggest(instead);
    } catch (StoreDescriptor.NewerFormat e) {
      throw new BlkshException(action, e.getMessage(), e).suggest("use a newer blksh");
    } catch (ShelfAwayException e) {
      throw e.during(action);
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }
}
