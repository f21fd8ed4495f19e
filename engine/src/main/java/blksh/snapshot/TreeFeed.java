package blksh.snapshot;

import blksh.BlkshException;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.Deque;

/** A walk that runs ahead of whoever takes its parts, by a few. */
final class TreeFeed implements Closeable {

  /** Parts that wait: each holds its directory open. */
  private static final int AHEAD = 32;

  private final Task task;
  private final Thread thread;

  /** Guarded by this, as all below. */
  private final Deque<TreePart> parts = new ArrayDeque<>();

  private boolean ended;
  private boolean stopped;
  private Throwable failure;

  TreeFeed(TreeScan walk, Task task) {
    this.task = task;
    this.thread = new Thread(() -> run(walk), "blksh-walk");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(TreeScan walk) {
    Throwable failed = null;
    try {
      walk.run(task, this::put);
    } catch (RuntimeException | Error e) {
      failed = e;
    }
    synchronized (this) {
      failure = failed;
      ended = true;
      notifyAll();
    }
  }

  private synchronized void put(TreePart part) {
    while (parts.size() >= AHEAD && !stopped) {
      await();
    }
    if (stopped) {
      throw new CancelledException(task.verb() + " " + task.subject());
    }
    part.retain();
    parts.add(part);
    if (parts.size() == 1) {
      notifyAll(); // who takes waits only where there is none
    }
  }

  private void await() {
    try {
      wait();
    } catch (InterruptedException e) {
      stopped = true;
      notifyAll();
    }
  }

  /**
   * The next part, which whoever takes it releases; null at the end.
   *
   * @throws BlkshException as the walk
   */
  synchronized TreePart next() {
    while (parts.isEmpty() && !ended && !stopped) {
      await();
    }
    TreePart part = parts.poll();
    if (parts.size() == AHEAD / 2) {
      notifyAll(); // who walks waits until there is room for some: to change places costs more
    }
    if (part == null && failure instanceof RuntimeException e) {
      throw e;
    }
    if (part == null && failure instanceof Error e) {
      throw e;
    }
    if (part == null && stopped) {
      throw new CancelledException(task.verb() + " " + task.subject());
    }
    return part;
  }

  /** Ends the walk, wherever it is. */
  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  @Override
  public void close() {
    stop();
    Workers.join(thread, () -> {});
    synchronized (this) {
      parts.forEach(TreePart::release);
      parts.clear();
    }
  }
}
