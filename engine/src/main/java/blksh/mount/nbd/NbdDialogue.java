package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.task.CancelledException;
import blksh.task.Waiting;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * What is asked of a server for an export, over one connection after another. When one was cut
 * whoever waits makes another and asks again what had not been answered; an export that is not the
 * same any more is refused. A request that gets every connection cut is found out, and one that is
 * never answered: neither is asked for ever. Any thread may ask.
 */
final class NbdDialogue implements Closeable {

  private static final long FIRST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 15_000;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Connections in a row on which nothing was answered. */
  private static final int MOST_BARREN = 8;

  /** Cuts with one request under way, among others, until it has a connection for itself. */
  private static final int MOST_TRIES = 3;

  /** Connections for itself that a request may have. */
  private static final int MOST_ALONE = 2;

  /** How long a request may be under way on a connection on which others are answered. */
  static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(15);

  private final NbdAddress address;
  private final Optional<String> bitmap;
  private final long silenceNanos;
  private final long longestNanos;
  private final ReentrantLock opening = new ReentrantLock();
  private NbdTerms terms; // set before anybody else sees this
  private volatile NbdLink link;
  private volatile boolean closed;
  private volatile int reconnects;

  /** Guarded by opening. */
  private int barren;

  /**
   * Makes the first connection.
   *
   * @param bitmap which is wanted with the export, and all others there are
   * @param silenceNanos how long a server may owe an answer and send nothing
   * @param longestNanos how long one request may be under way while others are answered
   */
  static NbdDialogue begin(
      NbdAddress address, Optional<String> bitmap, long silenceNanos, long longestNanos) {
    NbdDialogue dialogue = new NbdDialogue(address, bitmap, silenceNanos, longestNanos);
    try {
      dialogue.ready();
      return dialogue;
    } catch (RuntimeException e) {
      dialogue.close();
      throw e;
    }
  }

  private NbdDialogue(
      NbdAddress address, Optional<String> bitmap, long silenceNanos, long longestNanos) {
    this.address = address;
    this.bitmap = bitmap;
    this.silenceNanos = silenceNanos;
    this.longestNanos = longestNanos;
  }

  NbdAddress address() {
    return address;
  }

  /** How the export was served at first. */
  NbdTerms terms() {
    return terms;
  }

  /** How often the connection had to be made again. */
  int reconnects() {
    return reconnects;
  }

  /** A connection that is there, if one is; else null. */
  NbdLink link() {
    NbdLink used = link;
    return closed || used.isDead() ? null : used;
  }

  // ---- connections ---------------------------------------------------------------------------

  /** A connection, made again when it must be. */
  NbdLink ready() {
    NbdLink used = link;
    if (used != null && !used.isDead()) {
      return used;
    }
    try (Waiting waiting = waiting()) {
      waiting.take(opening);
      try {
        return reopen(waiting);
      } finally {
        opening.unlock();
      }
    }
  }

  private NbdLink reopen(Waiting waiting) {
    NbdLink used = link;
    if (used != null && !used.isDead()) {
      return used;
    }
    mustBeOpen();
    if (used != null) {
      mustBeWorthwhile(used, waiting);
    }
    NbdLink next = another(waiting);
    if (used != null) {
      reconnects++;
    }
    link = next;
    if (closed) { // whoever closes after this look finds it
      next.close();
      mustBeOpen();
    }
    return next;
  }

