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
record EntryAttributes(int mode, int uid, int gid, long device, ExtendedAttributes extended) {}
