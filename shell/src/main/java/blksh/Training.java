package blksh;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.prompt.Prompt;
import blksh.script.ScriptHost;
import blksh.script.ScriptSource;
import blksh.session.Console;
import blksh.session.ExitStatus;
import blksh.session.Options;
import blksh.session.Session;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Exercises, in a home of its own, what a class-data archive should hold. */
final class Training {

  private Training() {}

  /** Trains for scripts ({@code run}) or for the prompt and the compiler ({@code shell}). */
  static int run(Console console, List<String> words) throws Exception {
    Path home = Files.createTempDirectory("blksh-training");
    try {
      Options options = new Options();
      options.home(home);
      if (words.contains("run")) {
        script(console, options, "capture", List.of("--help"));
        script(console, options, "nightly", List.of("--sample", "--keep-last", "1"));
        script(console, options, "runs", List.of());
        images(console, options, home);
        trees(console, options, home);
        options.accept("--json");
        script(console, options, "nightly", List.of("--sample", "--keep-last", "1"));
      } else {
        compile(console, options);
        converse(console, options);
      }
      return ExitStatus.DONE;
    } finally {
      delete(home);
    }
  }

  /** Writes an image of the sample disk, packs it, and proves and restores it. */
  private static void images(Console console, Options options, Path home) throws IOException {
    Path disk = home.resolve("samples").resolve("disk-1.img");
    Path image = home.resolve("disk.pcl");
    script(console, options, "vpartclone", List.of(disk.toString(), "--convert", image.toString()));
    Path packed = home.resolve("disk.pcl.gz");
    WholeFile.replace(
        packed,
        PartFile.Durability.WHOLE,
        out -> {
          try (OutputStream zipped = new GZIPOutputStream(out)) {
            Files.copy(image, zipped);
          }
        });
    String back = home.resolve("back.img").toString();
    script(console, options, "vpartclone", List.of(packed.toString(), "-c", "--restore", back));
    script(console, options, "vpartclone", List.of(packed.toString()));
  }

  /** Takes snapshots of a tree in both forms, a second time unchanged, and puts it onto a disc. */
  private static void trees(Console console, Options options, Path home) throws IOException {
    Path tree = Files.createDirectories(home.resolve("tree").resolve("below"));
    for (int i = 0; i < 40; i++) {
      byte[] text = ("file " + i).repeat(1 + 100 * i).getBytes(UTF_8);
      WholeFile.replace(
          tree.resolve("file" + i), PartFile.Durability.WHOLE, out -> out.write(text));
    }
    String target = tree.getParent().toString();
    for (String form : List.of("--to", "--store", "--to", "--store")) {
      String place = home.resolve("of" + form).toString();
      script(console, options, "snapshot", List.of(target, form, place));
    }
    script(
        console,
        options,
        "nightly",
        List.of(
            "--catalogue=tree=" + target,
            "--media=dvd",
            "--iso-out=" + home.resolve("discs"),
            "--store=" + home.resolve("of--store"),
            "--keep-daily=2"));
  }

  private static void script(Console console, Options options, String name, List<String> words) {
    try (Session session = new Session(console, options, words)) {
      session.finish(new ScriptHost(session, Main.COMPILER).script(name).run(session));
    } catch (blksh.dsl.HelpRequested help) {
      console.out().println(help.getText());
    }
  }

  private static void compile(Console console, Options options) {
    String text =
        """
        val who by option<String>("--who", "NAME", "whom", default = "all")
        data class Point(val x: Int, val y: Int)
        fun area(points: List<Point>) = points.sumOf { it.x * it.y }
        println("$who ${area(listOf(Point(1, 2), Point(3, 4)))}")
        mapOf("a" to 4.GiB, "b" to 5.MiB).filter { it.value > 1.GiB }.map { it.key }
        """;
    try (Session session = new Session(console, options, List.of())) {
      session.finish(
          new ScriptHost(session, Main.COMPILER)
              .textHere(new ScriptSource("t", text))
              .run(session));
    }
  }

  /** A short sitting at the prompt, on a terminal that nobody sees. */
  private static void converse(Console console, Options options) throws Exception {
    String typed =
        """
        stores
        val sizes = listOf(1.GiB, 2.GiB).map { it + 1.MiB }
        sizes.sumOf { it.bytes }
        fun twice(n: Int) = n * 2
        "${twice(4)} and $it"
        nosuch
        runs.filter { it.verb == "capture" }.map { it.subject }
        stores.fil\t\005 { it.reachable }
        :quit
        """;
    // The typist keeps the keyboard: the terminal must not see its end before all is read.
    PipedInputStream keys = new PipedInputStream(8192);
    try (PipedOutputStream typist = new PipedOutputStream(keys);
        Session session = new Session(console, options, List.of());
        Terminal terminal =
            TerminalBuilder.builder()
                .name("training")
                .type("xterm-256color")
                .system(false)
                .size(Size.of(100, 40))
                .streams(keys, OutputStream.nullOutputStream())
                .build()) {
      typist.write(typed.getBytes(UTF_8));
      typist.flush();
      new Prompt(console, session).converse(terminal);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
