package blksh.kit;

import blksh.io.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Programs that tests start, with the signals that a terminal leaves: what {@code nohup}, a
 * script's {@code &} or a CI agent told this JVM to ignore, its children would ignore as well, and
 * a signal that a test sends would never arrive.
 */
public final class Child {

  private static final int HANGUP_INTERRUPT_TERMINATE = 1 | 1 << 1 | 1 << 14;

  private static final List<String> PREFIX = prefix();

  private Child() {}

  /** A program, to be started. */
  public static ProcessBuilder of(List<String> command) {
    List<String> words = new ArrayList<>(PREFIX);
    words.add(path(command.get(0)));
    words.addAll(command.subList(1, command.size()));
    return new ProcessBuilder(words);
  }

  public static ProcessBuilder of(String... command) {
    return of(List.of(command));
  }

  /** Where a program is, also one that the PATH of an ordinary user leaves out. */
  private static String path(String name) {
    return name.contains("/") ? name : Program.find(name).map(Path::toString).orElse(name);
  }

  private static List<String> prefix() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(status)) {
      boolean ignores =
          lines
              .filter(line -> line.startsWith("SigIgn:"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .anyMatch(mask -> (mask & HANGUP_INTERRUPT_TERMINATE) != 0);
      return ignores ? List.of("/usr/bin/env", "--default-signal=HUP,INT,TERM") : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
