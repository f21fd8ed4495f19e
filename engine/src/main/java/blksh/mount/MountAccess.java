package blksh.mount;

/**
 * Whose an entry was, and what they might do with it: told as it is, whoever mounts the tree.
 *
 * @param mode permission bits, 0 to 07777
 * @param uid of the owner
 * @param gid of the group
 */
public record MountAccess(int mode, int uid, int gid) {}
