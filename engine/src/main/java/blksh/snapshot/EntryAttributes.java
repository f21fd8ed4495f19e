package blksh.snapshot;

import java.util.Arrays;
import java.util.List;

/**
 * What many entries have in common.
 *
 * @param mode permission bits, with set-user-id, set-group-id and sticky: 0 to 07777
 * @param uid of the owner
 * @param gid of the group
 * @param device number of the file system it is on
 * @param extended attributes, by name
 */
record EntryAttributes(int mode, int uid, int gid, long device, List<Extended> extended) {

  /** An extended attribute; access control lists and capabilities are some too. */
  record Extended(byte[] name, byte[] value) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Extended that
          && Arrays.equals(name, that.name)
          && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(name) + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
      return new String(name, java.nio.charset.StandardCharsets.ISO_8859_1);
    }
  }
}
