package blksh.store;

import blksh.store.pack.Page;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * What a manifest itself says of the pages it names, so that a page need not be believed because of
 * where it lies: for every group of {@value #PAGES} pages of the image, in order, SHA-256 over the
 * digests of those that are data, cut to {@value #BYTES} bytes. A group without data has none.
 */
final class GroupProof {

  /** Pages of the image in a group. */
  static final int PAGES = 128;

  /** Bytes of a group's digest. */
  static final int BYTES = 16;

  /** Takes the digests of groups, in order. */
  interface Sink {
    void group(long number, byte[] digest) throws IOException;
  }

  private final Sink sink;
  private final MessageDigest sha = Page.sha256();
  private long page;
  private boolean any;

  GroupProof(Sink sink) {
    this.sink = sink;
  }

  /** Goes past pages that have no digest. */
  void skip(long count) throws IOException {
    long to = page + count;
    if (to / PAGES != page / PAGES) {
      end();
    }
    page = to;
  }

  /** Adds data pages by their digests. */
  void addData(byte[] digests, int at, int count) throws IOException {
    int done = 0;
    while (done < count) {
      int some = Math.min(count - done, PAGES - (int) (page % PAGES));
      sha.update(digests, at + done * Page.DIGEST, some * Page.DIGEST);
      any = true;
      done += some;
      page += some;
      if (page % PAGES == 0) {
        end(page / PAGES - 1);
      }
    }
  }

  /** Ends the image, or the group it is in. */
  void end() throws IOException {
    end(page / PAGES);
  }

  private void end(long group) throws IOException {
    if (any) {
      any = false;
      sink.group(group, sha.digest());
    }
  }

  /**
   * Whether digests are those of a group.
   *
   * @param length bytes of the digests of its data pages, in order
   * @param group what the manifest says, {@value #BYTES} bytes at {@code at}
   */
  static boolean holds(MessageDigest sha, byte[] digests, int length, byte[] group, int at) {
    sha.update(digests, 0, length);
    byte[] found = sha.digest();
    return Arrays.equals(found, 0, BYTES, group, at, at + BYTES);
  }
}
