package blksh.workspace;

import static blksh.kit.Await.pause;

import java.nio.file.Path;

/** Programs for a second JVM that shares a home with the test. */
final class Programs {

  private Programs() {}

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

  /**
   * Begins a run of 4000 bytes, does 1000 after the 400 of an earlier attempt, says so on standard
   * output, and waits to be killed. Argument: home.
   */
  static final class EndlessRun {
    public static void main(String[] arguments) {
      Workspace.open(Path.of(arguments[0]))
          .run(
              "capture",
              "endless",
              task -> {
                task.expect(4000);
                task.phase("reading");
                task.resume(400);
                task.advance(1000);
                System.out.println("begun");
                while (true) {
                  try {
                    pause(60_000);
                  } catch (InterruptedException e) {
                    return null;
                  }
                }
              });
    }
  }
}
