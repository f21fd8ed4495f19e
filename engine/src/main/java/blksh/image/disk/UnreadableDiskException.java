package blksh.image.disk;

import blksh.io.UnreadableException;

/** A range of a virtual disk that its tables lead nowhere for, or that does not decode. */
public final class UnreadableDiskException extends UnreadableException {

  /** As {@link UnreadableException}, in bytes of the disk. */
  public UnreadableDiskException(
      String source, long start, long length, String problem, Throwable cause) {
    super(source, start, length, problem, cause);
  }

  @Override
  public String kind() {
    return "DiskDamage";
  }
}
