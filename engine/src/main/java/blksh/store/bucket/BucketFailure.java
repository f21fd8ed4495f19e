package blksh.store.bucket;

import java.io.IOException;

/** A request to an object store that did not do what it should. */
public final class BucketFailure extends IOException {

  /** What is known then. */
  public enum Kind {
    /** There is an object of that name, which there must not be. */
    TAKEN,
    /** There is no such object. */
    MISSING,
    /** The object ends before the bytes that were asked for. */
    PAST_END,
    /** The server does not let this user do it: he must not, or it does not know him. */
    DENIED,
    /** The server cannot do it. */
    UNABLE,
    /** Nothing: it may have been done or not, and may go well another time. */
    DOUBTFUL,
    /** It was not done, and will not be another time. */
    REFUSED
  }

  private final Kind kind;

  /**
   * @param problem for people; no secret is in it
   */
  public BucketFailure(Kind kind, String problem, Throwable cause) {
    super(problem, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
