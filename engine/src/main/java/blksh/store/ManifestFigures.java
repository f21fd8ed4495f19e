package blksh.store;

/**
 * What a capture found and stored.
 *
 * @param dataBytes bytes of the image held as pages
 * @param zeroBytes bytes that are zero, as holes or by content
 * @param freeBytes bytes a file system does not use
 * @param badBytes bytes that could not be read
 * @param newPages pages the store did not have
 * @param newBytes bytes of those pages
 * @param storedBytes bytes they took in the store, compressed, with their headers
 * @param extents ranges the manifest needs to say where the pages are
 */
public record ManifestFigures(
    long dataBytes,
    long zeroBytes,
    long freeBytes,
    long badBytes,
    long newPages,
    long newBytes,
    long storedBytes,
    long extents) {

  /**
   * What a snapshot of a file tree holds, as its manifest says.
   *
   * @param entries names in the tree, directories and all
   * @param files regular files, each once however many names it has
   * @param bytes of those files, holes and all
   * @param unread entries that could not be read, or only in part
   * @param unsettled files that changed while they were read, each time they were
   */
  public record Tree(long entries, long files, long bytes, long unread, long unsettled) {}
}
