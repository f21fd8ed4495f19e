package blksh.workspace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A process told apart from every other one, also from a later one with the same number.
 *
 * @param pid its number
 * @param start when it started: clock ticks since boot on Linux, else milliseconds since 1970
 * @param boot the boot of the machine it runs under
 * @param space the process number space it counts in (containers have their own)
 */
record ProcessIdentity(long pid, long start, String boot, String space) {

  private static final ProcessIdentity OWN = of(ProcessHandle.current().pid());

  /** This process. */
  static ProcessIdentity own() {
    return OWN;
  }

  /**
   * Whether it may still be at work: false only when that is certain. A process of another
   * container cannot be seen from here and counts as alive until the machine is booted again.
   */
  boolean mayBeAlive() {
    if (!boot.equals(OWN.boot)) {
      return false;
    }
    return !space.equals(OWN.space) || startOf(pid) == start;
  }

  /** A process that runs now, seen from this one. */
  static ProcessIdentity of(long pid) {
    return new ProcessIdentity(pid, startOf(pid), currentBoot(), ownSpace());
  }

  private static String currentBoot() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static String ownSpace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** -1 when there is no such process, or only what its parent has yet to collect. */
  private static long startOf(long pid) {
    try {
      // proc_pid_stat(5): the name in parentheses may hold anything; the state and 18 more fields
      // come between it and the start time.
      String status = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ");
      return fields[0].equals("Z") ? -1 : Long.parseLong(fields[19]);
    } catch (IOException e) {
      return Files.exists(Path.of("/proc/self"))
          ? -1
          : ProcessHandle.of(pid)
              .flatMap(process -> process.info().startInstant())
              .map(Instant::toEpochMilli)
              .orElse(-1L);
    }
  }
}
