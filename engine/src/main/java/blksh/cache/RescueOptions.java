package blksh.cache;

import java.time.Duration;

/**
 * How to rescue.
 *
 * @param retries passes over the bad sectors after everything was tried once, 0 or more
 * @param reverse run all passes in the other direction, from the end on
 * @param timeout give up when nothing could be read for so long; zero never does
 */
public record RescueOptions(int retries, boolean reverse, Duration timeout) {

  public RescueOptions {
    if (retries < 0) {
      throw new IllegalArgumentException("retries " + retries);
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout);
    }
  }

  /** Every sector once, forwards, whatever it takes. */
  public static RescueOptions defaults() {
    return new RescueOptions(0, false, Duration.ZERO);
  }

  public RescueOptions withRetries(int retries) {
    return new RescueOptions(retries, reverse, timeout);
  }

  public RescueOptions withReverse(boolean reverse) {
    return new RescueOptions(retries, reverse, timeout);
  }

  public RescueOptions withTimeout(Duration timeout) {
    return new RescueOptions(retries, reverse, timeout);
  }
}
