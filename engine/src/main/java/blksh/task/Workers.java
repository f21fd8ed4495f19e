package blksh.task;

import blksh.BlkshException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Threads that work on one operation together. They belong to the engine: an interrupt of the
 * thread that waits for them becomes a wish to cancel, and never reaches a file they have open.
 */
public final class Workers {

  /** Those a thread works with; null on any other thread. */
  private static final ThreadLocal<Group> GROUP = new ThreadLocal<>();

  private Workers() {}

  /** Workers on one operation, and those one of whom began it. */
  private record Group(AtomicReference<Throwable> failure, Group outer) {
    private boolean hasFailed() {
      return failure.get() != null || outer != null && outer.hasFailed();
    }
  }

  /** Whether one of those this thread works with has failed, so that nobody needs what it does. */
  static boolean othersFailed() {
    Group group = GROUP.get();
    return group != null && group.hasFailed();
  }

  /** What each worker does; it ends by itself when there is no more, or another has failed. */
  public interface Body {
    void work() throws Exception;
  }

  /** As many workers as keep all cores busy; one more only makes them change places. */
  public static int count() {
    return Math.max(2, Runtime.getRuntime().availableProcessors());
  }

  /** Runs one piece of work on a thread of the engine and waits for its result. */
  public static <T> T call(Task task, Callable<T> work) {
    AtomicReference<T> result = new AtomicReference<>();
    run(task, 1, () -> result.set(work.call()), () -> {});
    return result.get();
  }

  /**
   * Runs the body on {@code count} threads and waits for all of them.
   *
   * @param onFailure called once, at the first failure, to make the other workers end
   * @throws BlkshException the first failure
   */
  public static void run(Task task, int count, Body body, Runnable onFailure) {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Group group = new Group(failure, GROUP.get());
    Runnable guarded =
        () -> {
          task.isCurrent();
          GROUP.set(group);
          try {
            body.work();
          } catch (Throwable e) {
            if (failure.compareAndSet(null, e)) {
              onFailure.run();
            } else if (failure.get() != e) {
              failure.get().addSuppressed(e);
            }
          }
        };
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Thread thread = new Thread(guarded, "blksh-" + task.verb() + "-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    threads.forEach(each -> join(each, task::cancel));
    Throwable first = failure.get();
    if (first instanceof RuntimeException e) {
      throw e;
    }
    if (first instanceof Error e) {
      throw e;
    }
    if (first != null) {
      throw new BlkshException(
          task.verb() + " " + task.subject(), String.valueOf(first.getMessage()), first);
    }
  }

  /**
   * Waits until a thread has ended, whatever interrupts; an interrupt is kept for who comes next.
   *
   * @param interrupted what is done at each interrupt
   */
  public static void join(Thread thread, Runnable interrupted) {
    boolean kept = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        kept = true;
        interrupted.run();
      }
    }
    if (kept) {
      Thread.currentThread().interrupt();
    }
  }
}
