package blksh.session;

import blksh.task.Pace;
import blksh.task.Task;
import blksh.view.Columns;
import blksh.view.Visible;
import blksh.view.Words;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Shows the running operations on standard error: on a terminal a live line each, redrawn in place;
 * elsewhere a plain line each at intervals, so that a log stays readable.
 */
public final class Progress implements AutoCloseable {

  private static final long LIVE_MILLIS = 100;
  private static final long PLAIN_MILLIS = 10_000;

  /** Operations shorter than this never show; a flicker tells nobody anything. */
  private static final Duration PATIENCE = Duration.ofMillis(400);

  private static final String CLEAR_BELOW = "\033[J";

  private final Supplier<List<Task>> running;
  private final Console console;
  private final PrintStream err;
  private final boolean live;
  private final Thread thread;
  private List<String> printed = List.of();
  private int drawn;
  private volatile boolean closed;

  /**
   * Shows the operations until closed.
   *
   * @param running the operations of now, oldest first
   */
  Progress(Console console, Supplier<List<Task>> running) {
    this.running = running;
    this.console = console;
    this.err = console.bareErr();
    this.live = console.liveErr();
    this.thread = new Thread(this::watch, "blksh progress");
    thread.setDaemon(true);
    if (live) {
      console.beforePrinting(this::erase);
    }
    thread.start();
  }

  private void watch() {
    try {
      while (!closed) {
        Thread.sleep(live ? LIVE_MILLIS : PLAIN_MILLIS);
        synchronized (this) {
          if (!closed) {
            try {
              draw();
            } catch (OutOfMemoryError crowded) {
              // What takes the memory will end; then there is progress again.
              continue;
            }
          }
        }
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the live lines off the screen, to be drawn again below what is printed now. */
  private synchronized void erase() {
    if (drawn > 0) {
      err.print("\033[" + drawn + "F" + CLEAR_BELOW);
      err.flush();
      drawn = 0;
    }
  }

  private void draw() {
    Screen screen = console.screen();
    if (screen != null && screen.editing()) {
      drawn = 0;
      screen.live(lines());
      return;
    }
    List<String> lines = new ArrayList<>(lines());
    if (!lines.isEmpty()) {
      console.unnote();
    }
    if (!live) {
      // A log need not say again and again that nothing has changed.
      List<String> now = List.copyOf(lines);
      lines.removeAll(printed);
      printed = now;
    }
    StringBuilder text = new StringBuilder();
    if (live && drawn > 0) {
      text.append("\033[").append(drawn).append("F").append(CLEAR_BELOW);
    }
    lines.forEach(line -> text.append(line).append('\n'));
    if (text.length() > 0) {
      err.print(text);
      err.flush();
    }
    drawn = live ? lines.size() : 0;
  }

  /** The lines of now, no wider than a terminal. */
  private List<String> lines() {
    int width = live ? console.width() : Integer.MAX_VALUE;
    List<String> lines = new ArrayList<>();
    for (Task task : running.get()) {
      if (task.elapsed().compareTo(PATIENCE) >= 0 && !task.ended()) {
        lines.add(Visible.of(line(task)));
      }
    }
    lines.replaceAll(line -> Columns.head(line, width - 1));
    return lines;
  }

  /** One operation in words: {@code capture sda: 1.2 GiB of 4 GiB, 30 %, 310 MiB/s, 9 s left}. */
  static String line(Task task) {
    StringBuilder text = new StringBuilder(task.verb());
    if (!task.subject().isEmpty()) {
      text.append(' ').append(task.subject());
    }
    return text.append(": ").append(figures(Pace.of(task))).toString();
  }

  /** How far an operation has come: {@code 1.2 GiB of 4 GiB, 30 %, 310 MiB/s, 9 s left}. */
  public static String figures(Pace pace) {
    StringBuilder text = new StringBuilder();
    if (!pace.phase().isEmpty()) {
      text.append(pace.phase()).append(", ");
    }
    long done = pace.done();
    long total = pace.total();
    if (done > 0 || total >= 0 || text.length() == 0) {
      text.append(Words.size(done));
    } else {
      text.setLength(text.length() - 2);
    }
    if (total > 0) {
      text.append(" of ").append(Words.size(total));
      text.append(", ").append(done * 100 / total).append(" %");
    }
    pace.rate().ifPresent(rate -> text.append(", ").append(Words.size(rate)).append("/s"));
    pace.left().ifPresent(left -> text.append(", ").append(Words.duration(left)).append(" left"));
    return text.toString();
  }

  @Override
  public void close() {
    closed = true;
    console.beforePrinting(null);
    erase();
    thread.interrupt();
  }
}
