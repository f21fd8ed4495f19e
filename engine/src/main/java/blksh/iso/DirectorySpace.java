package blksh.iso;

import java.util.Arrays;

/**
 * What each directory takes, as columns. As many records stand in each sector as of the longest one
 * would fit: so neither their order nor their true lengths change what a directory takes.
 */
final class DirectorySpace {

  /** Numbers that tell all about one directory. */
  static final int SAVED = 5;

  /**
   * The record of the root for itself: with what shows that there are fields, and where more is.
   */
  private static final int ROOT_RECORD =
      EntrySpace.record(1)
          + RockRidge.SHARING
          + RockRidge.ATTRIBUTES
          + RockRidge.TIMES
          + RockRidge.CONTINUATION
          + 1;

  private static final int OWN_RECORD =
      EntrySpace.record(1) + RockRidge.ATTRIBUTES + RockRidge.TIMES;

  private static final int OWN_JOLIET_RECORD = EntrySpace.record(1);

  /** The file identifier for the parent, which has no name. */
  private static final int PARENT_IDENTIFIER = EntrySpace.identifier(0);

  private int size;
  private int[] isoRecords = new int[16];
  private int[] jolietRecords = new int[16];
  private short[] longestIso = new short[16];
  private short[] longestJoliet = new short[16];
  private long[] udfBytes = new long[16];

  /** Adds an empty directory and returns its number, beginning with 0, the root. */
  int add() {
    if (size == isoRecords.length) {
      isoRecords = Arrays.copyOf(isoRecords, 2 * size);
      jolietRecords = Arrays.copyOf(jolietRecords, 2 * size);
      longestIso = Arrays.copyOf(longestIso, 2 * size);
      longestJoliet = Arrays.copyOf(longestJoliet, 2 * size);
      udfBytes = Arrays.copyOf(udfBytes, 2 * size);
    }
    isoRecords[size] = 2;
    jolietRecords[size] = 2;
    longestIso[size] = (short) (size == 0 ? ROOT_RECORD : OWN_RECORD);
    longestJoliet[size] = (short) OWN_JOLIET_RECORD;
    udfBytes[size] = PARENT_IDENTIFIER;
    return size++;
  }

  void removeLast() {
    size--;
  }

  int size() {
    return size;
  }

  void enter(int directory, EntrySpace entry) {
    isoRecords[directory] += (int) entry.records;
    longestIso[directory] = (short) Math.max(longestIso[directory], entry.isoRecord);
    if (entry.udfIdentifier > 0) {
      jolietRecords[directory] += (int) entry.records;
      longestJoliet[directory] = (short) Math.max(longestJoliet[directory], entry.jolietRecord);
      udfBytes[directory] += entry.udfIdentifier;
    }
  }

  /** Records in each sector of a directory of ISO 9660. */
  int isoInSector(int directory) {
    return DiscPlan.SECTOR / longestIso[directory];
  }

  int jolietInSector(int directory) {
    return DiscPlan.SECTOR / longestJoliet[directory];
  }

  long isoSectors(int directory) {
    return sectors(isoRecords[directory], isoInSector(directory));
  }

  long jolietSectors(int directory) {
    return sectors(jolietRecords[directory], jolietInSector(directory));
  }

  private static long sectors(int records, int inSector) {
    return (records + (long) inSector - 1) / inSector;
  }

  /** Blocks of the file identifiers of a directory. */
  long udfBlocks(int directory) {
    return DiscContent.sectors(udfBytes[directory]);
  }

  /** What {@link #restore} takes back to: {@link #SAVED} numbers. */
  void save(int directory, long[] to, int at) {
    to[at] = isoRecords[directory];
    to[at + 1] = jolietRecords[directory];
    to[at + 2] = longestIso[directory];
    to[at + 3] = longestJoliet[directory];
    to[at + 4] = udfBytes[directory];
  }

  void restore(int directory, long[] from, int at) {
    isoRecords[directory] = (int) from[at];
    jolietRecords[directory] = (int) from[at + 1];
    longestIso[directory] = (short) from[at + 2];
    longestJoliet[directory] = (short) from[at + 3];
    udfBytes[directory] = from[at + 4];
  }
}
