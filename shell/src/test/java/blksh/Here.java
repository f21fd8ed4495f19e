package blksh;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.kit.Program.Ended;
import blksh.session.Console;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What blksh does with a command line, without a Java of its own for each: for tests of what
 * scripts do, when others show that the real one does the same with them.
 */
final class Here {

  /** Has compiled scripts kept in the home, as those of a build are. */
  private static final String BUILD = "blksh.build";

  private Here() {}

  /** Runs a command line that names no home, with this one. */
  static Ended run(Path home, String... words) throws Exception {
    Files.createDirectories(home);
    List<String> all = new ArrayList<>(List.of("--home", home.toString()));
    all.addAll(List.of(words));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = Console.of(out, err);
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    System.setOut(console.out());
    System.setErr(console.err());
    System.setProperty(BUILD, "test");
    int status;
    try {
      status = Main.run(console, all.toArray(String[]::new));
      console.out().flush();
      console.err().flush();
    } finally {
      System.clearProperty(BUILD);
      System.setOut(outBefore);
      System.setErr(errBefore);
    }
    return new Ended(status, out.toString(UTF_8), err.toString(UTF_8));
  }
}
