package blksh.session;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Whether code that lies in a home may run in this process: only when nobody but its user, and
 * root, can have put it there. Each directory on the way to it counts as well, for whoever may
 * write one may exchange what is in it; those where everybody keeps to their own files, as in /tmp,
 * do not.
 */
public final class Trust {

  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 02;
  private static final int ROOT = 0;

  private Trust() {}

  /**
   * What speaks against running code, or nothing.
   *
   * @param action what would be done, as it follows "cannot"
   * @param file where the code is or would be kept; of what is not there, its directory counts
   */
  public static Optional<BlkshException> objection(String action, Path file) {
    try {
      Path at = file.toAbsolutePath();
      while (at.getParent() != null && !Files.exists(at)) {
        at = at.getParent();
      }
      int user = owner(Path.of("/proc/self"));
      // The root of all files belongs to whoever made the container, and is nobody's to write.
      for (at = at.toRealPath(); at.getParent() != null; at = at.getParent()) {
        int owner = owner(at);
        if (owner != user && owner != ROOT) {
          return Optional.of(
              new BlkshException(action, at + " belongs to " + Files.getOwner(at))
                  .suggest("choose a home of your own with --home, or chown it"));
        }
        int mode = mode(at);
        int open = mode & (GROUP_WRITES | OTHERS_WRITE);
        if (open != 0 && !(Files.isDirectory(at) && (mode & STICKY) != 0)) {
          String who = (open & OTHERS_WRITE) != 0 ? "everybody" : "its group";
          return Optional.of(
              new BlkshException(action, who + " may write " + at).suggest("chmod go-w it"));
        }
      }
      return Optional.empty();
    } catch (IOException | UnsupportedOperationException unknown) {
      return Optional.of(
          new BlkshException(
              action, "who may write " + file + " is unknown: " + unknown.getMessage(), unknown));
    }
  }

  private static int owner(Path file) throws IOException {
    return (Integer) attributes(file, "uid").get("uid");
  }

  private static int mode(Path file) throws IOException {
    return (Integer) attributes(file, "mode").get("mode");
  }

  private static Map<String, Object> attributes(Path file, String name) throws IOException {
    return Files.readAttributes(file, "unix:" + name, new LinkOption[0]);
  }
}
