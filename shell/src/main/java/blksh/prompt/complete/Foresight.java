package blksh.prompt.complete;

import blksh.script.Scope;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What the compiler sees in the entry being typed, worked out behind the typing, so that it is
 * there when it is asked for. Places are known by the text before them.
 */
public final class Foresight {

  /** How long typing must rest; between strokes the machine is the typist's. */
  private static final long REST_MILLIS = 60;

  private static final int REMEMBERED = 32;

  private final Function<String, Scope> look;
  private final Map<String, CompletableFuture<Scope>> known = new LinkedHashMap<>();
  private ScheduledExecutorService worker;
  private String expected;

  /**
   * @param look asks the compiler; null when there is none yet
   */
  public Foresight(Function<String, Scope> look) {
    this.look = look;
  }

  /** Forgets everything: an entry was evaluated. */
  public synchronized void clear() {
    known.clear();
    expected = null;
  }

  /** What is known of a place; null when that is nothing so far. */
  synchronized Scope known(String before) {
    CompletableFuture<Scope> scope = known.get(before);
    return scope == null ? null : scope.getNow(null);
  }

  /** Says that a place may be asked about soon. */
  public synchronized void expect(String before, Runnable whenKnown) {
    if (!before.equals(expected) && !known.containsKey(before)) {
      worker().schedule(() -> begin(before, whenKnown), REST_MILLIS, TimeUnit.MILLISECONDS);
    }
    expected = before;
  }

  private void begin(String before, Runnable whenKnown) {
    CompletableFuture<Scope> scope;
    synchronized (this) {
      if (!before.equals(expected)) {
        return;
      }
      scope = ask(before);
    }
    scope.thenRun(whenKnown);
  }

  /** What the compiler sees at a place, as soon as it does. */
  synchronized CompletableFuture<Scope> ask(String before) {
    CompletableFuture<Scope> there = known.get(before);
    if (there != null) {
      return there;
    }
    CompletableFuture<Scope> scope = new CompletableFuture<>();
    known.put(before, scope);
    if (known.size() > REMEMBERED) {
      known.remove(known.keySet().iterator().next());
    }
    worker().execute(() -> look(before, scope));
    return scope;
  }

  private void look(String before, CompletableFuture<Scope> scope) {
    Scope seen = null;
    try {
      seen = look.apply(before);
    } catch (RuntimeException | StackOverflowError blind) {
      // An entry too strange for the compiler has nothing to offer.
    }
    if (seen == null) {
      synchronized (this) {
        known.remove(before, scope);
      }
    }
    scope.complete(seen == null ? Scope.EMPTY : seen);
  }

  private synchronized ScheduledExecutorService worker() {
    if (worker == null) {
      worker =
          Executors.newSingleThreadScheduledExecutor(
              work -> {
                Thread thread = new Thread(work, "blksh foresight");
                thread.setDaemon(true);
                return thread;
              });
    }
    return worker;
  }
}
