package blksh.snapshot;

import blksh.io.IoFailure;
import blksh.io.SystemCallException;
import java.io.IOException;

/** That a file could not be read, as opposed to written: the cause says why. */
final class UnreadSource extends IOException {

  /** Reads something. */
  interface Reading<T> {
    T read() throws IOException;
  }

  UnreadSource(IOException cause) {
    super(IoFailure.reason(cause), cause);
  }

  /** Does something of which a failure is the file's that is read. */
  static <T> T call(Reading<T> reading) throws UnreadSource {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new UnreadSource(e);
    }
  }

  /** Why. */
  IOException why() {
    return (IOException) getCause();
  }

  /** Whether the file is gone, which is no fault. */
  boolean isGone() {
    return why() instanceof SystemCallException call && call.isGone();
  }
}
