package blksh.mount.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process that serves a mount, as the mount table names it.
 *
 * @param pid its number
 * @param start when it started, in clock ticks since boot: with the number it names one process
 */
record MountServer(long pid, long start) {

  private static final Pattern NAME = Pattern.compile("blksh:([0-9]{1,10}):([0-9]{1,18})");

  /** This process. */
  MountServer() {
    this(ProcessHandle.current().pid(), startOf(ProcessHandle.current().pid()));
  }

  static Optional<MountServer> of(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(
            new MountServer(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
        : Optional.empty();
  }

  String name() {
    return "blksh:" + pid + ":" + start;
  }

  /** Whether the process runs, as far as can be seen from here. */
  boolean isAlive() {
    return startOf(pid) == start;
  }

  private static long startOf(long pid) {
    try {
      // proc_pid_stat(5): the name in parentheses may hold anything.
      String status = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ");
      return fields[0].equals("Z") ? -1 : Long.parseLong(fields[19]);
    } catch (IOException e) {
      return -1;
    }
  }
}
