package blksh.session;

import blksh.task.CancelledException;
import blksh.task.Pace;
import blksh.task.Task;
import blksh.view.Described;
import blksh.view.Words;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Work in the background of a session, on a thread of its own: an evaluation of its own, so that
 * Ctrl-C at the prompt does not concern it.
 */
public final class Background {

  /** How far it has come. */
  public enum State {
    RUNNING,
    DONE,
    FAILED,
    /** Stopped because somebody asked for it. */
    CANCELLED
  }

  private static final InheritableThreadLocal<Background> CURRENT = new InheritableThreadLocal<>();
  private static final long NUDGE_MILLIS = 50;

  private final int id;
  private final String name;
  private final Evaluation evaluation;
  private final List<Task> tasks = new CopyOnWriteArrayList<>();
  private final Instant started = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private volatile long endedNanos;
  private volatile boolean cancelled;
  private volatile Object result;
  private volatile Throwable failure;

  /**
   * Begins.
   *
   * @param name what it does in a few words; empty to name it after its operations
   * @param whole what it is a part of
   * @param whenEnded told once it has ended
   */
  Background(
      int id, String name, Evaluation whole, Supplier<?> work, Consumer<Background> whenEnded) {
    this.evaluation = new Evaluation(whole);
    this.id = id;
    this.name = name;
    this.thread = new Thread(() -> run(work, whenEnded), "blksh job " + id);
    thread.setDaemon(true);
    thread.start();
  }

  private void run(Supplier<?> work, Consumer<Background> whenEnded) {
    CURRENT.set(this);
    evaluation.enter();
    try {
      result = work.get();
    } catch (Throwable thrown) {
      failure = thrown;
    } finally {
      endedNanos = System.nanoTime();
      ended.countDown();
      whenEnded.accept(this);
    }
  }

  /** The work the calling thread belongs to, or null. */
  static Background current() {
    return CURRENT.get();
  }

  /** Notes an operation as a part of this work. */
  void adopt(Task task) {
    tasks.add(task);
    if (cancelled) {
      task.cancel();
    }
  }

  boolean owns(Task task) {
    return tasks.contains(task);
  }

  public int id() {
    return id;
  }

  /** What it does. */
  public String name() {
    if (!name.isEmpty()) {
      return name;
    }
    if (tasks.isEmpty()) {
      return "-";
    }
    Task last = tasks.get(tasks.size() - 1);
    return (last.verb() + " " + last.subject()).strip();
  }

  public State state() {
    if (endedNanos == 0) {
      return State.RUNNING;
    }
    if (failure == null) {
      return State.DONE;
    }
    return cancelled && Failures.interrupted(failure) ? State.CANCELLED : State.FAILED;
  }

  public Instant started() {
    return started;
  }

  public Duration took() {
    long end = endedNanos;
    return Duration.ofNanos((end == 0 ? System.nanoTime() : end) - startedNanos);
  }

  /** What it came to; null while it runs and when it failed. */
  public Object result() {
    return result;
  }

  /** Progress while it runs, then what it came to or why it failed, in one line. */
  public String message() {
    if (state() == State.RUNNING) {
      return tasks.stream()
          .filter(task -> !task.ended())
          .reduce((before, task) -> task)
          .map(task -> Progress.figures(Pace.of(task)))
          .orElse("");
    }
    if (failure != null) {
      return Failures.message(failure);
    }
    if (result == null || result == kotlin.Unit.INSTANCE) {
      return "";
    }
    String text = result instanceof Described thing ? thing.title() : Words.of(result);
    return text.lines().findFirst().orElse("");
  }

  /**
   * Waits for its end. An interrupt ends the waiting and leaves the work at it.
   *
   * @return what it came to
   */
  public Object await() {
    try {
      ended.await();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new CancelledException("wait for job " + id);
    }
    if (failure != null) {
      throw Background.<RuntimeException>unchecked(failure);
    }
    return result;
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> RuntimeException unchecked(Throwable failure) throws T {
    throw (T) failure;
  }

  /** Throws an interrupt of waiting on; any other failure is the job's own affair. */
  public static void rethrowInterrupt(Throwable failure) {
    if (failure instanceof CancelledException && Thread.currentThread().isInterrupted()) {
      throw (CancelledException) failure;
    }
  }

  /** Asks it to stop at its next safe point; does not wait. */
  public void cancel() {
    if (state() != State.RUNNING) {
      return;
    }
    cancelled = true;
    evaluation.stop();
    tasks.forEach(Task::cancel);
    thread.interrupt();
  }

  /** Asks it to stop until it has, or some time is over. */
  void end(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (state() == State.RUNNING && System.nanoTime() < end) {
      cancel();
      thread.join(NUDGE_MILLIS);
    }
  }
}
