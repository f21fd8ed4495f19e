package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * What other processes of this machine have open for writing (proc_pid_fdinfo(5)). A virtual
 * machine, a target of iSCSI or a database that has a drive or a file open claims nothing, and no
 * table of the kernel names it. Those that may not be looked at, as those of others when it is not
 * root who asks, are not found.
 */
final class OpenForWriting {

  private static final Path PROCESSES = Path.of("/proc");
  private static final String REMEDY = "end that, or have it close it, first";

  private static final int TYPE = 0170000;
  private static final int BLOCK_DEVICE = 0060000;

  // <fcntl.h>: the flags of an open file
  private static final int ACCESS_MODE = 3;
  private static final int READ_ONLY = 0;
  private static final int PATH_ONLY = 010000000;

  private static final String DEVICES = "/dev/";

  /** Programs that only look have something open for an instant. */
  private static final int TRIES = 10;

  private static final long PAUSE_NANOS = 50_000_000;

  private OpenForWriting() {}

  /** Asks who has something open for writing. */
  interface Question {
    List<DeviceUse> uses() throws IOException;
  }

  /** Who has it so for longer than an instant. */
  static List<DeviceUse> lasting(Question question) throws IOException {
    List<DeviceUse> uses = question.uses();
    for (int tries = 1; !uses.isEmpty() && tries < TRIES; tries++) {
      LockSupport.parkNanos(PAUSE_NANOS);
      uses = question.uses();
    }
    return uses;
  }

  /** Who has block devices open, by the numbers of these. */
  static Map<String, List<String>> devices() {
    Map<String, List<String>> found = new HashMap<>();
    each(
        (process, descriptor) -> {
          // What is elsewhere may lie on a file server that does not answer.
          if (Files.readSymbolicLink(descriptor).toString().startsWith(DEVICES)
              && isForWriting(told(process, descriptor))) {
            Map<String, Object> status = Files.readAttributes(descriptor, "unix:mode,rdev");
            if (((Integer) status.get("mode") & TYPE) == BLOCK_DEVICE) {
              String number = BlockDevice.numberText((Long) status.get("rdev"));
              found.computeIfAbsent(number, none -> new ArrayList<>()).add(words(process));
            }
          }
        });
    return found;
  }

  /** Who has a file open. */
  static List<String> of(FileIdentity file) {
    List<String> found = new ArrayList<>();
    String inode = Long.toUnsignedString(file.inode());
    each(
        (process, descriptor) -> {
          if (Files.readSymbolicLink(descriptor).isAbsolute()) {
            Map<String, String> told = told(process, descriptor);
            if (isForWriting(told)
                && told.getOrDefault("ino", inode).equals(inode) // told from Linux 5.14 on
                && file.equals(FileIdentity.of(descriptor))) {
              found.add(words(process));
            }
          }
        });
    return found;
  }

  /**
   * That a device or file is written.
   *
   * @param name of it, for people
   */
  static DeviceUse use(String name, String who) {
    return new DeviceUse("%s is open for writing by %s".formatted(name, who), REMEDY, true);
  }

  /** What that means for a file. */
  static List<DeviceUse> uses(FileIdentity file) {
    return of(file).stream().map(who -> use("it", who)).toList();
  }

  /** Takes what a process has open. */
  private interface Taker {
    void take(Path process, Path descriptor) throws IOException;
  }

  private static void each(Taker taker) {
    String own = Long.toString(ProcessHandle.current().pid());
    for (Path process : entries(PROCESSES)) {
      String name = process.getFileName().toString();
      if (!Character.isDigit(name.charAt(0)) || name.equals(own)) {
        continue;
      }
      for (Path descriptor : entries(process.resolve("fd"))) {
        try {
          taker.take(process, descriptor);
        } catch (IOException e) {
          // it was closed meanwhile
        }
      }
    }
  }

  /** Empty when the process has ended, or may not be looked at. */
  private static List<Path> entries(Path directory) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      all.forEach(entries::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of();
    }
    return entries;
  }

  /** What the kernel tells of a descriptor. */
  private static Map<String, String> told(Path process, Path descriptor) throws IOException {
    Map<String, String> told = new HashMap<>();
    for (String line :
        Files.readAllLines(process.resolve("fdinfo").resolve(descriptor.getFileName()))) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        told.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    return told;
  }

  private static boolean isForWriting(Map<String, String> told) {
    String flags = told.getOrDefault("flags", "");
    if (!flags.matches("[0-7]{1,15}")) {
      return false;
    }
    long bits = Long.parseLong(flags, 8);
    return (bits & ACCESS_MODE) != READ_ONLY && (bits & PATH_ONLY) == 0;
  }

  private static String words(Path process) {
    String program = BlockDevice.fact(process, "comm");
    return "process %s%s"
        .formatted(process.getFileName(), program.isEmpty() ? "" : " (" + program + ")");
  }
}
