package blksh;

import blksh.script.BundledScripts;
import blksh.session.Options;
import blksh.session.Usage;
import blksh.session.UsageException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Optional;

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
    /** Fetches jars for another blksh process. */
    RESOLVE,
    /** Exercises what a class-data archive should hold. */
    TRAIN
  }

  /**
   * Reads a command line.
   *
   * @param options filled as they are read, so that a failure further on still honours {@code
   *     --json}
   * @throws UsageException when it makes no sense
   */
  static CommandLine parse(String[] arguments, Options options) {
    List<String> words = List.of(arguments);
    ListIterator<String> rest = words.listIterator();
    String verb = null;
    while (verb == null && rest.hasNext()) {
      String word = rest.next();
      verb = options.accept(word, rest) ? null : word;
    }
    if (verb == null) {
      return new CommandLine(Verb.PROMPT, null, List.of(), options);
    }
    return parse(verb, new ArrayList<>(words.subList(rest.nextIndex(), words.size())), options);
  }

  private static CommandLine parse(String verb, List<String> rest, Options options) {
    return switch (verb) {
      case "--help", "-h" -> new CommandLine(Verb.HELP, null, rest, options);
      case "help" ->
          rest.isEmpty()
              ? new CommandLine(Verb.HELP, null, rest, options)
              : new CommandLine(Verb.RUN, rest.get(0), List.of("--help"), options);
      case "--version", "-V" -> new CommandLine(Verb.VERSION, null, rest, options);
      case "run" -> subject(Verb.RUN, "run needs a script: blksh run SCRIPT", rest, options);
      case "eval" -> {
        CommandLine line =
            subject(Verb.EVAL, "eval needs an expression: blksh eval 'EXPR'", rest, options);
        Iterator<String> words = line.words().iterator();
        while (words.hasNext()) {
          String word = words.next();
          if (!options.accept(word, words)) {
            throw new UsageException("unexpected argument '" + word + "'", "quote the expression");
          }
        }
        yield line;
      }
      // The launcher does it, which needs no Java for that.
      case "install" ->
          throw new UsageException("install comes before all options", "write blksh install DIR");
      case "completion" ->
          throw new UsageException(
              "completion comes before all options", "write blksh completion bash");
      case "--compile" -> new CommandLine(Verb.COMPILE, null, rest, options);
      case "--resolve" -> new CommandLine(Verb.RESOLVE, null, rest, options);
      case "--train" -> new CommandLine(Verb.TRAIN, null, rest, options);
      default -> {
        if (isFile(verb)) {
          yield new CommandLine(Verb.RUN, verb, rest, options);
        }
        throw new UsageException(
            verb.startsWith("-") ? "unknown option " + verb : "unknown verb '" + verb + "'",
            instead(verb));
      }
    };
  }

  /**
   * Whether a word names a script by its file, as a first line {@code #!/usr/bin/env blksh} does.
   */
  private static boolean isFile(String word) {
    return !word.startsWith("-") && (word.endsWith(".kts") || word.contains("/"));
  }

  /** What to try in place of a word that is no verb. */
  private static String instead(String word) {
    if (BundledScripts.INSTANCE.getEntries().containsKey(word)) {
      return "it is a script: blksh run " + word;
    }
    List<String> known = new ArrayList<>(Usage.words());
    Usage.OPTIONS.forEach(it -> known.addAll(it.spellings()));
    known.removeIf(it -> it.startsWith("-") != word.startsWith("-"));
    String question = Nearest.question(word, known);
    if (!question.isEmpty()) {
      return question;
    }
    Optional<String> script = Nearest.of(word, BundledScripts.INSTANCE.getEntries().keySet());
    return script.map(it -> "did you mean run " + it + "?").orElse("try --help");
  }

  private static CommandLine subject(
      Verb verb, String missing, List<String> rest, Options options) {
    if (rest.isEmpty()) {
      throw new UsageException(missing, "try --help");
    }
    return new CommandLine(verb, rest.get(0), rest.subList(1, rest.size()), options);
  }
}
