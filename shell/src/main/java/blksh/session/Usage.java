package blksh.session;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What blksh can be asked to do, declared once: its help, the completions of shells and the manual
 * are made of this.
 */
public final class Usage {

  /**
   * A way to call it.
   *
   * @param word the verb; empty where there is none
   * @param takes what follows, as the help writes it
   * @param launched whether the launcher does it, to which options are nothing
   * @param help what it does, in lines
   */
  public record Verb(String word, String takes, boolean launched, List<String> help) {

    /** How it is written, {@code [OPTIONS] run SCRIPT [ARGS]}. */
    public String written() {
      Stream<String> parts = Stream.of(launched ? "" : "[OPTIONS]", word, takes);
      return String.join(" ", parts.filter(it -> !it.isEmpty()).toList());
    }
  }

  /**
   * An option of blksh itself.
   *
   * @param spellings all of them
   * @param placeholder what stands for its value; empty when it has none
   * @param shared whether scripts understand it too
   */
  public record Option(List<String> spellings, String placeholder, boolean shared, String help) {

    private String written() {
      String last = spellings.get(spellings.size() - 1);
      return placeholder.isEmpty() ? last : last + " " + placeholder;
    }
  }

  /** The shells that can be told how a line for blksh goes on. */
  public static final List<String> SHELLS = List.of("bash", "zsh", "fish");

  public static final List<Verb> VERBS =
      List.of(
          new Verb("", "", false, List.of("the prompt")),
          new Verb(
              "run",
              "SCRIPT [ARGS]",
              false,
              List.of("a script: a path, the name of a bundled one,", "or - for standard input")),
          new Verb(
              "",
              "FILE.kts [ARGS]",
              false,
              List.of("the same for a path, as in #!/usr/bin/env blksh")),
          new Verb("eval", "'EXPR'", false, List.of("one expression")),
          new Verb("help", "SCRIPT", true, List.of("what a script does and takes")),
          new Verb(
              "install",
              "DIR",
              true,
              List.of(
                  "links to it, and by the names of the programs it",
                  "replaces, in a directory of the PATH")),
          new Verb(
              "completion",
              String.join("|", SHELLS),
              true,
              List.of("how a line for it goes on, as that shell reads it")));

  public static final List<Option> OPTIONS =
      List.of(
          new Option(
              List.of("--home"),
              "DIR",
              true,
              "where blksh keeps what it remembers (default $BLKSH_HOME or ~/.blksh)"),
          new Option(
              List.of("--key-file"),
              "FILE",
              true,
              "opens an encrypted store, and has none in the clear be filled"),
          new Option(
              List.of("--key-command"),
              "LINE",
              true,
              "the same by the passphrase that a command prints"),
          new Option(
              List.of("--endpoint"),
              "URL",
              true,
              "the server of buckets s3://… whose place names none, such as https://HOST"),
          new Option(
              List.of("--json"),
              "",
              true,
              "the result as one JSON object on the last line of standard output"),
          new Option(List.of("-q", "--quiet"), "", true, "no progress"),
          new Option(List.of("--dry-run"), "", true, "say what would be done, change nothing"),
          new Option(List.of("--trace"), "", true, "show where a failure came from"),
          new Option(List.of("-V", "--version"), "", false, "print the version"),
          new Option(
              List.of("-h", "--help"),
              "",
              true,
              "print this; after a script's name, print the script's own help"));

  /** Exit statuses and what they say. */
  public static final List<String> STATUSES =
      List.of(
          "0 done",
          "1 failed",
          "2 wrong usage",
          "3 done with findings",
          "130 interrupted",
          "141 nobody reads its output any more");

  private Usage() {}

  /** The verbs by their words. */
  public static List<String> words() {
    return VERBS.stream().map(Verb::word).filter(it -> !it.isEmpty()).toList();
  }

  /** The help of blksh itself. */
  public static String text() {
    List<String> lines = new ArrayList<>();
    int width = VERBS.stream().mapToInt(it -> it.written().length()).max().orElse(0) + 3;
    for (Verb verb : VERBS) {
      String before = (lines.isEmpty() ? "usage: " : "       ") + "blksh " + verb.written();
      String format = "%-" + ("usage: blksh ".length() + width) + "s%s";
      lines.add(String.format(format, before, verb.help().get(0)));
      verb.help().stream().skip(1).forEach(it -> lines.add(String.format(format, "", it)));
    }
    lines.add("");
    int wide = OPTIONS.stream().mapToInt(it -> it.written().length()).max().orElse(0) + 3;
    OPTIONS.forEach(it -> lines.add(String.format("  %-" + wide + "s%s", it.written(), it.help())));
    lines.add("");
    lines.add(
        "These may also follow the script's name, unless the script declares one of that name.");
    lines.add("");
    int last = STATUSES.size() - 1;
    lines.add("exit status: " + String.join(", ", STATUSES.subList(0, last)) + ",");
    lines.add("             " + STATUSES.get(last));
    return String.join("\n", lines) + "\n";
  }
}
