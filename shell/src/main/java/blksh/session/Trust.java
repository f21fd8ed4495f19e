package blksh.session;

import blksh.BlkshException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whether code that lies in a home may run in this process: only when nobody but its user, and
 * root, can have put it there. Each directory on the way to it counts as well, for whoever may
 * write one may exchange what is in it; those where everybody keeps to their own files, as in /tmp,
 * do not, nor does a group that has the user as its only member.
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
      int user = user();
      // The root of all files belongs to whoever made the container, and is nobody's to write.
      for (at = at.toRealPath(); at.getParent() != null; at = at.getParent()) {
        Optional<BlkshException> objection = objectionTo(action, at, user);
        if (objection.isPresent()) {
          return objection;
        }
      }
      return Optional.empty();
    } catch (IOException | UnsupportedOperationException unknown) {
      return Optional.of(unknown(action, file, unknown));
    }
  }

  /**
   * What speaks against running code that lies anywhere in a directory, or nothing. Links in it
   * lead elsewhere, which speaks against them.
   *
   * @param action what would be done, as it follows "cannot"
   */
  public static Optional<BlkshException> objectionWithin(String action, Path directory) {
    Optional<BlkshException> above = objection(action, directory);
    if (above.isPresent()) {
      return above;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      int user = user();
      for (Path each : (Iterable<Path>) all::iterator) {
        if (Files.isSymbolicLink(each)) {
          return Optional.of(new BlkshException(action, each + " is a link"));
        }
        Optional<BlkshException> objection = objectionTo(action, each, user);
        if (objection.isPresent()) {
          return objection;
        }
      }
      return Optional.empty();
    } catch (IOException | UncheckedIOException | UnsupportedOperationException unknown) {
      return Optional.of(unknown(action, directory, unknown));
    }
  }

  private static BlkshException unknown(String action, Path file, Exception unknown) {
    return new BlkshException(
        action, "who may write " + file + " is unknown: " + unknown.getMessage(), unknown);
  }

  /** What speaks against one file or directory, those above it left aside. */
  private static Optional<BlkshException> objectionTo(String action, Path at, int user)
      throws IOException {
    int owner = owner(at);
    if (owner != user && owner != ROOT) {
      return Optional.of(
          new BlkshException(action, at + " belongs to " + Files.getOwner(at))
              .suggest("choose a home of your own with --home, or chown it"));
    }
    int mode = mode(at);
    int open = mode & (GROUP_WRITES | OTHERS_WRITE);
    if (open == GROUP_WRITES && owner == user && isUsersAlone(at, user)) {
      return Optional.empty();
    }
    if (open != 0 && !(Files.isDirectory(at) && (mode & STICKY) != 0)) {
      String who = (open & OTHERS_WRITE) != 0 ? "everybody" : "its group";
      return Optional.of(
          new BlkshException(action, who + " may write " + at).suggest("chmod go-w it"));
    }
    return Optional.empty();
  }

  /**
   * Whether nobody but the user can write what its group may. Never for root: what root runs is
   * worth more than a convenience of ordinary users.
   */
  private static boolean isUsersAlone(Path at, int user) throws IOException {
    return user != ROOT && PrivateGroup.isOf(at, user, group(at));
  }

  private static int group(Path file) throws IOException {
    return (Integer) attributes(file, "gid").get("gid");
  }

  private static int user() throws IOException {
    return owner(Path.of("/proc/self"));
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
