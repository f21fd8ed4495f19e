package blksh.store;

import blksh.store.pack.CodecChoice;

/**
 * How a new store is made.
 *
 * @param codec how its frames are compressed
 */
public record StoreOptions(CodecChoice codec) {

  public static StoreOptions defaults() {
    return new StoreOptions(CodecChoice.LZ4);
  }
}
