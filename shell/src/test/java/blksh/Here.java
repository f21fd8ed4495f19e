package blksh;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.Console;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What blksh does with a command line, without a Java of its own for each: for tests of what
 * scripts do and entries come to, when others show that the real one does the same with them.
 */
public final class Here {

  /** Has compiled scripts kept in the home, as those of a build are. */
  private static final String BUILD = "blksh.build";

  /** Tells a prompt where the samples are; a script would be compiled in another Java by it. */
  private static final String LAUNCHER = "blksh.launcher";

  private Here() {}

  /** Runs a command line that names no home, with this one. */
  public static Ended run(Path home, String... words) throws Exception {
    return reading(home, "", words);
  }

  /** The same with a text as standard input: without words, entries of a prompt. */
  public static Ended reading(Path home, String text, String... words) throws Exception {
    Files.createDirectories(home);
    List<String> all = new ArrayList<>(List.of("--home", home.toString()));
    all.addAll(List.of(words));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = Console.of(out, err);
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    InputStream inBefore = System.in;
    System.setOut(console.out());
    System.setErr(console.err());
    System.setIn(new ByteArrayInputStream(text.getBytes(UTF_8)));
    System.setProperty(BUILD, "test");
    if (words.length == 0) {
      System.setProperty(LAUNCHER, Program.launcher().toString());
    }
    int status;
    try {
      status = Main.run(console, all.toArray(String[]::new));
      console.out().flush();
      console.err().flush();
    } finally {
      System.clearProperty(BUILD);
      System.clearProperty(LAUNCHER);
      System.setOut(outBefore);
      System.setErr(errBefore);
      System.setIn(inBefore);
    }
    return new Ended(status, out.toString(UTF_8), err.toString(UTF_8));
  }
}
