package blksh.store.shelf;

import blksh.BlkshException;
import java.io.Closeable;
import java.nio.file.Path;

/**
 * For a shelf that keeps nobody away: the processes of this machine are kept away from each other
 * by the directory that holds what is derived; those of other machines are not, and lose nothing by
 * that, as a name is given once ({@link Shelf#putIfAbsent}).
 */
public final class LocalExclusion implements Exclusion {

  private final DirectoryLock lock;
  private final String place;

  private LocalExclusion(DirectoryLock lock, String place) {
    this.lock = lock;
    this.place = place;
  }

  /**
   * One use. Waits while somebody of this machine has the shelf alone.
   *
   * @param local a directory that is there
   * @param place of the shelf, for people
   */
  public static Exclusion share(Path local, String place) {
    return new LocalExclusion(DirectoryLock.share(local), place);
  }

  @Override
  public Exclusion again() {
    lock.again();
    return this;
  }

  @Override
  public <T> T publishing(Action<T> action) {
    return lock.publishing(action);
  }

  @Override
  public <T> T indexing(Action<T> action) {
    return lock.indexing(action);
  }

  @Override
  public <T> T relying(Action<T> action) {
    return lock.relying(action);
  }

  @Override
  public <T> T compacting(Action<T> action) {
    throw new BlkshException(
            "keep others away from " + place, "other machines may use it, and cannot be asked")
        .suggest("copy the store to a directory and do it there");
  }

  @Override
  public boolean reachesOthers() {
    return true;
  }

  @Override
  public boolean keepsEverybodyAway() {
    return false;
  }

  @Override
  public boolean unlessCompacting(Action<?> action) {
    return lock.unlessCompacting(action);
  }

  @Override
  public Closeable using(String what) {
    return lock.using(what);
  }

  /** As far as this machine knows. */
  @Override
  public boolean unlessUsed(String what, Action<?> action) {
    return lock.unlessUsed(what, action);
  }

  /** Of the processes of this machine. */
  @Override
  public <T> T alone(Action<T> action) {
    return lock.alone(action);
  }

  @Override
  public void close() {
    lock.close();
  }
}
