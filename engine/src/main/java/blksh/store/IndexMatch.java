package blksh.store;

/** How a page index that is there goes with the rows. */
enum IndexMatch {
  /** They are of each other. */
  SAME,
  /** It is to be made again, and no pack is entered. */
  EXPECTED,
  /** One of them is an older copy. */
  OF_ANOTHER_TIME,
  /** It is another's. */
  FOREIGN
}
