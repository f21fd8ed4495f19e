package blksh.mount;

import blksh.block.CacheFigures;
import java.util.concurrent.atomic.LongAdder;

/** Counts traffic, from any thread. */
public final class TrafficMeter {

  private final LongAdder readers = new LongAdder();
  private final LongAdder requests = new LongAdder();
  private final LongAdder bytesRead = new LongAdder();
  private final LongAdder bytesWritten = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private volatile String lastFailure;

  /** A file or connection was opened. */
  public void opened() {
    readers.increment();
  }

  /** One was closed. */
  public void closed() {
    readers.decrement();
  }

  /** A request was answered with so many bytes. */
  public void read(long bytes) {
    requests.increment();
    bytesRead.add(bytes);
  }

  /** A request brought so many bytes. */
  public void wrote(long bytes) {
    requests.increment();
    bytesWritten.add(bytes);
  }

  /** A request failed. */
  public void failed(Throwable cause) {
    requests.increment();
    failures.increment();
    lastFailure = cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  /** What was counted so far, without what the sources below count. */
  public Traffic figures() {
    return new Traffic(
        readers.sum(),
        requests.sum(),
        bytesRead.sum(),
        bytesWritten.sum(),
        failures.sum(),
        CacheFigures.NONE,
        lastFailure);
  }
}
