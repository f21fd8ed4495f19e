package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.task.Task;
import java.nio.file.Path;

/** Opens stores, with what opens those that are encrypted: it is asked for when one is. */
final class KeyedStores {

  private volatile Unlocking unlocking = Unlocking.NONE;

  /** Says who is asked; nobody is before. */
  void unlockWith(Unlocking asked) {
    unlocking = asked;
  }

  /** Opens one to be filled, or makes one in the clear unless a key was named. */
  Store openOrCreate(Path directory, Task task) {
    return unlocking.isNamed() || StoreKeys.isSealed(directory)
        ? Store.open(directory, unlocking, task)
        : Store.openOrCreate(directory, task);
  }

  /** As above, in a bucket. */
  Store openOrCreate(Place.Remote bucket, Task task) {
    return BucketStores.openOrCreate(bucket, unlocking, task);
  }

  /** Opens one; that in the clear may be read, as by a copy, whatever was named for the other. */
  Store open(Path directory, Task task) {
    return Store.open(directory, unlocking::next, task);
  }

  /** As above, in a bucket. */
  Store open(Place.Remote bucket, Task task) {
    return BucketStores.open(bucket, unlocking::next, task);
  }

  /** As above; nobody is asked. */
  Store openUnasked(Path directory) {
    Unlocking known = unlocking.unasked();
    return Store.open(directory, known::next, new Task("open store", directory.toString()));
  }

  StoreKeys keys(Path directory) {
    return StoreKeys.in(directory, unlocking);
  }

  StoreKeys keys(Place.Remote bucket) {
    return BucketStores.keys(bucket, unlocking);
  }

  /**
   * That a store may be made so.
   *
   * @throws BlkshException when a key was named, and it is not to be encrypted
   */
  void mustBeMeant(Place place, StoreOptions options) {
    if (unlocking.isNamed() && options.encryption() == null) {
      throw new BlkshException("make store " + place, "a key was named for one in the clear")
          .suggest("say that it is to be encrypted, or leave the key out");
    }
  }

  /**
   * That a store may be filled.
   *
   * @throws BlkshException when a key was named, and it is not encrypted
   */
  void mustBeMeant(Store store) {
    if (unlocking.isNamed() && !store.upkeep().isEncrypted()) {
      throw new BlkshException(
              "fill store " + store.place(), "a key was named for it, and it is not encrypted")
          .suggest("look who put it there; or leave the key out, and all is written in the clear");
    }
  }
}
