package blksh.store.bucket;

import blksh.store.bucket.BucketFailure.Kind;
import blksh.task.Waiting;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How requests are made: not more than so many a second, and those of which nothing is known again,
 * after pauses that grow, for a limited time. Once that has passed for one, no other waits as long:
 * for a moment all fail at once, and after that at the first attempt, until the server answers
 * again. Whoever waits can be stopped.
 */
final class RequestPatience {

  private static final long FIRST_PAUSE_NANOS = 50_000_000L;
  private static final long LONGEST_PAUSE_NANOS = 8_000_000_000L;

  /** For how long none is made after one was given up. */
  private static final long QUIET_NANOS = 3_000_000_000L;

  /** Requests that may be made at once after a while in which there were none. */
  private static final int BURST = 50;

  private final String place;
  private final long limitNanos;
  private final long gapNanos;
  private final BucketTraffic traffic;

  /** When the next request may be made, in {@link System#nanoTime}; guarded by this. */
  private long due = System.nanoTime();

  /** Null while the server answers. */
  private volatile GivenUp givenUp;

  /**
   * That a request was made for as long as it may be, in vain.
   *
   * @param at when, in {@link System#nanoTime}
   */
  private record GivenUp(BucketFailure failure, long at) {}

  /**
   * @param place of the bucket, for people
   * @param perSecond requests, at most
   * @param limitNanos for how long a request is made again
   */
  RequestPatience(String place, int perSecond, long limitNanos, BucketTraffic traffic) {
    this.place = place;
    this.gapNanos = 1_000_000_000L / perSecond;
    this.limitNanos = limitNanos;
    this.traffic = traffic;
  }

  /** A request, made once. */
  interface Request<T> {
    T make() throws BucketFailure;
  }

  /**
   * Makes a request until something is known.
   *
   * @throws BucketFailure DOUBTFUL when the limit has passed
   */
  <T> T insist(Request<T> request) throws IOException {
    Tries tries = new Tries();
    while (true) {
      try {
        return once(request);
      } catch (BucketFailure e) {
        if (e.kind() != Kind.DOUBTFUL) {
          throw e;
        }
        tries.pause(e);
      }
    }
  }

  /** Makes a request once, as soon as it may be made. An interrupt of the thread is kept. */
  <T> T once(Request<T> request) throws BucketFailure {
    GivenUp lately = givenUp;
    if (lately != null && System.nanoTime() - lately.at < Math.min(QUIET_NANOS, limitNanos)) {
      throw new BucketFailure(Kind.DOUBTFUL, lately.failure.getMessage(), lately.failure);
    }
    pace();
    traffic.request();
    boolean interrupted = Thread.interrupted();
    try {
      T answer = request.make();
      givenUp = null;
      return answer;
    } catch (BucketFailure e) {
      if (e.kind() != Kind.DOUBTFUL) {
        givenUp = null;
      }
      throw e;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void pace() {
    long wait;
    synchronized (this) {
      long now = System.nanoTime();
      due = Math.max(due, now - BURST * gapNanos) + gapNanos;
      wait = due - now;
    }
    if (wait > 0) {
      try (Waiting waiting = new Waiting("use " + place, "waiting for the limit of requests")) {
        for (long end = System.nanoTime() + wait; System.nanoTime() < end; ) {
          waiting.turn();
        }
      }
    }
  }

  /** What is tried again, from the first time on. */
  final class Tries {
    private final long began = System.nanoTime();
    private long pause = FIRST_PAUSE_NANOS;

    /**
     * Lets time pass after a failure.
     *
     * @throws BucketFailure that one, when it has been tried for long enough, or another has been
     */
    void pause(BucketFailure failure) throws BucketFailure {
      long now = System.nanoTime();
      GivenUp lately = givenUp;
      if (lately != null && failure.getCause() == lately.failure) {
        throw failure; // of no request
      }
      if (lately != null || now - began > limitNanos) {
        givenUp = new GivenUp(failure, now);
        throw failure;
      }
      long wait = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2);
      pause = Math.min(LONGEST_PAUSE_NANOS, 2 * pause);
      String phase = "the server does not answer as it should, trying again";
      try (Waiting waiting = new Waiting("use " + place, phase)) {
        for (long end = now + wait; System.nanoTime() < end; ) {
          waiting.turn();
        }
      }
    }
  }
}
