package blksh.prompt.command;

import blksh.BlkshException;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.script.Composition;
import blksh.script.ScriptSource;
import blksh.script.kotlin.Repl;
import blksh.session.Console;
import blksh.session.Session;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Entries from files and into files: {@code :load}, {@code :save} and {@code :edit}. */
final class FileCommands {

  private final Session session;
  private final CommandContext context;
  private final Answers answers;

  FileCommands(Session session, CommandContext context, Answers answers) {
    this.session = session;
    this.context = context;
    this.answers = answers;
  }

  List<Command> all() {
    return List.of(
        new Command("load", "FILE", "enter what a file holds", this::load, FileCommands::files),
        new Command(
            "save",
            "FILE",
            "what was entered, as a script, or with its results in FILE.md",
            this::save,
            FileCommands::files),
        new Command(
            "record",
            "FILE | off",
            "what the terminal shows, for asciinema play; or ends that",
            this::recorded),
        new Command(
            "edit", "", "the last entry in $EDITOR, entered when you leave that", this::edit));
  }

  private Ending load(String name) throws InterruptedException, IOException {
    Path file = path(name);
    String text;
    try {
      text = ScriptSource.ofKotlin(Files.readString(file));
    } catch (NoSuchFileException missing) {
      throw new BlkshException("load " + file, "there is no such file");
    } catch (CharacterCodingException binary) {
      throw new BlkshException("load " + file, "it is no text", binary);
    }
    // A first line for the operating system is no Kotlin.
    String own = text.startsWith("#!") ? "//" + text : text;
    String kotlin = Composition.withoutJars(new ScriptSource(name, own), file).getText();
    return kotlin.isBlank() || context.evaluate(kotlin, true) ? Ending.DONE : Ending.FAILED;
  }

  private Ending edit(String none) throws InterruptedException, IOException {
    if (answers.console().screen() == null) {
      return answers.wrong("there is no terminal to edit at");
    }
    List<CommandContext.Entry> entries = context.entries();
    String before = entries.isEmpty() ? "" : entries.get(entries.size() - 1).text() + "\n";
    String text = new TextEditor(session.options().home()).edit(before).strip();
    if (text.isEmpty()) {
      return Ending.DONE;
    }
    answers.console().screen().remember(text);
    answers.console().out().println(text);
    return context.evaluate(text, true) ? Ending.DONE : Ending.FAILED;
  }

  private Ending recorded(String name) {
    Console console = answers.console();
    Path before = console.recordedTo();
    if (name.equals("off")) {
      console.endRecording();
      return before == null ? answers.wrong("nothing is recorded") : told("recorded in " + before);
    }
    if (console.screen() == null) {
      return answers.wrong("there is no terminal to record");
    }
    if (before != null) {
      return answers.wrong("already recording in " + before + "; :record off ends it");
    }
    Path file = path(name);
    console.beginRecording(file);
    return told(
        "recording in " + file + "; :record off, Ctrl-C on an empty line, or leaving ends it");
  }

  private Ending told(String sentence) {
    answers.console().out().println(sentence);
    return Ending.DONE;
  }

  private Ending save(String name) throws IOException, InterruptedException {
    if (context.entries().isEmpty()) {
      return answers.wrong("nothing was entered yet");
    }
    Path named = path(name);
    if (named.toString().endsWith(".md")) {
      int pictures = new SessionReport(context).write(named);
      String with = pictures == 0 ? "" : ", and its pictures beside it (" + pictures + ")";
      return told("saved in " + shown(named) + with);
    }
    Path file =
        named.getFileName().toString().contains(".")
            ? named
            : named.resolveSibling(named.getFileName() + ".kts");
    Repl.Saved saved = context.saved();
    try {
      WholeFile.create(
          file, PartFile.Durability.DURABLE, saved.getScript().getBytes(StandardCharsets.UTF_8));
    } catch (FileAlreadyExistsException there) {
      throw new BlkshException("save " + file, "it exists").suggest("name another file");
    } catch (NoSuchFileException missing) {
      throw new BlkshException("save " + file, WholeFile.NO_DIRECTORY).suggest("make it first");
    }
    if (saved.getProblems().isEmpty()) {
      answers.console().out().println("saved; run it with: blksh run " + shown(file));
      return Ending.DONE;
    }
    ScriptSource source = new ScriptSource(shown(file), saved.getScript());
    answers.console().tell("saved, but as a script it does not compile yet:");
    saved.getProblems().forEach(problem -> answers.console().err().println(problem.render(source)));
    return Ending.FAILED;
  }

  /** As {@code blksh run} takes it for a file. */
  private static String shown(Path file) {
    String text = file.toString();
    return text.contains("/") ? text : "./" + text;
  }

  private static Path path(String name) {
    String bare = name.replaceAll("^\"(.*)\"$", "$1");
    String home = System.getProperty("user.home");
    try {
      return Path.of(bare.startsWith("~/") ? home + bare.substring(1) : bare);
    } catch (InvalidPathException wrong) {
      throw new BlkshException("use " + bare, "it is no name of a file", wrong);
    }
  }

  private static List<Suggestion> files(String typed) {
    int slash = typed.lastIndexOf('/');
    String before = typed.substring(0, slash + 1);
    List<Suggestion> found = new ArrayList<>();
    try (Stream<Path> entries = Files.list(path(before.isEmpty() ? "." : before))) {
      entries
          .sorted()
          .forEach(
              entry -> {
                String name = entry.getFileName().toString();
                boolean directory = Files.isDirectory(entry);
                if (directory || name.endsWith(".kts")) {
                  found.add(new Suggestion(before + name + (directory ? "/" : ""), ""));
                }
              });
    } catch (IOException | BlkshException unreadable) {
      return List.of();
    }
    return found;
  }
}
