package blksh.drive.ssh;

/**
 * How much may be on its way at a time: twice what the wire takes in the time there and back, so
 * that it is never idle; and no more, because all that is on its way is lost when it is cut. Used
 * by one thread at a time.
 */
final class Flight {

  /** Bytes that may always be on their way. */
  private static final long LEAST = 384 << 10;

  private static final long MOST = 16 << 20;
  private static final long WINDOW_NANOS = 200_000_000;
  private static final double SLOW = 0.9;

  private long roundNanos;
  private double share = 1;
  private long flying;
  private long limit = LEAST;
  private long windowBegan;
  private long windowBytes;

  /** Begins on a connection, where nothing is on its way. @param nanos there and back */
  void begin(long nanos) {
    roundNanos = nanos;
    flying = 0;
    windowBegan = 0;
    windowBytes = 0;
  }

  /** Whether more may be asked for. */
  boolean hasRoom() {
    return flying < limit;
  }

  /** Something was asked for. @return what it is expected to take, for {@link #landed} */
  long began(long bytes) {
    long expected = Math.max(1, (long) (bytes * share));
    flying += expected;
    return expected;
  }

  /** All of it has come. */
  void landed(long expected) {
    flying = Math.max(0, flying - expected);
  }

  /** Some bytes have come. @param packed of them, as they were moved */
  void came(long bytes, long packed, long nanos) {
    share = SLOW * share + (1 - SLOW) * Math.min(1, (double) packed / bytes);
    if (windowBegan == 0) {
      windowBegan = nanos;
    }
    windowBytes += packed;
    long passed = nanos - windowBegan;
    if (passed >= Math.max(WINDOW_NANOS, roundNanos)) {
      double rate = (double) windowBytes / passed;
      limit = Math.max(LEAST, Math.min(MOST, (long) (2 * rate * roundNanos)));
      windowBegan = nanos;
      windowBytes = 0;
    }
  }
}
