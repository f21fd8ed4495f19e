package blksh.kit;

import blksh.io.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A program of the system that a test uses or compares with. */
public final class Tool {

  private static final List<String> FOLDERS = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin");

  private final String path;

  private Tool(String path) {
    this.path = path;
  }

  /** What a program came to: its exit status, and what it printed. */
  public record Ended(int status, String output) {}

  /** Finds a program; ends the test where it is not installed. */
  public static Tool named(String name) {
    return new Tool(path(name));
  }

  /** Where a program is; ends the test where it is not installed. */
  public static String path(String name) {
    return find(name)
        .map(Path::toString)
        .orElseGet(() -> Component.missing(name + " is not installed"));
  }

  public static boolean isThere(String name) {
    return find(name).isPresent();
  }

  /** The system's own before what else is on PATH: packages of modules are installed for that. */
  private static Optional<Path> find(String name) {
    return FOLDERS.stream()
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .or(() -> Program.find(name));
  }

  /** Runs it to its end and returns what it printed; its exit status must be 0. */
  public String run(Object... arguments) throws IOException {
    return runAllowing(0, arguments);
  }

  /** As above, allowing exit statuses up to one. */
  public String runAllowing(int highestStatus, Object... arguments) throws IOException {
    Ended ended = attempt(arguments);
    if (ended.status() > highestStatus) {
      // btrfs looks into what is mounted as btrfs, which only root may.
      Component.need(
          !ended.output().contains("cannot check mount status"),
          "a btrfs is mounted, beside which only root can make one");
      throw new IOException(String.join(" ", command(arguments)) + ": " + ended.output());
    }
    return ended.output();
  }

  /** As {@link #run}, returning its standard output alone: warnings are no part of an answer. */
  public String answer(Object... arguments) throws IOException {
    Process process = builder(arguments).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    String errors = new String(process.getErrorStream().readAllBytes()).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command(arguments)) + ": " + errors);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return output;
  }

  /** Runs it to its end, whatever that is. */
  public Ended attempt(Object... arguments) throws IOException {
    Process process = start(arguments);
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    try {
      return new Ended(process.waitFor(), output);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Starts it; what it prints, errors included, is for the test to read. */
  public Process start(Object... arguments) throws IOException {
    return builder(arguments).redirectErrorStream(true).start();
  }

  private ProcessBuilder builder(Object... arguments) {
    ProcessBuilder builder = Child.of(command(arguments));
    builder.environment().put("LC_ALL", "C.UTF-8");
    return builder;
  }

  private List<String> command(Object... arguments) {
    List<String> command = new ArrayList<>(List.of(path));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }
}
