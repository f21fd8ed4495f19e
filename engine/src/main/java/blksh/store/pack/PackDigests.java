package blksh.store.pack;

import blksh.BlkshException;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.io.IOException;

/** Reads digests of pages in the order of an image, mostly in runs. Used by one thread. */
public final class PackDigests implements Closeable {

  private final PackDirectory packs;
  private Pack pack;
  private byte[] block;
  private int blockNumber = -1;

  public PackDigests(PackDirectory packs) {
    this.packs = packs;
  }

  /** Copies a page's digest; false when it cannot be had. */
  public boolean read(long packId, int page, byte[] to, int at) {
    try {
      if (pack == null || pack.id() != packId) {
        close();
        pack = packs.acquire(packId);
      }
      int number = page / PackFooter.DIGEST_BLOCK;
      if (number != blockNumber) {
        block = pack.footer().digestBlock(pack.file(), number);
        blockNumber = number;
      }
      int from = page % PackFooter.DIGEST_BLOCK * Page.DIGEST;
      if (block == null || from + Page.DIGEST > block.length) {
        return pack.digest(page, to, at);
      }
      System.arraycopy(block, from, to, at, Page.DIGEST);
      return true;
    } catch (IOException | BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  @Override
  public void close() {
    if (pack != null) {
      pack.close();
      pack = null;
    }
    blockNumber = -1;
    block = null;
  }
}
