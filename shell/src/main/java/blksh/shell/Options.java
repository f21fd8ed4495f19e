package blksh.shell;

import java.nio.file.Path;

/** The options every verb takes; a script may be given them too. */
public final class Options {

  private Path home;
  private boolean json;
  private boolean quiet;
  private boolean dryRun;
  private boolean trace;

  /** Where blksh keeps what it remembers: {@code --home}, else $BLKSH_HOME, else ~/.blksh. */
  public Path home() {
    if (home != null) {
      return home;
    }
    String variable = System.getenv("BLKSH_HOME");
    return variable == null || variable.isEmpty()
        ? Path.of(System.getProperty("user.home"), ".blksh")
        : Path.of(variable);
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

  /** Takes a word if it is one of these options without a value. */
  public boolean accept(String word) {
    switch (word) {
      case "--json" -> json = true;
      case "--quiet" -> quiet = true;
      case "--dry-run" -> dryRun = true;
      case "--trace" -> trace = true;
      default -> {
        return false;
      }
    }
    return true;
  }
}
