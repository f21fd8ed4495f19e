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
    long extents) {}
