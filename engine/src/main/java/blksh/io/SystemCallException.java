package blksh.io;

import java.nio.file.FileSystemException;

/** A system call that failed, with the number the system gave for it. */
public final class SystemCallException extends FileSystemException {

  /** There is no such file. */
  public static final int ENOENT = 2;

  /** The file is on another file system. */
  public static final int EXDEV = 18;

  /** The file has as many names as it can have. */
  public static final int EMLINK = 31;

  static final int EPERM = 1;
  static final int EINTR = 4;
  static final int ENXIO = 6;
  static final int EACCES = 13;

  /** The name is taken. */
  public static final int EEXIST = 17;

  static final int ENOTDIR = 20;
  static final int EINVAL = 22;
  static final int ENOTTY = 25;
  static final int ERANGE = 34;
  static final int ENAMETOOLONG = 36;
  static final int ENOSYS = 38;
  static final int ELOOP = 40;
  static final int ENODATA = 61;
  static final int EOPNOTSUPP = 95;
  static final int EFBIG = 27;
  static final int EILSEQ = 84;

  private final int number;

  /**
   * @param name what it was about, as it is shown
   * @param number of errno.h
   */
  public SystemCallException(String name, int number) {
    super(name, null, Posix.instance().map(it -> it.errorText(number)).orElse("error " + number));
    this.number = number;
  }

  /** What leads to a name is no directory. */
  public static SystemCallException noDirectory(byte[] name) {
    return new SystemCallException(NameText.of(name), ENOTDIR);
  }

  /** A name is taken. */
  public static SystemCallException exists(byte[] name) {
    return new SystemCallException(NameText.of(name), EEXIST);
  }

  /** Whether there is no entry of that path; none lies below a file, or a link. */
  public boolean isNoSuchEntry() {
    return isGone() || number == ELOOP;
  }

  /**
   * Whether it is about one name or one file, so that others beside it may do: a name the file
   * system does not take or has already, a kind or a size of file that it does not know.
   */
  public boolean isOfOneFile() {
    return switch (number) {
      case EEXIST, EINVAL, ENAMETOOLONG, EOPNOTSUPP, ENOSYS, EPERM, EFBIG, EILSEQ, EMLINK -> true;
      default -> false;
    };
  }

  /** The number of errno.h. */
  public int number() {
    return number;
  }

  /** Whether it is gone, or what was a directory is none any more. */
  public boolean isGone() {
    return number == ENOENT || number == ENOTDIR;
  }
}
