package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.io.IoFailure;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.bucket.BucketPlace;
import blksh.store.bucket.BucketShelf;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;

/**
 * Opens and makes stores in buckets. What is derived from them is on this machine, in a directory
 * for each. Any number of machines may use one at once.
 */
final class BucketStores {

  private BucketStores() {}

  private interface Use<T> {
    T of(BucketShelf shelf) throws IOException;
  }

  private static <T> T using(String action, Place.Remote place, Use<T> use) {
    try (BucketShelf shelf = BucketPlace.of(place, System.getenv()).shelf()) {
      return use.of(shelf);
    } catch (FileAlreadyExistsException e) {
      throw new BlkshException(action + " " + place, e.getReason(), e)
          .suggest("name another bucket, or a prefix below which there is nothing");
    } catch (ShelfAwayException e) {
      throw e.during(action + " " + place);
    } catch (IOException e) {
      throw new BlkshException(action + " " + place, IoFailure.reason(e), e);
    }
  }

  /**
   * Whether there is a store in a place, whole or not.
   *
   * @throws BlkshException when the server cannot be asked
   */
  static boolean isStore(Place.Remote place) {
    return Workers.call(
        new Task("look at", place.toString()), () -> using("look at", place, Store::isStore));
  }

  /**
   * Opens a store.
   *
   * @param unlocking asked for what opens it, where it is encrypted
   * @param task told when it has to wait
   * @throws BlkshException when there is none, the server cannot be asked, a newer blksh made it,
   *     or nothing that was said opens it
   */
  static Store open(Place.Remote place, Unlocking unlocking, Task task) {
    return open(place, unlocking, false, task);
  }

  private static Store open(Place.Remote place, Unlocking unlocking, boolean made, Task task) {
    return Store.openApart(shelf(place), unlocking, made, task);
  }

  private static BucketShelf shelf(Place.Remote place) {
    try {
      return BucketPlace.of(place, System.getenv()).shelf();
    } catch (IOException e) {
      throw new BlkshException("open store " + place, IoFailure.reason(e), e);
    }
  }

  /**
   * The keys of an encrypted store.
   *
   * @throws BlkshException as {@link StoreKeys#in}
   */
  static StoreKeys keys(Place.Remote place, Unlocking unlocking) {
    return StoreKeys.in(shelf(place), unlocking);
  }

  /**
   * Makes a store where there is nothing.
   *
   * @throws BlkshException when there is something, or it cannot be written
   */
  static Store create(Place.Remote place, StoreOptions options) {
    Task task = new Task("make store", place.toString());
    Workers.call(
        task,
        () ->
            using(
                "make store",
                place,
                shelf -> {
                  make(shelf, options);
                  return null;
                }));
    return open(place, options.unlocking(), task);
  }

  private static void make(BucketShelf shelf, StoreOptions options) throws IOException {
    if (!shelf.isVacant()) {
      throw new FileAlreadyExistsException(
          shelf.place(),
          null,
          Store.isStore(shelf) ? "there is one already" : "something is there");
    }
    Store.create(shelf, options);
  }

  /**
   * Opens the store in a place, or makes one where there is nothing, and no key was named for one.
   *
   * @throws BlkshException when there is something else, the server cannot be asked, or nothing
   *     that was said opens it
   */
  static Store openOrCreate(Place.Remote place, Unlocking unlocking, Task task) {
    boolean made = !unlocking.isNamed() && makeUnlessThere(place, task);
    return open(place, unlocking, made, task);
  }

  private static boolean makeUnlessThere(Place.Remote place, Task task) {
    return Workers.call(
        task,
        () ->
            using(
                "open store",
                place,
                shelf -> {
                  if (Store.isStore(shelf)) {
                    return false;
                  }
                  try {
                    make(shelf, StoreOptions.defaults());
                    return true;
                  } catch (FileAlreadyExistsException e) {
                    if (Store.isStore(shelf)) {
                      return false; // somebody else has just made it
                    }
                    throw e;
                  }
                }));
  }

  /**
   * That {@link #openOrCreate} would open or make a store there.
   *
   * @throws BlkshException as it would
   */
  static void mustBeMakeable(Place.Remote place) {
    Workers.call(
        new Task("look at", place.toString()),
        () ->
            using(
                "open store",
                place,
                shelf -> {
                  if (!Store.isStore(shelf) && !shelf.isVacant()) {
                    throw new FileAlreadyExistsException(
                        shelf.place(), null, "there is no store, and something else");
                  }
                  return null;
                }));
  }
}
