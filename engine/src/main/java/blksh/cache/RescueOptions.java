package blksh.cache;

import java.time.Duration;

/**
 * How to rescue.
 *
 * @param retries passes over the bad sectors after everything was tried once, 0 or more
 * @param reverse run all passes in the other direction, from the end on
 * @param timeout give up when nothing could be read for so long; zero never does
 * @param minRate bytes a second; the first passes skip areas that read slower, as they skip bad
 *     ones, and later passes read them; 0 skips none
 */
public record RescueOptions(int retries, boolean reverse, Duration timeout, long minRate) {

  public RescueOptions {
    if (retries < 0) {
      throw new IllegalArgumentException("retries " + retries);
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout);
    }
    if (minRate < 0) {
      throw new IllegalArgumentException("least rate " + minRate);
    }
  }

  /** Every sector once, forwards, whatever it takes. */
  public static RescueOptions defaults() {
    return new RescueOptions(0, false, Duration.ZERO, 0);
  }

  public RescueOptions withRetries(int retries) {
    return new RescueOptions(retries, reverse, timeout, minRate);
  }

  public RescueOptions withReverse(boolean reverse) {
    return new RescueOptions(retries, reverse, timeout, minRate);
  }

  public RescueOptions withTimeout(Duration timeout) {
    return new RescueOptions(retries, reverse, timeout, minRate);
  }

  public RescueOptions withMinRate(long minRate) {
    return new RescueOptions(retries, reverse, timeout, minRate);
  }
}
