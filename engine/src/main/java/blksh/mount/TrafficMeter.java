package blksh.mount;

import blksh.block.CacheFigures;
import java.util.concurrent.atomic.LongAdder;

/** Counts traffic, from any thread. */
final class TrafficMeter {

  private final LongAdder readers = new LongAdder();
  private final LongAdder requests = new LongAdder();
  private final LongAdder bytesRead = new LongAdder();
  private final LongAdder bytesWritten = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private volatile String lastFailure;

  void opened() {
    readers.increment();
  }

  void closed() {
    readers.decrement();
  }

  void read(long bytes) {
    requests.increment();
    bytesRead.add(bytes);
  }

  void wrote(long bytes) {
    requests.increment();
    bytesWritten.add(bytes);
  }

  void failed(Throwable cause) {
    requests.increment();
    failures.increment();
    lastFailure = cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  Traffic figures() {
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
