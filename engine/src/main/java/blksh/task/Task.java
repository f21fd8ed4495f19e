package blksh.task;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * One long operation as seen from outside: what it does, how many bytes are done of how many, and
 * the wish that it stop. The engine advances it from any thread; whoever shows progress polls it.
 *
 * <p>Progress only grows, and never past a known total.
 */
public final class Task {

  private static final ThreadLocal<Task> CURRENT = new ThreadLocal<>();

  private final String verb;
  private final String subject;
  private final long startedNanos = System.nanoTime();
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong resumed = new AtomicLong();
  private final List<String> findings = new ArrayList<>();
  private final List<String> notes = new CopyOnWriteArrayList<>();
  private final List<Runnable> onCancel = new CopyOnWriteArrayList<>();
  private final Consumer<Task> onEnd;
  private volatile long total = -1;
  private volatile String phase = "";
  private volatile boolean cancelled;
  private volatile long endedNanos;

  /**
   * @param verb what it does: {@code "capture"}
   * @param subject to what: {@code "server01.sda"}
   */
  public Task(String verb, String subject) {
    this(verb, subject, ended -> {});
  }

  Task(String verb, String subject, Consumer<Task> onEnd) {
    this.verb = verb;
    this.subject = subject;
    this.onEnd = onEnd;
  }

  /** A task nobody watches, for callers that need no progress. */
  public static Task unwatched() {
    return new Task("run", "");
  }

  /** What the {@link Workers} thread that asks works on; null on any other thread. */
  static Task current() {
    return CURRENT.get();
  }

  /** Says what this thread works on, all its life. */
  void isCurrent() {
    CURRENT.set(this);
  }

  public String verb() {
    return verb;
  }

  public String subject() {
    return subject;
  }

  /** States the total once it is known. @param bytes 0 or more, or -1 for unknown */
  public void expect(long bytes) {
    total = bytes;
  }

  /** Counts bytes as done; from any thread. @param bytes 0 or more */
  public void advance(long bytes) {
    done.addAndGet(bytes);
  }

  /** Counts bytes as done by an earlier attempt, which say nothing of how fast this one is. */
  public void resume(long bytes) {
    resumed.addAndGet(bytes);
    done.addAndGet(bytes);
  }

  /** Names the part of the work that runs now, in a word or two: {@code "sealing"}. */
  public void phase(String name) {
    phase = name;
  }

  /** Notes something the operation found and survived, such as a bad range; makes exit status 3. */
  public void finding(String sentence) {
    synchronized (findings) {
      findings.add(sentence);
    }
  }

  /** Notes something worth knowing that is as it was asked for: nothing was found wrong. */
  public void note(String sentence) {
    notes.add(sentence);
  }

  /** Bytes expected in all, or -1 when not known. */
  public long total() {
    return total;
  }

  /** Bytes done so far. */
  public long done() {
    long now = done.get();
    long all = total;
    return all >= 0 ? Math.min(now, all) : now;
  }

  /** Bytes of those done that an earlier attempt did. */
  public long resumed() {
    return resumed.get();
  }

  public String phase() {
    return phase;
  }

  public List<String> findings() {
    synchronized (findings) {
      return List.copyOf(findings);
    }
  }

  public List<String> notes() {
    return List.copyOf(notes);
  }

  /** Time since the task began, or its whole time once it ended. */
  public Duration elapsed() {
    long end = endedNanos;
    return Duration.ofNanos((end == 0 ? System.nanoTime() : end) - startedNanos);
  }

  public boolean ended() {
    return endedNanos != 0;
  }

  /** Marks the operation as over, whatever its outcome; later calls do nothing. */
  public void end() {
    if (endedNanos == 0) {
      endedNanos = System.nanoTime();
      onCancel.clear(); // a result keeps its task, and needs nothing of what worked on it
      onEnd.accept(this);
    }
  }

  /** Asks the operation to stop at the next safe point. */
  public void cancel() {
    cancelled = true;
    onCancel.forEach(Runnable::run);
  }

  /** Runs an action when the task is cancelled, at once if it already is; wakes blocked waits. */
  public void whenCancelled(Runnable action) {
    onCancel.add(action);
    if (cancelled) {
      action.run();
    }
  }

  /** Takes an action back that {@link #whenCancelled} was told: what it was for has ended. */
  public void notWhenCancelled(Runnable action) {
    onCancel.remove(action);
  }

  public boolean isCancelled() {
    return cancelled;
  }

  /**
   * A safe point: returns, or throws when somebody asked the operation to stop.
   *
   * @throws CancelledException when cancelled
   */
  public void checkCancelled() {
    if (cancelled) {
      throw new CancelledException(subject.isEmpty() ? verb : verb + " " + subject);
    }
  }
}
