package blksh.store.pack;

import java.security.MessageDigest;

/** Proves pages by their digests. Used by one thread at a time. */
final class PageProof {

  private final MessageDigest sha = Page.sha256();
  private final byte[] digest = new byte[Page.DIGEST];

  /** Whether bytes are the page of a digest. */
  boolean holds(byte[] bytes, int offset, int length, byte[] digests, int digestAt) {
    Page.digest(sha, bytes, offset, length, digest, 0);
    return Page.sameDigest(digest, 0, digests, digestAt);
  }
}
