package blksh.snapshot;

import blksh.io.Packed;

/**
 * What the scan cache keeps of a file of the linked form.
 *
 * @param digest of its contents
 * @param attributes of its attributes, as in {@link RecordEntry}
 * @param snapshot for which it was read. One that was begun later and has the file has these
 *     contents under its name; an earlier one may have others.
 */
record LinkedToken(byte[] digest, byte[] attributes, long snapshot) {

  /** Null for null, and for what is none. */
  static LinkedToken of(byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    try {
      Packed from = new Packed(bytes);
      return new LinkedToken(from.bytes(), from.bytes(), from.number());
    } catch (IllegalArgumentException damaged) {
      return null;
    }
  }

  byte[] bytes() {
    return new Packed.Packing(96).bytes(digest).bytes(attributes).number(snapshot).toByteArray();
  }
}
