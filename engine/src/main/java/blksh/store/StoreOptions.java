package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.parity.ParityBlobs;

/**
 * How a new store is made.
 *
 * @param codec how its frames are compressed
 * @param parity per cent of the blocks of each pack and manifest that may be lost and come back, 1
 *     to 50; 0 for none
 */
public record StoreOptions(CodecChoice codec, int parity) {

  /**
   * @throws IllegalArgumentException when there cannot be so much parity
   */
  public StoreOptions {
    if (parity != 0) {
      ParityBlobs.check(parity);
    }
  }

  /** Without parity. */
  public StoreOptions(CodecChoice codec) {
    this(codec, 0);
  }

  public static StoreOptions defaults() {
    return new StoreOptions(CodecChoice.LZ4);
  }
}
