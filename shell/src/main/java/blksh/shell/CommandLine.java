package blksh.shell;

import blksh.dsl.UsageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What blksh was asked to do.
 *
 * @param subject the script to run or the expression to evaluate, or null
 * @param words what follows it
 */
record CommandLine(Verb verb, String subject, List<String> words, Options options) {

  /** The things blksh can be asked to do. */
  enum Verb {
    PROMPT,
    RUN,
    EVAL,
    HELP,
    VERSION,
    /** Compiles standard input for another blksh process. */
    COMPILE,
    /** Exercises what a class-data archive should hold. */
    TRAIN
  }

  static final String USAGE =
      """
      usage: blksh [OPTIONS]                     the prompt
             blksh [OPTIONS] run SCRIPT [ARGS]   a script: a path, or the name of a bundled one
             blksh [OPTIONS] eval 'EXPR'         one expression

        --home DIR   where blksh keeps what it remembers (default $BLKSH_HOME or ~/.blksh)
        --json       the result as one JSON object on the last line of standard output
        --quiet      no progress
        --dry-run    say what would be done, change nothing
        --trace      show where a failure came from
        --version    print the version
        --help       print this; after a script's name, print the script's own help

      exit status: 0 done, 1 failed, 2 wrong usage, 3 done with findings, 130 interrupted
      """;

  /**
   * Reads a command line.
   *
   * @param options filled as they are read, so that a failure further on still honours {@code
   *     --json}
   * @throws UsageException when it makes no sense
   */
  static CommandLine parse(String[] arguments, Options options) {
    int i = 0;
    for (; i < arguments.length; i++) {
      String word = arguments[i];
      if (word.equals("--home") || word.startsWith("--home=")) {
        boolean apart = word.equals("--home");
        String home = apart ? i + 1 < arguments.length ? arguments[++i] : "" : word.substring(7);
        if (home.isEmpty()) {
          throw new UsageException("--home needs a directory", "try --help");
        }
        options.home(Path.of(home));
      } else if (!options.accept(word)) {
        break;
      }
    }
    if (i == arguments.length) {
      return new CommandLine(Verb.PROMPT, null, List.of(), options);
    }
    String verb = arguments[i];
    List<String> rest = new ArrayList<>(List.of(arguments).subList(i + 1, arguments.length));
    return switch (verb) {
      case "--help", "-h", "help" -> new CommandLine(Verb.HELP, null, rest, options);
      case "--version", "-V" -> new CommandLine(Verb.VERSION, null, rest, options);
      case "run" -> subject(Verb.RUN, "run needs a script: blksh run SCRIPT", rest, options);
      case "eval" -> {
        CommandLine line =
            subject(Verb.EVAL, "eval needs an expression: blksh eval 'EXPR'", rest, options);
        line.words().removeIf(options::accept);
        if (!line.words().isEmpty()) {
          throw new UsageException(
              "unexpected argument '" + line.words().get(0) + "'", "quote the expression");
        }
        yield line;
      }
      case "--compile" -> new CommandLine(Verb.COMPILE, null, rest, options);
      case "--train" -> new CommandLine(Verb.TRAIN, null, rest, options);
      default ->
          throw new UsageException(
              verb.startsWith("-") ? "unknown option " + verb : "unknown verb '" + verb + "'",
              "try --help");
    };
  }

  private static CommandLine subject(
      Verb verb, String missing, List<String> rest, Options options) {
    if (rest.isEmpty()) {
      throw new UsageException(missing, "try --help");
    }
    return new CommandLine(verb, rest.get(0), rest.subList(1, rest.size()), options);
  }
}
