package blksh.io;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Programs of the system: how they are found, and how they are started. Those of the administrator
 * are found too, though the PATH of an ordinary user leaves their directories out.
 */
public final class Program {

  private static final List<String> USUAL = List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin");

  /** The variable that may hold the passphrase of stores itself. */
  private static final String SECRET = "BLKSH_PASSPHRASE";

  private static final int PATIENCE_SECONDS = 20;

  private Program() {}

  /** What a program did. */
  public record Ended(int status, String output) {}

  /** The first of some programs that is installed. */
  public static Optional<Path> find(String... names) {
    for (String name : names) {
      for (String folder : folders()) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program) && !Files.isDirectory(program)) {
          return Optional.of(program);
        }
      }
    }
    return Optional.empty();
  }

  /** What PATH says, then what it may leave out. */
  private static Set<String> folders() {
    Set<String> folders = new LinkedHashSet<>();
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (folder.startsWith("/")) {
        folders.add(folder);
      }
    }
    folders.addAll(USUAL);
    return folders;
  }

  /**
   * A program to be started. It finds other programs as this process does, and what it says is
   * neither translated nor made of question marks. What opens encrypted stores is not for it.
   */
  public static ProcessBuilder of(Path program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PATH", String.join(":", folders()));
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().remove(SECRET);
    return builder;
  }

  /** A command of the user's, found in PATH and with the environment as they are. */
  static ProcessBuilder ofUser(List<String> command) {
    return new ProcessBuilder(command);
  }

  /**
   * A line for the user's shell, with the environment as it is.
   *
   * @param reads whether it has the standard input of this process; else that is empty
   */
  public static ProcessBuilder shell(String line, boolean reads) {
    return ofUser(List.of("/bin/sh", "-c", line))
        .redirectInput(
            reads
                ? ProcessBuilder.Redirect.INHERIT
                : ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
  }

  /** Runs a program to its end, whatever that is. */
  public static Ended run(Path program, String... arguments) {
    boolean interrupted = false;
    try {
      Process process =
          of(program, arguments)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      String output = new String(process.getInputStream().readAllBytes(), fileNames()).strip();
      while (true) {
        try {
          if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return new Ended(-1, program.getFileName() + " does not end");
          }
          return new Ended(process.exitValue(), output);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (IOException e) {
      throw IoFailure.told("run " + program, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** How the system writes the names of files. */
  public static Charset fileNames() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }
}
