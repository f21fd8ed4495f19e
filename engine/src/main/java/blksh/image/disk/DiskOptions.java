package blksh.image.disk;

import java.nio.file.Path;

/**
 * How to open a virtual disk.
 *
 * @param path the file it is in, beside which those are that it names, or null: then it may name
 *     none
 * @param snapshot the name, or the number, of the internal snapshot that is meant, or null for the
 *     disk as it is
 * @param elsewhere whether files that it names may lie outside its directory
 */
public record DiskOptions(Path path, String snapshot, boolean elsewhere) {}
