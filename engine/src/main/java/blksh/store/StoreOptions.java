package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.store.parity.ParityBlobs;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.MasterKey;
import blksh.store.sealed.RecoverySheet;
import blksh.store.sealed.StoreKeys;
import blksh.store.sealed.Unlocking;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/**
 * How a new store is made.
 *
 * @param codec how its frames are compressed
 * @param pageSize how large the pages are of which it keeps each once
 * @param parity per cent of the blocks of each pack and manifest that may be lost and come back, 1
 *     to 50; 0 for none
 * @param encryption null when everybody who reads its files may read what is in it
 */
public record StoreOptions(
    CodecChoice codec, PageSize pageSize, int parity, Encryption encryption) {

  /**
   * How a store is encrypted.
   *
   * @param key made for it alone
   * @param secret by which it is opened
   * @param label what that is called in the list of its keys, which everybody can read
   */
  public record Encryption(MasterKey key, KeySecret secret, String label) {

    /**
     * @throws IllegalArgumentException when it cannot be called so
     */
    public Encryption {
      StoreKeys.checkLabel(label);
    }

    @Override
    public String toString() {
      return "encrypted, opened by " + label;
    }
  }

  /**
   * @throws IllegalArgumentException when there cannot be so much parity
   */
  public StoreOptions {
    if (parity != 0) {
      ParityBlobs.check(parity);
    }
  }

  /** In the clear. */
  public StoreOptions(CodecChoice codec, PageSize pageSize, int parity) {
    this(codec, pageSize, parity, null);
  }

  /** As above, with pages as they usually are. */
  public StoreOptions(CodecChoice codec, int parity) {
    this(codec, PageSize.USUAL, parity);
  }

  /** As above, without parity. */
  public StoreOptions(CodecChoice codec) {
    this(codec, 0);
  }

  /** The same, encrypted. */
  public StoreOptions withEncryption(Encryption encrypted) {
    return new StoreOptions(codec, pageSize, parity, encrypted);
  }

  /**
   * What the store is made on: a shelf as it is, or made an encrypted one.
   *
   * @param store the id that it is to have
   * @throws IOException as {@link StoreKeys#make}
   */
  Shelf sealed(Shelf shelf, UUID store) throws IOException {
    return encryption == null
        ? shelf
        : StoreKeys.make(shelf, store, encryption.key(), encryption.secret(), encryption.label());
  }

  /** What opens the store that is made. */
  public Unlocking unlocking() {
    return (place, failed) ->
        encryption == null || failed > 0
            ? Optional.empty()
            : Optional.of(KeySecret.recovery(RecoverySheet.text(encryption.key())));
  }

  public static StoreOptions defaults() {
    return new StoreOptions(CodecChoice.LZ4);
  }
}
