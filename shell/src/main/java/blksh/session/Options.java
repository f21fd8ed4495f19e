package blksh.session;

import blksh.workspace.Workspace;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** The options every verb takes; a script may be given them too. */
public final class Options {

  private static final String HOME = "--home";
  private static final List<String> SPELLINGS =
      List.of(HOME, "--json", "--quiet", "-q", "--dry-run", "--trace");

  private Path home;
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
    return spelling.equals(HOME);
  }

  /** Where blksh keeps what it remembers: {@code --home}, else $BLKSH_HOME, else ~/.blksh. */
  public Path home() {
    return home != null ? home : Workspace.defaultHome(System.getenv());
  }

  public void home(Path directory) {
    home = directory;
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
      if (isHome(word) && (word.contains("=") || rest.hasNext())) {
        among.accept(word, rest);
      }
    }
    return among.home == null ? home() : among.home;
  }

  private static boolean isHome(String word) {
    return word.equals(HOME) || word.startsWith(HOME + "=");
  }

  /**
   * Takes a word if it is one of these options.
   *
   * @param rest the words after it, of which its value is taken
   * @throws UsageException when its value is missing
   */
  public boolean accept(String word, Iterator<String> rest) {
    if (isHome(word)) {
      boolean apart = word.equals(HOME);
      String directory =
          apart ? rest.hasNext() ? rest.next() : "" : word.substring(HOME.length() + 1);
      if (directory.isEmpty()) {
        throw new UsageException("--home needs a directory", "try --help");
      }
      home = Path.of(directory);
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
