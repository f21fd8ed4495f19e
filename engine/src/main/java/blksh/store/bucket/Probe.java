package blksh.store.bucket;

import blksh.store.bucket.BucketFailure.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Makes sure, once in a process and before anything is put, that a server heeds {@code
 * If-None-Match: *}: an object that is there is put again on that condition, which must be refused.
 * There are servers that cannot do it, and some that take it and put the object all the same: two
 * machines would then write over each other's versions.
 */
final class Probe {

  /** The object; there is no more to it than that it is there. */
  static final String NAME = "probe";

  /** Requests until it is given up: an object that was just made may have to be made again. */
  private static final int ATTEMPTS = 3;

  private final BucketRequests requests;
  private final RequestPatience patience;
  private final String key;
  private final String place;
  private boolean passed;

  Probe(BucketRequests requests, RequestPatience patience, String prefix, String place) {
    this.requests = requests;
    this.patience = patience;
    this.key = prefix + NAME;
    this.place = place;
  }

  /**
   * @throws IOException when the server does not heed it, naming the place
   */
  synchronized void mustPass() throws IOException {
    if (passed) {
      return;
    }
    PutContent content = PutContent.of("blksh\n".getBytes(StandardCharsets.US_ASCII));
    content.digestOnce();
    boolean there = false;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      boolean made = made(content);
      if (!made) {
        passed = true;
        return;
      }
      if (there) {
        throw unable("it put an object although there was one, and it was told not to", null);
      }
      there = true;
    }
    throw unable("it cannot be told whether it heeds the condition", null);
  }

  /** Whether the server says that it put the object; false when it says that there is one. */
  private boolean made(PutContent content) throws IOException {
    try {
      patience.insist(
          () -> {
            requests.put(key, content, true, "probe");
            return null;
          });
      return true;
    } catch (BucketFailure e) {
      if (e.kind() == Kind.TAKEN) {
        return false;
      }
      if (e.kind() == Kind.UNABLE) {
        throw unable("it does not know the condition", e);
      }
      throw e;
    }
  }

  private IOException unable(String problem, IOException cause) {
    return new IOException(
        ("the server of %s cannot be written: asked to put an object only where there is none"
                + " (If-None-Match), %s; so two machines would write over each other's versions")
            .formatted(place, problem),
        cause);
  }
}
