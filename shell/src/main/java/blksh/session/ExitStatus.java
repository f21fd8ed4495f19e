package blksh.session;

/** What blksh tells the program that started it. */
public final class ExitStatus {

  /** Everything asked for was done. */
  public static final int DONE = 0;

  /** It failed; the error says why. */
  public static final int FAILED = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** Done, but something was found: bad sectors, damage. */
  public static final int FINDINGS = 3;

  /** Stopped by Ctrl-C. */
  public static final int INTERRUPTED = 130;

  /** Nobody reads what it prints any more, as a shell tells of a broken pipe. */
  public static final int UNREAD = 141;

  private ExitStatus() {}
}
