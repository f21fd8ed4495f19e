package blksh.store;

import blksh.store.pack.Codec;

/**
 * How a new store is made.
 *
 * @param codec how its frames are compressed
 */
public record StoreOptions(Codec codec) {

  public static StoreOptions defaults() {
    return new StoreOptions(Codec.LZ4);
  }
}
