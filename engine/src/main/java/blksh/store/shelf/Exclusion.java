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
   * Runs something while nobody else uses the shelf.
   *
   * @throws BlkshException when somebody does, or it cannot be changed at all
   */
  <T> T alone(Action<T> action);

  /** Gives up this use. */
  @Override
  void close();
}
