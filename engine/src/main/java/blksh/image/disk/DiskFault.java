package blksh.image.disk;

/**
 * Something wrong with the tables of a virtual disk.
 *
 * @param at byte of the file that holds it
 * @param problem what is wrong, as a clause
 */
public record DiskFault(long at, String problem) {

  /** The most that are told of one disk. */
  public static final int TOLD = 1000;
}
