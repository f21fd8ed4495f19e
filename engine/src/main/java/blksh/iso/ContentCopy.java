package blksh.iso;

import blksh.BlkshException;
import blksh.iso.DiscFault.Kind;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A content that is being copied to the disc: what was found wrong with it, and its digest. */
final class ContentCopy {

  private final DiscContent content;
  private final byte[] path;
  private final ContentDigest expected;
  private final MessageDigest digest;

  /** Set while it is read, looked at when all of it was. */
  private Kind kind;

  private String problem;

  /**
   * @param expected null when nothing is
   */
  ContentCopy(DiscContent content, byte[] path, ContentDigest expected) {
    this.content = content;
    this.path = path;
    this.expected = expected;
    this.digest = expected == null ? null : begin(expected.algorithm());
  }

  private static MessageDigest begin(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new BlkshException("prove contents by " + algorithm, "it is not known here", e);
    }
  }

  long id() {
    return content.id();
  }

  long size() {
    return content.size();
  }

  boolean isLast() {
    return content.last();
  }

  /** Notes what is wrong; the first thing counts. */
  void fault(Kind kind, String problem) {
    if (this.kind == null) {
      this.kind = kind;
      this.problem = problem;
    }
  }

  void update(ByteBuffer bytes) {
    if (digest != null) {
      digest.update(bytes);
    }
  }

  /** Tells what became of it. @return what is wrong with it, or null */
  DiscFault tell(DiscContents contents) {
    ContentDigest written =
        digest == null ? null : new ContentDigest(expected.algorithm(), digest.digest());
    if (written != null && !written.equals(expected)) {
      fault(Kind.CHANGED, "its content is another than when it was looked at");
    }
    DiscFault fault = kind == null ? null : new DiscFault(content.id(), path, kind, problem);
    contents.written(content.id(), written, fault);
    return fault;
  }
}