  /** Makes another connection to the same export. */
  private NbdLink another(Waiting waiting) {
    long began = System.nanoTime();
    boolean first = link == null;
    for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      NbdLink next = NbdLink.begin(address, bitmap, silenceNanos);
      boolean kept = false;
      try {
        agree(next, waiting);
        kept = true;
        return next;
      } catch (IOException e) {
        if (first || System.nanoTime() - began > PATIENCE_NANOS) {
          String action = first ? "open " : "go on with ";
          throw new BlkshException(action + address, IoFailure.reason(e), e)
              .suggest("see that the server runs and can be reached: nbdinfo tells");
        }
      } finally {
        if (!kept) {
          next.close();
        }
      }
      pause(pause, waiting);
    }
  }

  private void mustBeWorthwhile(NbdLink dead, Waiting waiting) {
    if (dead.refusal() != null) {
      throw dead.refusal();
    }
    barren = dead.wasUseful() ? 0 : barren + 1;
    if (barren > MOST_BARREN) {
      throw new BlkshException(
              "go on with " + address,
              "it is cut again and again before anything comes, at last: " + dead.death())
          .suggest("see what is between here and there, and whether the disk there answers");
    }
    if (barren > 0) {
      pause(Math.min(FIRST_PAUSE_MILLIS << barren, LONGEST_PAUSE_MILLIS), waiting);
    }
  }

  private void agree(NbdLink next, Waiting waiting) throws IOException {
    NbdTerms found;
    try {
      found = await(next.terms(), next, waiting, () -> {});
    } catch (IOException e) {
      if (next.refusal() != null) {
        throw next.refusal();
      }
      throw e;
    }
    if (terms == null) {
      terms = found;
      return;
    }
    String difference = terms.difference(found);
    if (difference != null) {
      throw new BlkshException(
              "go on with " + address, "there is another export now: " + difference)
          .suggest("capture again what is to be captured");
    }
  }

  private void pause(long millis, Waiting waiting) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() < end) {
      mustBeOpen();
      waiting.turn();
    }
  }

  Waiting waiting() {
    return new Waiting("read " + address, "waiting for " + address.server());
  }

  void mustBeOpen() {
    if (closed) {
      throw new BlkshException("read " + address, "it was closed");
    }
  }

  /** Waits for something that a link brings. */
  private <T> T await(Future<T> answer, NbdLink used, Waiting waiting, Runnable meanwhile)
      throws IOException {
    while (true) {
      try {
        return answer.get(100, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        waiting.check();
        mustBeOpen();
        used.watch();
        meanwhile.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancelledException("read " + address);
      } catch (ExecutionException e) {
        throw new IOException(IoFailure.reason((IOException) e.getCause()), e);
      }
    }
  }

  // ---- asking --------------------------------------------------------------------------------

  /** A request on one of the connections, and how it is asked again. */
  static final class Asked<R extends NbdRequest> {
    private final Function<NbdTerms, R> making;
    private NbdLink used;
    private R request;
    private long askedNanos = System.nanoTime();

    /** Connections that were lost with it under way. */
    private int cuts;

    private Asked(Function<NbdTerms, R> making) {
      this.making = making;
    }
  }

  /** Asks. @param making the request, by how the export is served on the connection it goes over */
  <R extends NbdRequest> Asked<R> ask(Function<NbdTerms, R> making) {
    Asked<R> asked = new Asked<>(making);
    askAgain(asked);
    return asked;
  }

  /** Takes up what was asked before. @param used over which connection */
  <R extends NbdRequest> Asked<R> takeUp(NbdLink used, R request, Function<NbdTerms, R> making) {
    Asked<R> asked = new Asked<>(making);
    asked.used = used;
    asked.request = request;
    return asked;
  }

  private <R extends NbdRequest> void askAgain(Asked<R> asked) {
    asked.used = ready();
    asked.request = asked.making.apply(asked.used.agreed());
    asked.askedNanos = System.nanoTime();
    asked.used.send(asked.request);
  }

  /**
   * Waits until it is answered, over whatever connection.
   *
   * @throws Unanswerable when the connection is cut whenever it is asked
   */
  <R extends NbdRequest> R answered(Asked<R> asked, Waiting waiting) {
    while (true) {
      try {
        awaitAnswer(asked, waiting);
        return asked.request;
      } catch (IOException e) {
        if (asked.used.refusal() != null) {
          throw asked.used.refusal();
        }
        if (++asked.cuts >= MOST_TRIES) {
          alone(asked, waiting);
        } else {
          askAgain(asked);
        }
      }
    }
  }

  private <R extends NbdRequest> void awaitAnswer(Asked<R> asked, Waiting waiting)
      throws IOException {
    await(
        asked.request.answer(),
        asked.used,
        waiting,
        () -> {
          if (System.nanoTime() - asked.askedNanos > longestNanos) {
            throw new BlkshException(
                    "read " + address,
                    "the server has not answered for %d seconds, though it answers others"
                        .formatted(TimeUnit.NANOSECONDS.toSeconds(longestNanos)))
                .at(asked.request.position)
                .suggest("see what the disk there does");
          }
        });
  }

  /**
   * Asks where nothing else is asked: who is cut among many need not be the reason. It has been
   * answered after this.
   */
  private <R extends NbdRequest> void alone(Asked<R> asked, Waiting waiting) {
    IOException last = null;
    for (int i = 0; i < MOST_ALONE; i++) {
      pause(FIRST_PAUSE_MILLIS << 2 * i, waiting);
      try (NbdLink own = another(waiting)) {
        asked.used = own;
        asked.request = asked.making.apply(own.agreed());
        asked.askedNanos = System.nanoTime();
        own.send(asked.request);
        awaitAnswer(asked, waiting);
        return;
      } catch (IOException e) {
        if (asked.used.refusal() != null) {
          throw asked.used.refusal();
        }
        last = e;
        if (asked.used.wasSilent()) { // for its parts nobody has the time
          throw new BlkshException(
                  "read " + address, "the server does not answer: " + IoFailure.reason(e), e)
              .at(asked.request.position)
              .suggest("see what the disk there does");
        }
      }
    }
    waiting.take(opening);
    try {
      barren = 0; // it is known why
    } finally {
      opening.unlock();
    }
    throw new Unanswerable(address, asked.request, IoFailure.reason(last));
  }

  /** The connection is cut whenever this is asked for, also where nothing else is. */
  static final class Unanswerable extends BlkshException {
    Unanswerable(NbdAddress address, NbdRequest request, String death) {
      super(
          "read " + address, "the connection is cut whenever this is asked for, at last: " + death);
      at(request.position);
      suggest("see what the server says of it");
    }
  }

  /** Takes leave of the server; whoever waits fails. */
  @Override
  public void close() {
    closed = true;
    NbdLink used = link;
    if (used != null) {
      used.close();
    }
  }
}
