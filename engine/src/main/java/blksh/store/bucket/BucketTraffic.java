package blksh.store.bucket;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What went between this process and a bucket since it was opened. */
final class BucketTraffic {

  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong dear = new AtomicLong();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong received = new AtomicLong();

  void request() {
    requests.incrementAndGet();
  }

  /** One of those that are {@link #request}s too: puts, copies and lists. */
  void dear() {
    dear.incrementAndGet();
  }

  void sent(long bytes) {
    sent.addAndGet(bytes);
  }

  void received(long bytes) {
    received.addAndGet(bytes);
  }

  /**
   * {@code requests}, those that failed too; {@code dear}, how many of them were puts, copies and
   * lists, for which servers take more money; {@code sent} and {@code received}, bytes of objects,
   * as often as each went.
   */
  Map<String, Long> figures() {
    Map<String, Long> figures = new LinkedHashMap<>();
    figures.put("requests", requests.get());
    figures.put("dear", dear.get());
    figures.put("sent", sent.get());
    figures.put("received", received.get());
    return figures;
  }
}
