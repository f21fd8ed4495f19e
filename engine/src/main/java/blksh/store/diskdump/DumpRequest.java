package blksh.store.diskdump;

/**
 * What is to be recorded as a dump.
 *
 * @param name of the dump
 * @param source what it is of, as diskdump says it: {@code "server01:/dev/sda"}
 * @param date when it was taken, as ISO 8601 in UTC; null for now
 * @param blockSize bytes of a block
 * @param origin the version of a store of blksh it is, with its root digest; or empty
 */
public record DumpRequest(String name, String source, String date, int blockSize, String origin) {

  /** Bytes of a block as diskdump has them by itself. */
  public static final int USUAL_BLOCK = DumpManifest.USUAL_BLOCK;

  /** Of now, in the usual blocks. */
  public static DumpRequest of(String name, String source) {
    return new DumpRequest(name, source, null, USUAL_BLOCK, "");
  }

  public DumpRequest withDate(String date) {
    return new DumpRequest(name, source, date, blockSize, origin);
  }

  public DumpRequest withBlockSize(int blockSize) {
    return new DumpRequest(name, source, date, blockSize, origin);
  }

  DumpRequest withOrigin(String origin) {
    return new DumpRequest(name, source, date, blockSize, origin);
  }
}
