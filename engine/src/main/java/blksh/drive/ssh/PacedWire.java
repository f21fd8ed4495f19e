package blksh.drive.ssh;

import blksh.task.Waiting;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** One connection, held to what all that share a {@link Bandwidth} may move. */
final class PacedWire {

  /** What is no longer passes at once, and others wait for it. */
  private static final int SHORT = 2 << 10;

  /** How long who waits looks at nothing else. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Supplier<Optional<Bandwidth>> limit;
  private volatile boolean resting;

  /**
   * @param limit asked each time: it may become another
   */
  PacedWire(Supplier<Optional<Bandwidth>> limit) {
    this.limit = limit;
  }

  /** Bytes a second; nothing for all it can. */
  Optional<Long> rate() {
    return limit.get().map(Bandwidth::rate);
  }

  /** Notes bytes that nobody waits for. */
  void note(long bytes) {
    limit.get().ifPresent(each -> each.take(bytes));
  }

  /**
   * Waits until some bytes may be sent.
   *
   * @param over asked whether it is to wait no more
   * @param waits told from time to time that it does
   * @throws blksh.task.CancelledException as {@link Waiting}
   */
  void awaitRoom(int bytes, Waiting waiting, BooleanSupplier over, Runnable waits) {
    long nanos = limit.get().map(each -> each.take(bytes)).orElse(0L);
    if (nanos <= 0 || bytes <= SHORT) {
      return;
    }
    long end = System.nanoTime() + nanos;
    while (end - System.nanoTime() > 0 && !over.getAsBoolean()) {
      waiting.turn();
      waits.run();
    }
  }

  /**
   * Some bytes have come: waits before more are read, so that the other side does not send more
   * either.
   *
   * @param over asked from time to time whether it is to wait no more
   */
  void came(int bytes, BooleanSupplier over) {
    long nanos = limit.get().map(each -> each.take(bytes)).orElse(0L);
    if (nanos <= 0) {
      return;
    }
    long end = System.nanoTime() + nanos;
    resting = true;
    try {
      for (long left = nanos; left > 0 && !over.getAsBoolean(); left = end - System.nanoTime()) {
        LockSupport.parkNanos(Math.min(left, LOOK_NANOS));
      }
    } finally {
      resting = false;
    }
  }

  /** Whether who reads waits, and not for the other side. */
  boolean isResting() {
    return resting;
  }
}
