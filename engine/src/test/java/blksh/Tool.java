package blksh;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program of the system that a test compares with. */
public final class Tool {

  private final String path;

  private Tool(String path) {
    this.path = path;
  }

  /** Finds a program; aborts the test where it is not installed, except that it must be in CI. */
  public static Tool named(String name) {
    for (String folder : List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")) {
      Path program = Path.of(folder, name);
      if (Files.isExecutable(program)) {
        return new Tool(program.toString());
      }
    }
    return missing(name + " is not installed");
  }

  /** Aborts the test for want of something, except that it must be there in CI. */
  public static <T> T missing(String what) {
    if (System.getenv("CI") != null) {
      return fail("needed in CI: " + what);
    }
    return abort(what);
  }

  /** Runs it to its end and returns what it printed; its exit status must be 0. */
  public String run(Object... arguments) throws IOException {
    return runAllowing(0, arguments);
  }

  /** As above, allowing exit statuses up to one. */
  public String runAllowing(int highestStatus, Object... arguments) throws IOException {
    List<String> command = new java.util.ArrayList<>(List.of(path));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    try {
      if (process.waitFor() > highestStatus) {
        throw new IOException(String.join(" ", command) + ": " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return output;
  }
}
