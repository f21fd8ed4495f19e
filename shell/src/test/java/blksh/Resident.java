package blksh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Program.Ended;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * As {@link Here}, in a Java with a current directory and an environment of its own, which takes
 * one command line after the other, and no more memory than scripts have. None of them may read
 * standard input, write data to standard output, or name a script that is not compiled yet.
 */
final class Resident implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 10;

  private final Process process;
  private final DataOutputStream asked;
  private final DataInputStream answered;

  private Resident(Process process) {
    this.process = process;
    this.asked = new DataOutputStream(process.getOutputStream());
    this.answered = new DataInputStream(process.getInputStream());
  }

  static Resident in(Path directory, Map<String, String> environment) throws IOException {
    Files.createDirectories(directory);
    ProcessBuilder builder =
        Child.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx160m",
                "-cp",
                System.getProperty("java.class.path"),
                Resident.class.getName())
            .directory(directory.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return new Resident(builder.start());
  }

  Ended run(Path home, String... words) throws IOException {
    write(asked, home.toString());
    asked.writeInt(words.length);
    for (String word : words) {
      write(asked, word);
    }
    asked.flush();
    return new Ended(answered.readInt(), read(answered), read(answered));
  }

  public static void main(String[] arguments) throws Exception {
    DataInputStream asked = new DataInputStream(System.in);
    PrintStream out = System.out;
    DataOutputStream answered = new DataOutputStream(out);
    while (true) {
      String home;
      try {
        home = read(asked);
      } catch (EOFException over) {
        System.exit(0);
        return;
      }
      String[] words = new String[asked.readInt()];
      for (int i = 0; i < words.length; i++) {
        words[i] = read(asked);
      }
      Ended ended = Here.run(Path.of(home), words);
      answered.writeInt(ended.status());
      write(answered, ended.out());
      write(answered, ended.err());
      answered.flush();
    }
  }

  private static void write(DataOutputStream to, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    to.writeInt(bytes.length);
    to.write(bytes);
  }

  private static String read(DataInputStream from) throws IOException {
    byte[] bytes = new byte[from.readInt()];
    from.readFully(bytes);
    return new String(bytes, UTF_8);
  }

  @Override
  public void close() throws IOException {
    asked.close();
    try {
      boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as("ended by itself").isTrue();
    } catch (InterruptedException stop) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
