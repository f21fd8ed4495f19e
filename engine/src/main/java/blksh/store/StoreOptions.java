package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.store.parity.ParityBlobs;

/**
 * How a new store is made.
 *
 * @param codec how its frames are compressed
 * @param pageSize how large the pages are of which it keeps each once
 * @param parity per cent of the blocks of each pack and manifest that may be lost and come back, 1
 *     to 50; 0 for none
 */
public record StoreOptions(CodecChoice codec, PageSize pageSize, int parity) {

  /**
   * @throws IllegalArgumentException when there cannot be so much parity
   */
  public StoreOptions {
    if (parity != 0) {
      ParityBlobs.check(parity);
    }
  }

  /** With pages as they usually are. */
  public StoreOptions(CodecChoice codec, int parity) {
    this(codec, PageSize.USUAL, parity);
  }

  /** As above, without parity. */
  public StoreOptions(CodecChoice codec) {
    this(codec, 0);
  }

  public static StoreOptions defaults() {
    return new StoreOptions(CodecChoice.LZ4);
  }
}
