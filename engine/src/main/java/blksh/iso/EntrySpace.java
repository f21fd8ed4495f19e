package blksh.iso;

import blksh.iso.DiscTree.Kind;

/** What one entry takes in the directories of a disc, at most; told by itself alone. */
final class EntrySpace {

  /** Bytes of a directory record before its identifier (ECMA-119, 9.1). */
  static final int RECORD = 33;

  /** Bytes of a file identifier before its name (ECMA-167, 4/14.4). */
  static final int IDENTIFIER = 38;

  /** The longest record, in bytes: its length is even and told in one. */
  static final int LONGEST_RECORD = 254;

  /** The longest piece of a file that one record describes: whole sectors below 4 GiB. */
  static final long LONGEST_EXTENT = 0xFFFFF800L;

  private static final int FIXED = RockRidge.ATTRIBUTES + RockRidge.TIMES;

  /** Bytes of a record of ISO 9660, and of the identifier in it. */
  int isoRecord;

  int isoIdentifier;

  /** Bytes of the continuation of the record; 0 when all fits into it. */
  int continuation;

  /** Likewise of Joliet; 0 when it is not in that tree. */
  int jolietRecord;

  int jolietIdentifier;

  /** Bytes of the file identifier of UDF; 0 when it is not in that tree. */
  int udfIdentifier;

  /** Records that the file takes in each directory of ISO 9660 and Joliet. */
  long records;

  static int record(int identifier) {
    return RECORD + identifier + (1 - identifier % 2);
  }

  private static int even(int bytes) {
    return bytes + bytes % 2;
  }

  /** Bytes of the file identifier of a name of so many bytes. */
  static int identifier(int nameLength) {
    return (IDENTIFIER + nameLength + 3) / 4 * 4;
  }

  static boolean isContinued(int identifierBound, int fields) {
    return record(identifierBound) + FIXED + fields > LONGEST_RECORD;
  }

  /**
   * @param target where a symbolic link leads; else null
   * @param size of a file, in bytes
   */
  EntrySpace measure(byte[] name, Kind kind, byte[] target, long size) {
    boolean isDirectory = kind == Kind.DIRECTORY;
    isoIdentifier = IsoNames.bound(name, isDirectory);
    int fields =
        target == null
            ? RockRidge.nameLength(name.length)
            : ContinuationCells.length(RockRidge.named(name, target));
    boolean continued = isContinued(isoIdentifier, fields);
    isoRecord = even(record(isoIdentifier) + FIXED + (continued ? RockRidge.CONTINUATION : fields));
    continuation = 0;
    if (continued) {
      continuation =
          target == null
              ? ContinuationCells.cell(fields)
              : ContinuationCells.bytes(RockRidge.named(name, target));
    }
    boolean inAllTrees = kind != Kind.LINK;
    jolietIdentifier = inAllTrees ? JolietNames.bound(name, isDirectory) : 0;
    jolietRecord = inAllTrees ? record(jolietIdentifier) : 0;
    udfIdentifier = inAllTrees ? identifier(UdfNames.bound(name)) : 0;
    records = Math.max(1, (size + LONGEST_EXTENT - 1) / LONGEST_EXTENT);
    return this;
  }
}
