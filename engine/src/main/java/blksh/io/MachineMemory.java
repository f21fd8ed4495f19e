package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory of this machine, of which the heap is but a part. */
public final class MachineMemory {

  private static final Path TABLE = Path.of("/proc/meminfo");
  private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d{1,15}) kB");
  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d{1,15}) kB");

  /** What every machine has that runs this, in bytes. */
  private static final long LEAST = 1L << 30;

  private MachineMemory() {}

  /** All of it, in bytes; what every machine has where the system does not tell (proc(5)). */
  public static long total() {
    return bytes(TOTAL);
  }

  /** What of it may be taken without driving others out, in bytes, as the system guesses it. */
  public static long available() {
    return bytes(AVAILABLE);
  }

  private static long bytes(Pattern line) {
    try {
      Matcher found = line.matcher(Files.readString(TABLE));
      return found.find() ? Long.parseLong(found.group(1)) << 10 : LEAST;
    } catch (IOException e) {
      return LEAST;
    }
  }
}
