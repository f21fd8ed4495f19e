package blksh.kit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The real ./blksh, as a user starts it, with a home of its own. */
public final class Program {

  /** What a run of it came to. */
  public record Ended(int status, String out, String err) {

    public String lastLine() {
      return out.lines().reduce("", (before, line) -> line);
    }
  }

  private static final long PATIENCE_SECONDS = 120;

  /** Making archives is the dearest that is done, and is done once. */
  private static final long PREPARING_SECONDS = 280;

  private static boolean prepared;

  private final Path home;
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> command = new ArrayList<>(List.of(launcher().toString()));
  private byte[] input = new byte[0];
  private Path inputFile;
  private Path directory = root();
  private boolean bare;

  public Program(Path home) {
    this.home = home;
    environment.put("BLKSH_HOME", home.toString());
    environment.put("BLKSH_NO_BUILD", "1");
  }

  /** The checkout. */
  public static Path root() {
    return Path.of("").toAbsolutePath().getParent();
  }

  public static Path launcher() {
    return root().resolve("blksh");
  }

  /** It as a word for a shell: the checkout may be in a place with a space. */
  public static String quoted() {
    return "'" + launcher() + "'";
  }

  /** Starts it by another path or through other programs. */
  public Program by(String... words) {
    command.clear();
    command.addAll(List.of(words));
    return this;
  }

  public Program with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Starts it as {@code env -i} does: with the variables of the test, and no other. */
  public Program bare() {
    bare = true;
    return this;
  }

  public Program in(Path current) {
    directory = current;
    return this;
  }

  public Program reading(String text) {
    return reading(text.getBytes(UTF_8));
  }

  public Program reading(byte[] bytes) {
    input = bytes;
    return this;
  }

  /** Gives it a file or a device as standard input. */
  public Program readingFrom(Path file) {
    inputFile = file;
    return this;
  }

  /**
   * Starts it and leaves it running; its output goes to {@code out} and {@code err} in the home.
   */
  public Process start(String... arguments) throws IOException {
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of(arguments));
    Files.createDirectories(home);
    Path stdin = inputFile != null ? inputFile : Files.write(home.resolve("in"), input);
    ProcessBuilder builder =
        Child.of(words)
            .directory(directory.toFile())
            .redirectInput(stdin.toFile())
            .redirectOutput(home.resolve("out").toFile())
            .redirectError(home.resolve("err").toFile());
    if (bare) {
      builder.environment().clear();
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    }
    builder.environment().remove("NO_COLOR");
    builder.environment().putAll(environment);
    return builder.start();
  }

  public Ended run(String... arguments) throws Exception {
    return end(start(arguments));
  }

  /** Waits for a process that {@link #start} gave. */
  public Ended end(Process process) throws Exception {
    return end(process, PATIENCE_SECONDS);
  }

  private Ended end(Process process, long seconds) throws Exception {
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String out = new String(Files.readAllBytes(home.resolve("out")), UTF_8);
    String err = new String(Files.readAllBytes(home.resolve("err")), UTF_8);
    assertThat(ended).as("ended in time; out: %s err: %s", out, err).isTrue();
    return new Ended(process.exitValue(), out, err);
  }

  /**
   * Makes the class-data archives now, so that no test measures or reads of their making; once in a
   * process of tests, as they stay.
   */
  public static synchronized void prepare(Path home) throws Exception {
    if (prepared) {
      return;
    }
    for (String[] words : new String[][] {{"--version"}, {}}) {
      Program program = new Program(home).reading("1");
      assertThat(program.end(program.start(words), PREPARING_SECONDS).status()).isZero();
    }
    prepared = true;
  }
}
