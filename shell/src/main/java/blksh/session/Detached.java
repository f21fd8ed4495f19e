package blksh.session;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.io.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A process of blksh that runs a bundled script apart from this one and from its terminal, and
 * stays when this one ends. What it prints goes to a log in the home.
 */
public final class Detached {

  private static final long LOOK_MILLIS = 50;
  private static final long PATIENCE_NANOS = 120_000_000_000L;
  private static final int LINES_TOLD = 5;

  private final String what;
  private final Process process;
  private final Path log;

  private Detached(String what, Process process, Path log) {
    this.what = what;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one.
   *
   * @param script the name of a bundled script
   * @param words its arguments
   */
  public static Detached start(Session session, String script, List<String> words) {
    String what = script + " " + String.join(" ", words) + " in the background";
    String launcher = System.getProperty("blksh.launcher");
    if (launcher == null) {
      throw new BlkshException(what, "blksh was not started by its launcher");
    }
    Path home = session.options().home().toAbsolutePath();
    List<String> command = new ArrayList<>();
    // A session of its own keeps it from the signals of this terminal.
    Program.find("setsid").ifPresent(setsid -> command.add(setsid.toString()));
    command.addAll(List.of(launcher, "--quiet", "--home", home.toString(), "run", script));
    command.addAll(words);
    String now = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS").format(LocalDateTime.now());
    try {
      Path logs = OwnerOnly.makeDirectories(home.resolve("logs"));
      // A temporary file is its owner's alone, as what is told of drives should be.
      Path log = Files.createTempFile(logs, script + "-" + now + "-", ".log");
      Process process =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new Detached(what, process, log);
    } catch (IOException failure) {
      throw IoFailure.told(what, failure);
    }
  }

  /**
   * Waits until it is ready.
   *
   * @param ready given its process number, what it is ready with, or nothing
   * @throws BlkshException with the end of its log when it ends before
   */
  public <T> T await(Function<Long, Optional<T>> ready) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    try {
      while (true) {
        boolean alive = process.isAlive();
        Optional<T> found = ready.apply(process.pid());
        if (found.isPresent()) {
          return found.get();
        }
        if (!alive || System.nanoTime() > end) {
          process.destroy();
          throw new BlkshException(what, alive ? "it takes too long" : told())
              .suggest("its log is " + log);
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException hurry) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new BlkshException(what, "interrupted", hurry);
    }
  }

  private String told() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("; ", lines.subList(Math.max(0, lines.size() - LINES_TOLD), lines.size()));
    } catch (IOException unread) {
      return "it ended with status " + process.exitValue();
    }
  }
}
