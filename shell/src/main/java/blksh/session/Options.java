package blksh.session;

import blksh.workspace.Workspace;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** The options every verb takes; a script may be given them too. */
public final class Options {

  private static final String HOME = "--home";
  private static final String ENDPOINT = "--endpoint";
  private static final List<String> SPELLINGS =
      List.of(HOME, ENDPOINT, "--json", "--quiet", "-q", "--dry-run", "--trace");

  private Path home;
  private String endpoint;
  private boolean json;
  private boolean quiet;
  private boolean dryRun;
  private boolean trace;

  /** How these options are spelled. */
  public List<String> spellings() {
    return SPELLINGS;
  }

  /** Whether one of these options has a value. */
  public boolean takesValue(String spelling) {
    return spelling.equals(HOME) || spelling.equals(ENDPOINT);
  }

  /** What the value of one that has one is called. */
  public String placeholder(String spelling) {
    return spelling.equals(ENDPOINT) ? "URL" : "DIR";
  }

  /** Where blksh keeps what it remembers: {@code --home}, else $BLKSH_HOME, else ~/.blksh. */
  public Path home() {
    return home != null ? home : Workspace.defaultHome(System.getenv());
  }

  public void home(Path directory) {
    home = directory;
  }

  /** The address of the server of buckets whose place names none; null for that of elsewhere. */
  public String endpoint() {
    return endpoint;
  }

  /** Whether the result goes out as JSON. */
  public boolean json() {
    return json;
  }

  /** Whether progress stays unsaid. */
  public boolean quiet() {
    return quiet;
  }

  /** Whether operations only say what they would do. */
  public boolean dryRun() {
    return dryRun;
  }

  /** Whether failures show where they came from. */
  public boolean trace() {
    return trace;
  }

  /**
   * The home directory that words after a script's name ask for, else that of these options; for
   * what must know it before the script has declared its own.
   */
  public Path home(List<String> words) {
    Options among = new Options();
    Iterator<String> rest = words.iterator();
    while (rest.hasNext()) {
      String word = rest.next();
      if (word.equals("--")) {
        break;
      }
      if (is(HOME, word) && (word.contains("=") || rest.hasNext())) {
        among.accept(word, rest);
      }
    }
    return among.home == null ? home() : among.home;
  }

  private static boolean is(String option, String word) {
    return word.equals(option) || word.startsWith(option + "=");
  }

  private static String value(String option, String word, Iterator<String> rest, String what) {
    boolean apart = word.equals(option);
    String value = apart ? rest.hasNext() ? rest.next() : "" : word.substring(option.length() + 1);
    if (value.isEmpty()) {
      throw new UsageException(option + " needs " + what, "try --help");
    }
    return value;
  }

  /**
   * Takes a word if it is one of these options.
   *
   * @param rest the words after it, of which its value is taken
   * @throws UsageException when its value is missing
   */
  public boolean accept(String word, Iterator<String> rest) {
    if (is(HOME, word)) {
      home = Path.of(value(HOME, word, rest, "a directory"));
      return true;
    }
    if (is(ENDPOINT, word)) {
      endpoint = value(ENDPOINT, word, rest, "the address of a server");
      return true;
    }
    return accept(word);
  }

  /** Takes a word if it is one of these options without a value. */
  public boolean accept(String word) {
    switch (word) {
      case "--json" -> json = true;
      case "--quiet", "-q" -> quiet = true;
      case "--dry-run" -> dryRun = true;
      case "--trace" -> trace = true;
      default -> {
        return false;
      }
    }
    return true;
  }
}
