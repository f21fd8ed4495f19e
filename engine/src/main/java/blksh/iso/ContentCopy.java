package blksh.iso;

import blksh.iso.DiscFault.Kind;

/** A content that is being copied to the disc: what was found wrong with it, and its digest. */
final class ContentCopy {

  private final DiscContent content;
  private final byte[] path;
  private final ContentDigest expected;

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
  }

  /** How its digest is made; null when nothing is expected of it. */
  String algorithm() {
    return expected == null ? null : expected.algorithm();
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

  /**
   * Tells what became of it.
   *
   * @param digest of all of it; null when nothing is expected
   * @return what is wrong with it, or null
   */
  DiscFault tell(DiscContents contents, byte[] digest) {
    ContentDigest written = digest == null ? null : new ContentDigest(expected.algorithm(), digest);
    if (written != null && !written.equals(expected)) {
      fault(Kind.CHANGED, "its content is another than when it was looked at");
    }
    DiscFault fault = kind == null ? null : new DiscFault(content.id(), path, kind, problem);
    contents.written(content.id(), written, fault);
    return fault;
  }
}
