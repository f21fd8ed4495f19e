package blksh.session;

import blksh.BlkshException;

/** The command line does not fit what a script, or blksh itself, declares; exit status 2. */
public final class UsageException extends BlkshException {

  private static final long serialVersionUID = 1;

  private final String sentence;

  public UsageException(String problem) {
    this(problem, "try --help");
  }

  /**
   * @param hint what to try
   */
  public UsageException(String problem, String hint) {
    super("use this command line", problem);
    this.sentence = problem + "; " + hint;
  }

  @Override
  public String kind() {
    return "Usage";
  }

  @Override
  public String getMessage() {
    return sentence;
  }
}
