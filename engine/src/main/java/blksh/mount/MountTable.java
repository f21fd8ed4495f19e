package blksh.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The file systems mounted now, as proc_pid_mountinfo(5) lists them. */
final class MountTable {

  /** What FUSE mounts of blksh are known by, with the process that serves them. */
  static final String TYPE = "fuse.blksh";

  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  private MountTable() {}

  /**
   * One line of the table.
   *
   * @param path where it is mounted
   * @param device its device number, {@code major:minor}
   * @param source what is mounted there, as its file system names it
   */
  record Entry(Path path, String device, String type, String source) {}

  static List<Entry> read() {
    List<Entry> entries = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
        String[] fields = line.split(" ");
        int dash = List.of(fields).indexOf("-");
        if (dash > 5 && fields.length > dash + 2) {
          entries.add(
              new Entry(
                  Path.of(plain(fields[4])), fields[2], fields[dash + 1], plain(fields[dash + 2])));
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    return entries;
  }

  /** What is mounted right at a path, on top. */
  static Entry at(Path path) {
    Entry found = null;
    for (Entry entry : read()) {
      if (entry.path().equals(path)) {
        found = entry;
      }
    }
    return found;
  }

  private static String plain(String escaped) {
    Matcher matcher = OCTAL.matcher(escaped);
    return matcher.replaceAll(
        found ->
            Matcher.quoteReplacement(
                Character.toString((char) Integer.parseInt(found.group(1), 8))));
  }
}
