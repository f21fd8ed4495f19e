package blksh.store;

/**
 * What of the stored pages a version needs.
 *
 * @param own bytes, as they are before compression, that no other version needs
 * @param shared bytes that others need too
 */
public record VersionShare(long own, long shared) {}
