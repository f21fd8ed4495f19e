package blksh.prompt;

import blksh.dsl.Vocabulary;
import blksh.script.Scope;
import blksh.script.Sitting;
import blksh.script.kotlin.Repl;
import blksh.script.kotlin.Tokens;
import blksh.session.Notice;
import blksh.session.Session;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.terminal.Terminal;

/**
 * The compiler of entries: at a terminal it is got ready behind the prompt, elsewhere when it is
 * first needed.
 */
final class ReadyCompiler {

  private static final long BETWEEN_LESSONS_MILLIS = 3;

  /** Within this an entry that waited for the compiler begins to be compiled. */
  private static final long BEFORE_ENTRY_MILLIS = 20;

  /** How long the compiler waits at first, so that what is entered at once has the machine. */
  private static final long HEAD_START_MILLIS = 200;

  private final Session session;
  private final Vocabulary vocabulary;
  private final Sitting sitting;
  private final ThreadGroup threads;
  private final InitScript initScript;

  /** The compiler, once it is there. */
  private CompletableFuture<Repl> ready;

  /** Open when something waits for the compiler. */
  private final CountDownLatch wanted = new CountDownLatch(1);

  /** Compilations that go on. */
  private final AtomicInteger compiling = new AtomicInteger();

  /** Whether the part of it is there that tells tokens apart. */
  private volatile boolean lexer;

  /** The terminal that is conversed at; null elsewhere. */
  private Terminal terminal;

  /**
   * @param threads takes the threads that it starts
   */
  ReadyCompiler(
      Session session,
      Vocabulary vocabulary,
      Sitting sitting,
      ThreadGroup threads,
      InitScript initScript) {
    this.sitting = sitting;
    this.threads = threads;
    this.session = session;
    this.vocabulary = vocabulary;
    this.initScript = initScript;
  }

  /**
   * Begins to get it ready behind the prompt.
   *
   * @param learned done when it knows all that it will before entries
   */
  void warm(Terminal terminal, Runnable learned) {
    this.terminal = terminal;
    ready = new CompletableFuture<>();
    Thread thread = new Thread(threads, () -> warm(learned), "blksh compiler");
    thread.setDaemon(true);
    thread.start();
  }

  private void warm(Runnable learned) {
    try {
      Tokens.of("val a");
      lexer = true;
      // What the first TAB and the first entry will want.
      vocabulary.getStores();
      wanted.await(HEAD_START_MILLIS, TimeUnit.MILLISECONDS);
      Repl repl = new Repl(vocabulary, sitting, true);
      // An entry that waits already is warmed by itself, and only delayed by this.
      boolean more = true;
      while (more && wanted.getCount() > 0) {
        more = repl.warmUp();
      }
      initScript.enter(repl);
      repl.keep();
      ready.complete(repl);
      while (more) {
        letEntriesGoFirst();
        more = repl.warmUp();
      }
      while (repl.learn()) {
        Thread.sleep(BETWEEN_LESSONS_MILLIS);
      }
      learned.run();
    } catch (Throwable broken) {
      ready.completeExceptionally(broken);
    }
  }

  private void letEntriesGoFirst() throws InterruptedException {
    do {
      Thread.sleep(BEFORE_ENTRY_MILLIS);
    } while (isBusy());
  }

  /** Counts a compilation that begins (1) or ends (-1), waited for or not. */
  void busy(int change) {
    compiling.addAndGet(change);
  }

  /** Whether it compiles something: what must not wait does without it. */
  boolean isBusy() {
    return compiling.get() > 0;
  }

  /** Whether the part of it is there that tells tokens apart. */
  boolean lexes() {
    return lexer;
  }

  /** Says that something will wait for it. */
  void want() {
    wanted.countDown();
  }

  /** The compiler, waited for; without a terminal it is got ready now. */
  Repl get() throws InterruptedException {
    want();
    if (ready == null) {
      ready = CompletableFuture.completedFuture(new Repl(vocabulary, sitting, false));
    }
    try {
      return ready.get();
    } catch (ExecutionException broken) {
      throw new IllegalStateException("the Kotlin compiler did not start", broken.getCause());
    }
  }

  /**
   * The compiler, waited for as Ctrl-C allows.
   *
   * @throws InterruptedException when that was pressed
   */
  Repl awaited() throws InterruptedException {
    if (terminal == null || ready.isDone()) {
      return get();
    }
    try (Running running = new Running(session, terminal, threads)) {
      Repl.Outcome outcome =
          Notice.during(
              session.console(),
              Running.COMPILING,
              () -> running.run(evaluation -> Outcomes.of("", evaluation, this::get)));
      if (outcome instanceof Repl.Outcome.Value value) {
        return (Repl) value.getValue();
      }
      if (outcome instanceof Repl.Outcome.Threw threw
          && threw.getFailure() instanceof IllegalStateException broken) {
        throw broken;
      }
    }
    initScript.stop();
    throw new InterruptedException();
  }

  /** Forgets what entries have declared and what they came to, those of the init script aside. */
  void reset() throws InterruptedException {
    if (ready == null) {
      sitting.clear(List.of());
    } else {
      awaited().reset();
    }
  }

  /** The compiler if it is there, for what must not wait; without a terminal it always is. */
  Repl orNull() throws InterruptedException {
    return terminal == null ? get() : present();
  }

  /** The compiler if it is there: what must not wait does without. */
  private Repl present() {
    boolean present = ready != null && ready.isDone() && !ready.isCompletedExceptionally();
    return present ? ready.join() : null;
  }

  /** The value of a variable declared at the prompt; null when there is none. Never waits. */
  Object variable(String name) {
    Repl repl = present();
    return repl == null ? null : repl.variable(name);
  }

  /** What the compiler sees at the end of a text; null when it is not there yet. */
  Scope scope(String before) {
    Repl repl = present();
    return repl == null ? null : repl.scope(before);
  }

  /** What a package of Kotlin declares. */
  List<String> importable(String packageName) {
    Repl repl = present();
    return repl == null ? List.of() : repl.importable(packageName);
  }
}
