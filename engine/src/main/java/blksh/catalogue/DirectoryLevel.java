package blksh.catalogue;

/**
 * A directory on the way to something, as the discs have it.
 *
 * @param id its number in the catalogue
 * @param above the one it is in; null for the root of a source
 * @param name on a disc; empty when it is the directory of all data itself
 * @param path in the one tree of all sources
 * @param entry its state; null when none is known
 * @param line bytes of what tree.jsonl says of it
 */
record DirectoryLevel(
    long id, DirectoryLevel above, byte[] name, byte[] path, EntryState entry, int line) {

  @Override
  public boolean equals(Object other) {
    return other instanceof DirectoryLevel it && it.id == id;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id);
  }
}
