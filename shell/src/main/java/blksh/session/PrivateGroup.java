package blksh.session;

import blksh.io.DirectoryHandle;
import blksh.io.PathBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Groups that have one member only: Debian and others give each user one of the user's own name,
 * and let it write what the user makes (umask 002). What such a group may write its user may write,
 * and nobody else.
 *
 * <p>Told only where the files of this machine say all there is of users and groups: a directory
 * service may have members of a group that they do not name. What only root may read, a password of
 * the group in gshadow(5), is not seen.
 */
final class PrivateGroup {

  private static final Path ROOT = Path.of("/");
  private static final Path USERS = Path.of("/etc/passwd");
  private static final Path GROUPS = Path.of("/etc/group");
  private static final Path SOURCES = Path.of("/etc/nsswitch.conf");

  /** Of nsswitch.conf(5): what says who is in a group, and sources that name nobody else. */
  private static final Pattern DATABASE = Pattern.compile("\\s*(passwd|group|initgroups)\\s*:(.*)");

  private static final Pattern ACTION = Pattern.compile("\\[[^]]*]|#.*");
  private static final Set<String> LOCAL = Set.of("files", "compat", "systemd", "mymachines");

  /** Second fields of group(5) that are no password. */
  private static final Set<String> NO_PASSWORD = Set.of("", "x", "*", "!", "!!");

  private static final byte[] ACCESS_LIST =
      "system.posix_acl_access".getBytes(StandardCharsets.US_ASCII);

  private PrivateGroup() {}

  /**
   * Whether what the group of a file may do only a user may. An access list lets others do it under
   * the group's bits (acl(5)); a file that has one is nobody's alone.
   */
  static boolean isOf(Path file, int user, int group) throws IOException {
    List<String> users = Files.readAllLines(USERS, StandardCharsets.ISO_8859_1);
    List<String> groups = Files.readAllLines(GROUPS, StandardCharsets.ISO_8859_1);
    List<String> sources =
        Files.exists(SOURCES)
            ? Files.readAllLines(SOURCES, StandardCharsets.ISO_8859_1)
            : List.of("passwd: files", "group: files");
    return isLocal(sources) && isPrivate(user, group, users, groups) && !hasAccessList(file);
  }

  /**
   * Whether all users and groups are in the files of this machine.
   *
   * @param sources the lines of nsswitch.conf(5)
   */
  static boolean isLocal(List<String> sources) {
    Set<String> told = new HashSet<>();
    for (String line : sources) {
      Matcher database = DATABASE.matcher(line);
      if (database.matches()) {
        told.add(database.group(1));
        String names = ACTION.matcher(database.group(2)).replaceAll(" ").strip();
        if (!LOCAL.containsAll(List.of(names.split("\\s+")))) {
          return false;
        }
      }
    }
    return told.contains("passwd") && told.contains("group");
  }

  /**
   * Whether a group is a user's alone: it has the user's name, is the one the user's files get, and
   * nobody else is in it or has it.
   *
   * @param users the lines of passwd(5)
   * @param groups the lines of group(5)
   */
  static boolean isPrivate(int user, int group, List<String> users, List<String> groups) {
    if (Stream.concat(users.stream(), groups.stream()).anyMatch(PrivateGroup::isOfOthers)) {
      return false;
    }
    String name = null;
    for (String line : users) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && fields[3].equals(Integer.toString(group))) {
        if (name != null || !fields[2].equals(Integer.toString(user))) {
          return false;
        }
        name = fields[0];
      }
    }
    if (name == null) {
      return false;
    }
    boolean found = false;
    for (String line : groups) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && fields[2].equals(Integer.toString(group))) {
        if (found || !fields[0].equals(name)) {
          return false;
        }
        boolean others = !fields[3].isEmpty() && !fields[3].equals(name);
        if (others || !NO_PASSWORD.contains(fields[1])) {
          return false;
        }
        found = true;
      }
    }
    return found;
  }

  /** Whether a line takes in users or groups of a directory service. */
  private static boolean isOfOthers(String line) {
    return line.startsWith("+") || line.startsWith("-");
  }

  static boolean hasAccessList(Path file) throws IOException {
    byte[] path = PathBytes.of(file);
    // From the root on: the user may not be allowed to list the directory it is in.
    try (DirectoryHandle root = DirectoryHandle.open(ROOT)) {
      byte[] name = Arrays.copyOfRange(path, 1, path.length);
      return root.attributes(name).value(ACCESS_LIST) != null;
    }
  }
}
