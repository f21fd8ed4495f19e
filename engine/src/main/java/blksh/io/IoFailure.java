package blksh.io;

import blksh.BlkshException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * What kind of failure an input or output met. The JDK has types for few of them; of the others it
 * gives the words of strerror(3), in the language the process runs in. Here, and nowhere else,
 * these words are read.
 */
public enum IoFailure {
  /** The file system is full, or a quota is used up. */
  NO_SPACE,
  /** There is no medium in the drive. */
  NO_MEDIUM,
  /** There is no such device, or no more. */
  NO_DEVICE,
  /** Nobody reads what was written. */
  BROKEN_PIPE,
  /** The file system cannot be written. */
  READ_ONLY,
  /** The medium could not be read or written there. */
  UNREADABLE,
  NO_SUCH_FILE,
  EXISTS,
  /** It is not permitted. */
  DENIED,
  /** The process, or the system, has as many files open as it may. */
  TOO_MANY_OPEN,
  /** Any other. */
  OTHER;

  /** An error number of Linux (errno.h), and what glibc says for it in English. */
  private record Errno(int number, IoFailure failure, String text) {}

  private static final List<Errno> ERRNOS =
      List.of(
          new Errno(28, NO_SPACE, "No space left on device"),
          new Errno(122, NO_SPACE, "Disk quota exceeded"),
          new Errno(Posix.ENOMEDIUM, NO_MEDIUM, "No medium found"),
          new Errno(Posix.ENXIO, NO_DEVICE, "No such device or address"),
          new Errno(Posix.ENODEV, NO_DEVICE, "No such device"),
          new Errno(32, BROKEN_PIPE, "Broken pipe"),
          new Errno(30, READ_ONLY, "Read-only file system"),
          new Errno(Posix.EIO, UNREADABLE, "Input/output error"),
          new Errno(2, NO_SUCH_FILE, "No such file or directory"),
          new Errno(17, EXISTS, "File exists"),
          new Errno(1, DENIED, "Operation not permitted"),
          new Errno(13, DENIED, "Permission denied"),
          new Errno(23, TOO_MANY_OPEN, "Too many open files in system"),
          new Errno(24, TOO_MANY_OPEN, "Too many open files"));

  /** What the system says, by its words. */
  record Words(Map<String, IoFailure> known) {

    static final Words ENGLISH = new Words(new HashMap<>());

    static {
      ERRNOS.forEach(errno -> ENGLISH.known.put(errno.text, errno.failure));
    }

    /** The words in the language of the process, as strerror(3) gives them. */
    static Words of(IntFunction<String> strerror) {
      Map<String, IoFailure> known = new HashMap<>();
      ERRNOS.forEach(errno -> known.put(strerror.apply(errno.number), errno.failure));
      return new Words(known);
    }

    /** Nothing for a text that is none of the system's. */
    IoFailure failure(String text) {
      return known.getOrDefault(text, OTHER);
    }
  }

  /** Loaded when the English words were not enough, because asking the system takes long. */
  private static final class Native {
    static final Words WORDS =
        Posix.instance().map(posix -> Words.of(posix::errorText)).orElse(Words.ENGLISH);
  }

  /** The kind of the first failure that has one, of this and its causes. */
  public static IoFailure of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      IoFailure found = ofOne(cause);
      if (found != OTHER) {
        return found;
      }
    }
    return OTHER;
  }

  private static IoFailure ofOne(Throwable failure) {
    if (failure instanceof UnreadableException unreadable) {
      return ofText(unreadable.problem());
    }
    if (!(failure instanceof IOException)) {
      return OTHER;
    }
    if (failure instanceof NoSuchFileException) {
      return NO_SUCH_FILE;
    }
    if (failure instanceof AccessDeniedException) {
      return DENIED;
    }
    if (failure instanceof FileAlreadyExistsException) {
      return EXISTS;
    }
    if (failure instanceof SystemCallException call) {
      return ERRNOS.stream()
          .filter(errno -> errno.number == call.number())
          .map(Errno::failure)
          .findFirst()
          .orElse(OTHER);
    }
    if (failure instanceof FileSystemException system) {
      return ofText(system.getReason());
    }
    String text = failure.getMessage();
    if (failure instanceof FileNotFoundException && text != null && text.endsWith(")")) {
      // "PATH (REASON)"
      text = text.substring(text.lastIndexOf('(') + 1, text.length() - 1);
    }
    return ofText(text);
  }

  private static IoFailure ofText(String text) {
    IoFailure found = text == null ? OTHER : Words.ENGLISH.failure(text);
    return found != OTHER || text == null ? found : Native.WORDS.failure(text);
  }

  /** What the system says for an error number, in English. */
  public static String text(int errno) {
    for (Errno known : ERRNOS) {
      if (known.number == errno) {
        return known.text;
      }
    }
    return "error number " + errno;
  }

  /** A failure of a native call. @param errno as above */
  static IOException exception(Path path, int errno) {
    return switch (errno) {
      case 2 -> new NoSuchFileException(path.toString());
      case 1, 13 -> new AccessDeniedException(path.toString());
      default -> {
        String words = Posix.instance().map(posix -> posix.errorText(errno)).orElse(text(errno));
        yield new FileSystemException(path.toString(), null, words);
      }
    };
  }

  /** Why it failed, as a clause: in the words the system has for it. */
  public static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the directory is not empty";
    }
    if (e instanceof NotDirectoryException) {
      return "it is no directory";
    }
    if (e instanceof ClosedChannelException) {
      return "it was closed";
    }
    String reason = e instanceof FileSystemException system ? system.getReason() : e.getMessage();
    if (reason == null && e instanceof FileAlreadyExistsException) {
      return "it exists";
    }
    return reason == null ? e.getClass().getSimpleName() : reason;
  }

  /** A failed input or output, told for people. */
  public static BlkshException told(String action, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new BlkshException(action, "there is no such file or device", e);
    }
    BlkshException told = new BlkshException(action, reason(e), e);
    return e instanceof AccessDeniedException
        ? told.suggest("run as a user who may, such as root")
        : told;
  }
}
