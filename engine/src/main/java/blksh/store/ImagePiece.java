package blksh.store;

import blksh.block.Extent;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;

/** A piece of a {@link PiecedImage}: some whole pages, to be filled, or kept, or of zeros. */
public final class ImagePiece {

  private final CaptureSegment segment;
  private final PageSize pageSize;
  private PiecedImage.Part part;
  private boolean planned;

  ImagePiece(CaptureSegment segment) {
    this.segment = segment;
    this.pageSize = segment.pageSize();
  }

  /**
   * The most pages that are filled at once.
   *
   * @param pageSize of the store
   */
  public static int mostFilled(PageSize pageSize) {
    return pageSize.pageOf(CaptureSegment.BYTES);
  }

  /** Makes it ready to be planned. */
  void begin() {
    part = null;
    planned = false;
  }

  /** Whether it was planned as anything. */
  boolean isPlanned() {
    return planned;
  }

  PiecedImage.Part part() {
    return part;
  }

  private void plan(PiecedImage.Part of) {
    part = of;
    planned = true;
  }

  /**
   * Pages whose bytes the part gives.
   *
   * @param pages 0 to {@link #mostFilled}
   */
  public void fill(int pages, PiecedImage.Part of) {
    if (pages < 0 || pages > mostFilled(pageSize)) {
      throw new IllegalArgumentException("fill " + pages + " pages");
    }
    plan(of);
    segment.parted(of, pageSize.at(pages));
  }

  /** Pages of zeros. @param pages 1 or more */
  public void zeros(long pages, PiecedImage.Part of) {
    plan(of);
    segment.run(Extent.Kind.ZERO, 0, pageSize.at(pages));
  }

  /**
   * Pages of an earlier version, which {@link StoredPages#holds} said are there.
   *
   * @param first of them in that version
   * @param pages 1 or more
   */
  public void keep(StoredPages from, long first, long pages, PiecedImage.Part of) {
    plan(of);
    segment.kept(from, first, pageSize.at(pages));
  }

  /** Pages of it. */
  public long pages() {
    return pageSize.pageOf(segment.length());
  }

  /** Adds all its pages, which are not kept ones, to a digest, once their bytes are there. */
  public void addTo(RootDigest digest, long all) {
    if (segment.run() != null) {
      digest.add(Extent.Kind.ZERO, all);
    } else {
      addTo(digest, 0, (int) all);
    }
  }

  /**
   * Adds filled pages to a digest, once their bytes are there.
   *
   * @param from the first, 0 up to the pages of the piece
   * @param to one past the last
   */
  public void addTo(RootDigest digest, int from, int to) {
    for (int i = from; i < to; i++) {
      if (segment.run() == null && segment.kind(i) == Extent.Kind.DATA) {
        digest.addData(segment.digests(), i * Page.DIGEST, 1);
      } else {
        digest.add(Extent.Kind.ZERO, 1);
      }
    }
  }
}
