package blksh.snapshot;

import blksh.io.ExtendedAttributes;

/**
 * What many entries have in common.
 *
 * @param mode permission bits, with set-user-id, set-group-id and sticky: 0 to 07777
 * @param uid of the owner
 * @param gid of the group
 * @param device number of the file system it is on
 * @param extended attributes, access control lists and capabilities among them
 */
record EntryAttributes(int mode, int uid, int gid, long device, ExtendedAttributes extended) {

  // Written out: what the compiler gives a record is made at run time, when a command starts.

  @Override
  public boolean equals(Object other) {
    return other instanceof EntryAttributes it
        && it.mode == mode
        && it.uid == uid
        && it.gid == gid
        && it.device == device
        && it.extended.equals(extended);
  }

  @Override
  public int hashCode() {
    int owner = 31 * (31 * mode + uid) + gid;
    return 31 * (31 * owner + Long.hashCode(device)) + extended.hashCode();
  }
}
