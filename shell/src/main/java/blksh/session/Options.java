package blksh.session;

import blksh.workspace.Workspace;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The options every verb takes; a script may be given them too. */
public final class Options {

  private static final String HOME = "--home";
  private static final String ENDPOINT = "--endpoint";
  private static final String KEY_FILE = "--key-file";
  private static final String KEY_COMMAND = "--key-command";

  /** Those that have a value, and what that is. */
  private static final Map<String, String> VALUES =
      Map.of(
          HOME,
          "a directory",
          ENDPOINT,
          "the address of a server",
          KEY_FILE,
          "a file",
          KEY_COMMAND,
          "a line for the shell");

  private static final List<String> SPELLINGS =
      List.of(
          HOME, ENDPOINT, KEY_FILE, KEY_COMMAND, "--json", "--quiet", "-q", "--dry-run", "--trace");

  private Path home;
  private String endpoint;
  private Path keyFile;
  private String keyCommand;
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
    return VALUES.containsKey(spelling);
  }

  /** What stands for the value of one of these options. */
  public String placeholder(String spelling) {
    return switch (spelling) {
      case HOME -> "DIR";
      case ENDPOINT -> "URL";
      case KEY_FILE -> "FILE";
      default -> "LINE";
    };
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

  /** The key file of the encrypted store that is meant; null when none was named. */
  public Path keyFile() {
    return keyFile;
  }

  /**
   * What prints the passphrase of the encrypted store that is meant, as a line for the shell; null
   * when none was named.
   */
  public String keyCommand() {
    return keyCommand;
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

  /**
   * Takes a word if it is one of these options.
   *
   * @param rest the words after it, of which its value is taken
   * @throws UsageException when its value is missing
   */
  public boolean accept(String word, Iterator<String> rest) {
    int equals = word.indexOf('=');
    String spelling = equals < 0 ? word : word.substring(0, equals);
    if (!takesValue(spelling)) {
      return accept(word);
    }
    String value = equals >= 0 ? word.substring(equals + 1) : rest.hasNext() ? rest.next() : "";
    if (value.isEmpty()) {
      throw new UsageException(spelling + " needs " + VALUES.get(spelling), "try --help");
    }
    switch (spelling) {
      case HOME -> home = Path.of(value);
      case ENDPOINT -> endpoint = value;
      case KEY_FILE -> keyFile = Path.of(value);
      default -> keyCommand = value;
    }
    return true;
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
