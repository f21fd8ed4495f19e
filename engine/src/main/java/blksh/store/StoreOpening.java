package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.sealed.SealedShelf;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.task.Workers;
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
    if (options.encryption() == null) {
      mustNotHaveBeenSealed(action, directory);
    }
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
    mustNotHaveBeenSealed("open store " + directory, directory);
  }

  /** As {@link Store#isStore(Shelf)}. */
  static boolean isStore(Shelf shelf) throws IOException {
    return shelf.size(StoreDescriptor.FILE).isPresent()
        || StoreIdentity.hasContents(shelf)
        || StoreKeys.isSealed(shelf);
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

  /**
   * The shelf in a directory, and around it the one of who has the key, where it is encrypted: then
   * it is known by the real path of the directory, as what is derived from it is found by that.
   *
   * @param unlocking asked for what opens it, on the thread that calls
   * @param task told when it has to wait
   * @throws BlkshException when it is not opened by what was said, or a key was named for it and it
   *     is not encrypted
   */
  static Shelf shelf(Path directory, Unlocking unlocking, Task task) {
    Shelf shelf = new DirectoryShelf(directory);
    boolean named = unlocking.isNamed();
    boolean sealed = Workers.call(task, () -> isSealedOrMeant(directory, shelf, named));
    return sealed ? unlocked(new DirectoryShelf(real(directory)), unlocking) : shelf;
  }

  /** Whether it is encrypted; if not, it has to be one that may be in the clear. */
  private static boolean isSealedOrMeant(Path directory, Shelf shelf, boolean named) {
    if (isSealed(shelf)) {
      return true;
    }
    if (Store.isStore(directory)) {
      if (named) {
        throw notEncrypted(directory.toString());
      }
      mustNotHaveBeenSealed("open store " + directory, directory);
    }
    return false;
  }

  /**
   * That the store in a directory was not encrypted when this user used it last on this machine, as
   * what is derived from it shows: who can write there may take an encrypted one away and have the
   * next capture go into one in the clear.
   */
  private static void mustNotHaveBeenSealed(String action, Path directory) {
    Path place = directory.toAbsolutePath().normalize();
    try {
      place = directory.toRealPath();
    } catch (IOException e) {
      // then nothing is there
    }
    DerivedDirectory.of(System.getenv())
        .ofAddress(place.toString())
        .ifPresent(
            known -> {
              throw new BlkshException(
                      action, "an encrypted store was here when it was used last, and is not now")
                  .suggest(
                      "see whether its drive is mounted; if another store is meant move away "
                          + known);
            });
  }

  private static Path real(Path directory) {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      throw new BlkshException("open store " + directory, IoFailure.reason(e), e);
    }
  }

  /**
   * The store in a directory; of one that is encrypted, what is derived is not there.
   *
   * @param shelf as {@link #shelf} gives it
   * @throws BlkshException as {@link #of}
   */
  static Repository in(Path directory, Shelf shelf) {
    return shelf instanceof SealedShelf
        ? apart(shelf, DerivedDirectory.of(System.getenv()))
        : of(shelf, directory);
  }

  private static boolean isSealed(Shelf shelf) {
    String action = "open store " + shelf.place();
    try {
      return StoreKeys.isSealed(shelf);
    } catch (ShelfAwayException e) {
      throw e.during(action);
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  private static Shelf unlocked(Shelf shelf, Unlocking unlocking) {
    String action = "open store " + shelf.place();
    try {
      return StoreKeys.open(shelf, unlocking).shelf();
    } catch (ShelfAwayException e) {
      throw e.during(action);
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  /**
   * The shelf of a store that is in no directory, and around it the one of who has the key, where
   * it is encrypted. It is closed when that fails.
   *
   * @param unlocking as of {@link #shelf}
   * @throws BlkshException as {@link #shelf}
   */
  static Shelf unlocked(Shelf shelf, Unlocking unlocking, Task task) {
    boolean done = false;
    try {
      boolean sealed = Workers.call(task, () -> isSealed(shelf));
      if (!sealed && unlocking.isNamed() && Workers.call(task, () -> isStore(shelf))) {
        throw notEncrypted(shelf.place());
      }
      Shelf found = sealed ? unlocked(shelf, unlocking) : shelf;
      done = true;
      return found;
    } finally {
      if (!done) {
        shelf.close();
      }
    }
  }

  private static BlkshException notEncrypted(String place) {
    return new BlkshException(
            "open store " + place, "a key was named for it, and it is not encrypted")
        .suggest("look who put it there; or leave the key out, and all is written in the clear");
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
