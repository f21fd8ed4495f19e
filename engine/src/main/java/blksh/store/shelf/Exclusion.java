package blksh.store.shelf;

import blksh.BlkshException;
import blksh.io.IoFailure;
import java.io.Closeable;
import java.io.IOException;

/**
 * One use of a shelf that can keep others away from it, in this process and in all others. Whatever
 * a process that dies held is free.
 */
public interface Exclusion extends Closeable {

  /** What runs while others are kept away. */
  interface Action<T> {
    T run() throws IOException;
  }

  /**
   * For a shelf without any: whoever uses it must know that he is the only one, or lose nothing by
   * not being so.
   */
  Exclusion NONE =
      new Exclusion() {
        @Override
        public Exclusion again() {
          return this;
        }

        @Override
        public <T> T publishing(Action<T> action) {
          return now(action);
        }

        @Override
        public <T> T indexing(Action<T> action) {
          return now(action);
        }

        @Override
        public <T> T alone(Action<T> action) {
          return now(action);
        }

        @Override
        public <T> T relying(Action<T> action) {
          return now(action);
        }

        @Override
        public <T> T compacting(Action<T> action) {
          throw new BlkshException("compact store", "others cannot be kept away from it")
              .suggest("compact a store in a directory");
        }

        @Override
        public boolean keepsEverybodyAway() {
          return false;
        }

        @Override
        public boolean unlessCompacting(Action<?> action) {
          now(action);
          return true;
        }

        @Override
        public Closeable using(String what) {
          return () -> {};
        }

        @Override
        public boolean unlessUsed(String what, Action<?> action) {
          return false;
        }

        private static <T> T now(Action<T> action) {
          try {
            return action.run();
          } catch (IOException e) {
            throw new BlkshException("change store", IoFailure.reason(e), e);
          }
        }

        @Override
        public void close() {}
      };

  /**
   * One more use, as for the time of an operation. Waits while a repair is running.
   *
   * @throws blksh.task.CancelledException when asked to stop meanwhile
   */
  Exclusion again();

  /** Runs something while nobody else publishes or deletes a manifest. */
  <T> T publishing(Action<T> action);

  /** Runs something while nobody else changes the page index. */
  <T> T indexing(Action<T> action);

  /**
   * Runs something while nobody else says which pack he relies on, and none is replaced or removed:
   * for instants.
   */
  <T> T relying(Action<T> action);

  /**
   * Runs something while nobody else compacts; waits for whoever does. Captures and readers go on.
   *
   * @throws BlkshException when others cannot be kept away at all
   */
  <T> T compacting(Action<T> action);

  /**
   * Whether other machines may use the shelf too, and see what is done here only after a while:
   * then to compact it needs it {@link #alone}.
   */
  default boolean reachesOthers() {
    return false;
  }

  /**
   * Whether others are kept away wherever they are. Where not, nothing may be done that harms who
   * is not known of: nothing that may still be wanted is removed.
   */
  default boolean keepsEverybodyAway() {
    return true;
  }

  /** Runs something during which no compaction begins; false, and does not, while one goes on. */
  boolean unlessCompacting(Action<?> action);

  /**
   * Says that something is in use until the answer is closed, or this process dies. Any number may
   * use the same; who may only read the shelf may say so too, where it can be told at all.
   *
   * @param what a name that all processes give it
   */
  Closeable using(String what);

  /**
   * Runs something during which nobody begins to use a thing; false, and does not, if it is used.
   */
  boolean unlessUsed(String what, Action<?> action);

  /**
   * Runs something while nobody else uses the shelf.
   *
   * @throws BlkshException when somebody does, or it cannot be changed at all
   */
  <T> T alone(Action<T> action);

  /** Gives up this use. */
  @Override
  void close();
}
