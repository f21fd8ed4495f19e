package blksh.catalogue;

import blksh.BlkshException;
import blksh.task.Workers;
import java.io.Closeable;
import java.util.concurrent.Callable;

/**
 * Something that is done meanwhile by a thread of its own, with a connection of its own: whoever
 * began it may use the catalogue. Closing waits for it.
 */
final class Aside<T> implements Closeable {

  private final Thread thread;
  private T result;
  private Throwable failure;

  Aside(String name, Callable<T> work) {
    this.thread =
        new Thread(
            () -> {
              try {
                result = work.call();
              } catch (Throwable e) {
                failure = e;
              }
            },
            "blksh-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * What it came to; waits for that.
   *
   * @throws BlkshException when it failed so, as any other failure
   */
  T get() {
    Workers.join(thread, () -> {});
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure != null) {
      throw new BlkshException("plan discs", String.valueOf(failure.getMessage()), failure);
    }
    return result;
  }

  @Override
  public void close() {
    Workers.join(thread, () -> {});
  }
}
