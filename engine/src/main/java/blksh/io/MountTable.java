package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The file systems that are mounted, as this process sees them.
 *
 * @param entries those mounted later after those before, which they may hide
 */
public record MountTable(List<Entry> entries) {

  private static final Path PROCESSES = Path.of("/proc");

  private static final Path FILE = Path.of("/proc/self/mountinfo");

  /** Fields of a line, as proc_pid_mountinfo(5) counts them from 1. */
  private static final int DEVICE = 2;

  private static final int POINT = 4;
  private static final int OPTIONS = 5;

  /** The first of any number of fields that end with a dash. */
  private static final int OPTIONAL = 6;

  private static final String READ_ONLY = "ro";

  public MountTable {
    entries = List.copyOf(entries);
  }

  /**
   * A file system and where it is mounted.
   *
   * @param device its device number, {@code major:minor}; of a device only where the file system
   *     lies on a single one
   * @param path where it is mounted, absolute
   * @param type its kind, such as {@code ext4} or {@code fuse.sshfs}
   * @param source what is mounted there, as its file system names it; may be empty
   * @param sourcePath the same where it is an absolute path, byte for byte, else null
   * @param options those of the mount, then those of the file system itself
   */
  public record Entry(
      String device, Path path, String type, String source, Path sourcePath, List<String> options) {

    public Entry {
      options = List.copyOf(options);
    }

    /** Whether nothing can be written through it. */
    public boolean isReadOnly() {
      return options.contains(READ_ONLY);
    }
  }

  /**
   * Reads it anew.
   *
   * @throws IOException also where the system has none
   */
  public static MountTable read() throws IOException {
    return parse(Files.readAllBytes(FILE));
  }

  /** As above; empty where the system has none. */
  public static MountTable readIfAny() {
    try {
      return read();
    } catch (IOException e) {
      return new MountTable(List.of());
    }
  }

  /**
   * What processes see mounted that are not in the mount namespace of this one, or have another
   * root; by the number of such a process. Those that nobody may look at are left out.
   */
  public static Map<String, MountTable> elsewhere() {
    Map<String, MountTable> tables = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      seen.add(view(PROCESSES.resolve("self")));
      for (Path process : processes) {
        try {
          if (seen.add(view(process))) {
            byte[] table = Files.readAllBytes(process.resolve("mountinfo"));
            tables.put(process.getFileName().toString(), parse(table));
          }
        } catch (IOException e) {
          // it has ended, or is somebody else's
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // this system does not tell
    }
    return tables;
  }

  private static String view(Path process) throws IOException {
    return Files.readSymbolicLink(process.resolve("ns/mnt"))
        + " "
        + Files.readSymbolicLink(process.resolve("root"));
  }

  /**
   * @param table what the kernel writes; lines that are none of a mount are passed over
   */
  static MountTable parse(byte[] table) {
    List<Entry> entries = new ArrayList<>();
    for (ProcTable.Row row : ProcTable.rows(table)) {
      int dash = OPTIONAL;
      while (dash < row.size() && !row.text(dash).equals("-")) {
        dash++;
      }
      if (dash + 2 < row.size() && row.path(POINT) != null) {
        List<String> options = new ArrayList<>(row.list(OPTIONS));
        if (dash + 3 < row.size()) {
          options.addAll(row.list(dash + 3));
        }
        entries.add(
            new Entry(
                row.text(DEVICE),
                row.path(POINT),
                row.text(dash + 1),
                row.text(dash + 2),
                row.path(dash + 2),
                options));
      }
    }
    return new MountTable(entries);
  }

  /** What is mounted right at a path, on top. */
  public Optional<Entry> at(Path path) {
    Entry top = null;
    for (Entry entry : entries) {
      if (entry.path().equals(path)) {
        top = entry;
      }
    }
    return Optional.ofNullable(top);
  }
}
