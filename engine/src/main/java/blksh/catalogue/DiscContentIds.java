package blksh.catalogue;

/** What a disc's contents are called by while it is written: a number each. */
final class DiscContentIds {

  static final long README = -1;
  static final long INFO = -2;
  static final long CATALOGUE = -3;
  static final long OWN = -4;
  static final long RESTORE = -5;
  static final long SUMS = -6;
  static final long TREE = -7;
  static final long ABOUT = -8;
  static final long PARITY = -9;

  /** Of a number the low bits are that of the part, the others that of the content. */
  static final int PART_BITS = 12;

  static final int NUMBERS = (1 << PART_BITS) - 1;

  private DiscContentIds() {}

  static long of(PartRow part) {
    return part.content() << PART_BITS | part.number();
  }

  static long content(long id) {
    return id >> PART_BITS;
  }

  static int number(long id) {
    return (int) (id & NUMBERS);
  }
}
