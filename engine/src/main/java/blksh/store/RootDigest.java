package blksh.store;

import blksh.block.Extent;
import blksh.io.LittleEndian;
import blksh.store.pack.Page;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The digest that proves a whole image: SHA-256 over, for each longest run of pages of one kind in
 * image order, the digests of its pages (for data only), its kind and its count of pages; and last
 * the size of the image in bytes. It does not depend on where pages are stored nor on how extents
 * are cut.
 *
 * <p>Kinds on disk and here: 1 data, 2 zero, 3 free, 4 bad. Numbers are 8 bytes, least significant
 * first; the kind is one byte.
 */
public final class RootDigest {

  private final MessageDigest sha = Page.sha256();
  private final byte[] number = new byte[9];
  private Extent.Kind run;
  private long pages;

  static int code(Extent.Kind kind) {
    return switch (kind) {
      case DATA -> 1;
      case ZERO -> 2;
      case FREE -> 3;
      case BAD -> 4;
      case UNTRIED -> throw new IllegalArgumentException("a capture tries everything");
    };
  }

  /** The kind of a code on disk, or null. */
  static Extent.Kind kind(int code) {
    return switch (code) {
      case 1 -> Extent.Kind.DATA;
      case 2 -> Extent.Kind.ZERO;
      case 3 -> Extent.Kind.FREE;
      case 4 -> Extent.Kind.BAD;
      default -> null;
    };
  }

  /** Adds pages that have no digest. */
  public void add(Extent.Kind kind, long count) {
    turnTo(kind);
    pages += count;
  }

  /** Adds data pages by their digests. */
  public void addData(byte[] digests, int at, int count) {
    turnTo(Extent.Kind.DATA);
    sha.update(digests, at, count * Page.DIGEST);
    pages += count;
  }

  private void turnTo(Extent.Kind kind) {
    if (run != kind) {
      endRun();
      run = kind;
    }
  }

  private void endRun() {
    if (pages > 0) {
      number[0] = (byte) code(run);
      LittleEndian.putI64(number, 1, pages);
      sha.update(number);
      pages = 0;
    }
  }

  /**
   * Ends the image.
   *
   * @param size of the image in bytes
   * @return 64 hex digits
   */
  String finish(long size) {
    return HexFormat.of().formatHex(finished(size));
  }

  /**
   * Ends the image; the next may begin.
   *
   * @param size of the image in bytes
   * @return 32 bytes
   */
  public byte[] finished(long size) {
    endRun();
    run = null;
    LittleEndian.putI64(number, 1, size);
    sha.update(number, 1, 8);
    return sha.digest();
  }
}
