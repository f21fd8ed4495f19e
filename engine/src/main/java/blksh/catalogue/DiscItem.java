package blksh.catalogue;

/**
 * What is to be put on a disc.
 *
 * @param directory where it is; for a directory that directory itself
 * @param entry its state; null when nothing but the directory is meant
 * @param name on the disc; null when the disc has only a line of it
 * @param size bytes of the file there, 0 of anything else
 * @param sectors what its contents take that are not on the disc yet
 * @param line bytes of its line in tree.jsonl
 * @param sum bytes of its line in sha256sums.txt, 0 for none
 * @param own bytes of its contents' part of the disc's own catalogue, 0 when they are there already
 */
record DiscItem(
    DirectoryLevel directory,
    EntryState entry,
    byte[] name,
    long size,
    long sectors,
    int line,
    int sum,
    int own) {

  static DiscItem directory(DirectoryLevel directory) {
    return new DiscItem(directory, null, null, 0, 0, 0, 0, 0);
  }
}
