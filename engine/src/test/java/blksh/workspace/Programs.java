package blksh.workspace;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs for a second JVM that shares a home with the test. */
final class OtherJvm {

  private OtherJvm() {}

  static Process start(Class<?> program, String... arguments) throws IOException {
    return start(List.of(), program, arguments);
  }

  static Process start(List<String> options, Class<?> program, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Carries out many short runs. Arguments: home, verb, number of runs. */
  static final class ManyRuns {
    public static void main(String[] arguments) {
      try (Workspace workspace =
          Workspace.open(
              Path.of(arguments[0]),
              warning -> {
                throw new AssertionError(warning);
              })) {
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
          String subject = Integer.toString(i);
          workspace.run(
              arguments[1],
              subject,
              task -> {
                task.advance(Long.parseLong(subject));
                return null;
              });
        }
      }
    }
  }

  /** Begins a run, says so on standard output, and waits to be killed. Argument: home. */
  static final class EndlessRun {
    public static void main(String[] arguments) {
      Workspace.open(Path.of(arguments[0]))
          .run(
              "capture",
              "endless",
              task -> {
                System.out.println("begun");
                while (true) {
                  try {
                    Thread.sleep(60_000);
                  } catch (InterruptedException e) {
                    return null;
                  }
                }
              });
    }
  }
}
