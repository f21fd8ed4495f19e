package blksh.store.bucket;

import blksh.store.bucket.BucketFailure.Kind;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Puts an object so that it is known in the end who did. A request whose answer is lost may have
 * been done, be done later, or never; made again it would be answered that the name is taken, by
 * itself. So each put has a random word with it, and after every answer that is not plain the
 * object is looked at:
 *
 * <ul>
 *   <li>It has this word: it was put.
 *   <li>It has another: somebody else was first.
 *   <li>There is none: the same bytes are put again with the same word, so that an earlier request
 *       that is done a little late does nothing else.
 * </ul>
 *
 * <p>One that is done much later, after the object was replaced or removed again, is done all the
 * same: what was there comes back. Nobody can take back a request that is on its way.
 */
final class PutOnce {

  private static final SecureRandom RANDOM = new SecureRandom();

  private final BucketRequests requests;
  private final RequestPatience patience;
  private final BucketTraffic traffic;

  PutOnce(BucketRequests requests, RequestPatience patience, BucketTraffic traffic) {
    this.requests = requests;
    this.patience = patience;
    this.traffic = traffic;
  }

  /**
   * Puts an object where there is none.
   *
   * @return false when somebody else did
   */
  boolean create(String key, PutContent content) throws IOException {
    return put(key, content, true);
  }

  /** Puts an object over what is there. */
  boolean replace(String key, PutContent content) throws IOException {
    return put(key, content, false);
  }

  private boolean put(String key, PutContent content, boolean absent) throws IOException {
    content.digestOnce();
    byte[] random = new byte[16];
    RANDOM.nextBytes(random);
    String word = HexFormat.of().formatHex(random);
    RequestPatience.Tries tries = patience.new Tries();
    while (true) {
      try {
        patience.once(
            () -> {
              requests.put(key, content, absent, word);
              return null;
            });
        traffic.sent(content.size());
        return true;
      } catch (BucketFailure e) {
        traffic.sent(e.kind() == Kind.DOUBTFUL ? content.size() : 0);
        content.mustBeRead();
        if (e.kind() != Kind.DOUBTFUL && e.kind() != Kind.TAKEN) {
          throw e;
        }
        BucketRequests.Found found = look(key);
        if (found != null && word.equals(found.write()) && found.size() == content.size()) {
          return true;
        }
        if (found != null && absent) {
          return false;
        }
        tries.pause(e);
      }
    }
  }

  /** Null when there is none. */
  private BucketRequests.Found look(String key) throws IOException {
    try {
      return patience.insist(() -> requests.head(key));
    } catch (BucketFailure e) {
      if (e.kind() == Kind.MISSING) {
        return null;
      }
      throw e;
    }
  }
}
