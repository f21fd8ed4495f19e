package blksh.store.sealed;

import blksh.store.shelf.Blob;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * What the {@code store.json} of an encrypted store says to everybody: that it is one, and by what
 * its key is known.
 *
 * @param store id of the store
 * @param check of its key, {@link MasterKey#check}
 */
record SealNotice(UUID store, String check) {

  /** Of {@code store.json}: older blksh refuse it as newer than they know. */
  static final int FORMAT = 5;

  /** How what is encrypted lies on the shelf. */
  static final int ENCRYPTION = 1;

  /** What a {@code store.json} is. */
  enum Kind {
    /** There is none. */
    MISSING,
    /** There is something that nobody wrote so. */
    DAMAGED,
    /** That of a store in the clear, to the byte as it was written. */
    PLAIN,
    /** That of an encrypted store, of a kind that this blksh does not know. */
    NEWER,
    /** That of an encrypted store. */
    SEALED
  }

  /**
   * What was found.
   *
   * @param notice null unless it is {@link Kind#SEALED}
   */
  record Found(Kind kind, SealNotice notice) {}

  byte[] text() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("format", FORMAT);
    fields.put("id", store);
    fields.put("encryption", ENCRYPTION);
    fields.put("check", check);
    return SealText.of(fields);
  }

  /**
   * Reads it.
   *
   * @throws IOException when it cannot be read, which does not say that it is not there
   */
  static Found read(Shelf shelf) throws IOException {
    byte[] bytes;
    try (Blob blob = shelf.open(SealedShelf.OPEN)) {
      bytes = blob.read(0, (int) Math.min(blob.size(), SealText.MOST + 1));
    } catch (NoSuchFileException e) {
      return new Found(Kind.MISSING, null);
    }
    Map<String, String> fields;
    try {
      fields = SealText.parse(bytes);
    } catch (IOException e) {
      return new Found(Kind.DAMAGED, null);
    }
    if (!fields.containsKey("encryption")) {
      return new Found(Kind.PLAIN, null);
    }
    try {
      UUID store = UUID.fromString(fields.getOrDefault("id", ""));
      SealNotice notice = new SealNotice(store, fields.getOrDefault("check", ""));
      boolean known = Arrays.equals(notice.text(), bytes);
      return known ? new Found(Kind.SEALED, notice) : new Found(Kind.NEWER, null);
    } catch (IllegalArgumentException e) {
      return new Found(Kind.NEWER, null);
    }
  }
}
