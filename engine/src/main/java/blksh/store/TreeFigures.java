package blksh.store;

/**
 * What a snapshot of a file tree holds, as its manifest says.
 *
 * @param entries names in the tree, directories and all
 * @param files regular files, each once however many names it has
 * @param bytes of those files, holes and all
 * @param unread entries that could not be read, or only in part
 * @param unsettled files that changed while they were read, each time they were
 */
public record TreeFigures(long entries, long files, long bytes, long unread, long unsettled) {}
