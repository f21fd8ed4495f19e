package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * What a program says on standard error: read to its end by a thread of its own, so that it never
 * waits, and kept as far as anybody reads.
 */
final class ErrorText {

  private static final int KEPT = 16 << 10;

  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private volatile boolean ended;

  /**
   * @param heard told of all that is kept, whenever there is more; whether it was a question, which
   *     is forgotten then
   */
  void follow(InputStream errors, Predicate<String> heard) {
    Thread thread = new Thread(() -> read(errors, heard), "blksh-ssh-errors");
    thread.setDaemon(true);
    thread.start();
  }

  private void read(InputStream errors, Predicate<String> heard) {
    byte[] buffer = new byte[4096];
    try (errors) {
      for (int count = errors.read(buffer); count >= 0; count = errors.read(buffer)) {
        add(buffer, count);
        if (heard.test(toString())) {
          clear();
        }
      }
    } catch (IOException closed) {
      // then it says no more
    } finally {
      ended = true;
    }
  }

  private synchronized void add(byte[] bytes, int count) {
    kept.write(bytes, 0, count);
    if (kept.size() > 2 * KEPT) {
      byte[] all = kept.toByteArray();
      kept.reset();
      kept.write(all, all.length - KEPT, KEPT);
    }
  }

  private synchronized void clear() {
    kept.reset();
  }

  /** Waits a moment for the last that is to come, of a program that has ended. */
  void awaitEnd() {
    try {
      for (int i = 0; i < 100 && !ended; i++) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public synchronized String toString() {
    byte[] all = kept.toByteArray();
    return new String(
        all.length > KEPT ? Arrays.copyOfRange(all, all.length - KEPT, all.length) : all, UTF_8);
  }
}
