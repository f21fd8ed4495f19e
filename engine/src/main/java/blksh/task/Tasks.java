package blksh.task;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The operations running now, in the order they began; a progress display reads this. */
public final class Tasks {

  private final List<Task> running = new CopyOnWriteArrayList<>();

  /** Begins a task that stays listed until it ends. */
  public Task begin(String verb, String subject) {
    Task task = new Task(verb, subject, running::remove);
    running.add(task);
    return task;
  }

  /** The running tasks, oldest first. */
  public List<Task> running() {
    return List.copyOf(running);
  }

  /** Asks every running task to stop. */
  public void cancelAll() {
    running.forEach(Task::cancel);
  }
}
