package blksh.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program of the tests in a JVM of its own. */
public final class ChildJvm {

  private ChildJvm() {}

  /** Starts one; its errors go where the test's go, its output is for the test to read. */
  public static Process start(List<String> options, Class<?> program, String... arguments)
      throws IOException {
    return builder(options, program, arguments).start();
  }

  /** As above, but its output goes to a file, where all of it is found however the child ends. */
  public static Process start(
      Path output, List<String> options, Class<?> program, String... arguments) throws IOException {
    return builder(options, program, arguments).redirectOutput(output.toFile()).start();
  }

  /** As above, with variables of the environment. */
  public static Process start(
      Path output,
      Map<String, String> environment,
      List<String> options,
      Class<?> program,
      String... arguments)
      throws IOException {
    ProcessBuilder builder = builder(options, program, arguments);
    builder.environment().putAll(environment);
    return builder.redirectOutput(output.toFile()).start();
  }

  /** Waits until one has said something in its file; it must not have ended before. */
  public static void awaitOutput(Process child, Path output) throws Exception {
    Await.await(() -> Files.size(output) > 0 || !child.isAlive());
    assertThat(child.isAlive()).as("alive").isTrue();
  }

  private static ProcessBuilder builder(
      List<String> options, Class<?> program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-Xshare:auto");
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(List.of(arguments));
    return Child.of(command).redirectError(ProcessBuilder.Redirect.INHERIT);
  }
}
