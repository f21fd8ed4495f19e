package blksh.store;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Programs of the system that tests use. */
final class Command {

  private Command() {}

  /** Runs a program to its end and returns what it printed. */
  static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return output;
  }

  /**
   * Where a program is; aborts the test where it is not installed, except that it must be in CI.
   */
  static String find(String name) {
    for (String folder : new String[] {"/usr/sbin", "/sbin", "/usr/bin", "/bin"}) {
      Path program = Path.of(folder, name);
      if (Files.isExecutable(program)) {
        return program.toString();
      }
    }
    if (System.getenv("CI") != null) {
      fail(name + " is needed in CI");
    }
    return abort(name + " is not installed");
  }
}
