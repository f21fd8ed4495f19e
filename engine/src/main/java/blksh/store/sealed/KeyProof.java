package blksh.store.sealed;

import blksh.store.shelf.Blob;
import blksh.store.shelf.DamagedContentException;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Whether a key is the one by which what lies on a shelf was encrypted. What lies in the clear can
 * be that of another store, by accident or because somebody put it there: so no key is believed,
 * and nothing is written by one, before something encrypted was opened by it.
 *
 * @param opened how many blobs it opened: 1 or none
 * @param refused how many it did not
 */
record KeyProof(int opened, int refused) {

  /** Blobs that are tried. */
  private static final int MOST = 16;

  /** Whether it is. */
  boolean isRight() {
    return opened > 0;
  }

  /** Whether it is not: that of one blob may have other reasons. */
  boolean isWrong() {
    return opened == 0 && refused > 1;
  }

  /**
   * Tries a key: on the descriptor, and, where that does not open, on others.
   *
   * @throws IOException when the shelf fails
   */
  static KeyProof of(Shelf shelf, MasterKey key) throws IOException {
    int refused = 0;
    Optional<Boolean> first = opens(shelf, SealedShelf.SEALED, key);
    if (first.isPresent()) {
      if (first.get()) {
        return new KeyProof(1, 0);
      }
      refused++;
    }
    List<String> names = shelf.list(SealedShelf.FOLDER);
    for (String name : names) {
      if (refused == MOST) {
        break;
      }
      Optional<Boolean> opens =
          name.equals(SealedShelf.SEALED) ? Optional.empty() : opens(shelf, name, key);
      if (opens.isPresent() && opens.get()) {
        return new KeyProof(1, refused);
      }
      refused += opens.isPresent() ? 1 : 0;
    }
    return new KeyProof(0, refused);
  }

  /** Whether it opens a segment of a blob, the first or the last; nothing where there is none. */
  private static Optional<Boolean> opens(Shelf shelf, String stored, MasterKey key)
      throws IOException {
    try (Blob blob = SealedBlob.of(shelf.open(stored), stored, key)) {
      long size = blob.size();
      return Optional.of(
          isRead(blob, 0, (int) Math.min(1, size)) || size > 0 && isRead(blob, size - 1, 1));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static boolean isRead(Blob blob, long position, int length) throws IOException {
    try {
      blob.read(position, length);
      return true;
    } catch (DamagedContentException e) {
      return false;
    }
  }

  /** The id that the encrypted descriptor says; nothing when it is lost. */
  static Optional<UUID> storeId(Shelf shelf, MasterKey key) throws IOException {
    byte[] bytes;
    try (Blob blob = SealedBlob.of(shelf.open(SealedShelf.SEALED), SealedShelf.OPEN, key)) {
      bytes = blob.read(0, (int) Math.min(blob.size(), SealText.MOST + 1));
    } catch (NoSuchFileException | DamagedContentException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(UUID.fromString(SealText.parse(bytes).getOrDefault("id", "")));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
