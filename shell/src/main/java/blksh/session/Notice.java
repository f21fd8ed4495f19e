package blksh.session;

/**
 * What a person waits for, said on a terminal once that has taken half a second, and taken away at
 * its end. Logs are told nothing.
 */
public final class Notice {

  private static final long PATIENCE_MILLIS = 500;

  private final Console console;
  private final Thread thread;
  private boolean over;

  /** What is waited for. */
  public interface Waiting<T> {
    T end() throws InterruptedException;
  }

  /**
   * Waits for something.
   *
   * @param text what, in a few words: {@code "compiling…"}
   */
  public static <T> T during(Console console, String text, Waiting<T> work)
      throws InterruptedException {
    Notice notice = new Notice(console, text);
    try {
      return work.end();
    } finally {
      notice.close();
    }
  }

  private Notice(Console console, String text) {
    this.console = console;
    this.thread = new Thread(() -> say(text), "blksh notice");
    thread.setDaemon(true);
    thread.start();
  }

  private void say(String text) {
    try {
      Thread.sleep(PATIENCE_MILLIS);
    } catch (InterruptedException ended) {
      return;
    }
    synchronized (this) {
      if (!over) {
        console.note(text);
      }
    }
  }

  private synchronized void close() {
    over = true;
    thread.interrupt();
    console.makeWay();
  }
}
