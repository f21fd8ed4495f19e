package blksh;

import java.util.OptionalLong;

/**
 * The one family of failures blksh reports: what was being done and to what, at which byte, why it
 * failed, and what to try. The message is complete on its own; a stack trace adds nothing for the
 * person reading it.
 *
 * <p>Sentences read "cannot <i>action</i> at byte <i>n</i>: <i>problem</i>; <i>suggestion</i>".
 */
public class BlkshException extends RuntimeException {

  private final String action;
  private final String problem;
  private long position = -1;
  private String suggestion;

  /**
   * @param action what was being done and to what, as it follows "cannot": {@code "open store
   *     /srv/b"}
   * @param problem why it failed: {@code "store.json is missing"}
   */
  public BlkshException(String action, String problem) {
    this(action, problem, null);
  }

  /** As above, keeping the failure underneath. */
  public BlkshException(String action, String problem, Throwable cause) {
    super(null, cause);
    this.action = action;
    this.problem = problem;
  }

  /** Says at which byte of the thing acted upon it failed. */
  public BlkshException at(long position) {
    this.position = position;
    return this;
  }

  /** Says what a person could try next, as a clause: {@code "create it with store(…)"}. */
  public BlkshException suggest(String suggestion) {
    this.suggestion = suggestion;
    return this;
  }

  /** What was being done and to what, as it follows "cannot". */
  public final String action() {
    return action;
  }

  /** Why it failed. */
  public final String problem() {
    return problem;
  }

  /** The byte at which it failed, when there is one. */
  public final OptionalLong position() {
    return position < 0 ? OptionalLong.empty() : OptionalLong.of(position);
  }

  /** What to try, or null. */
  public final String suggestion() {
    return suggestion;
  }

  /**
   * The kind of failure, stable for programs reading {@code --json}: the class without its ending.
   */
  public String kind() {
    String name = getClass().getSimpleName();
    return name.equals("BlkshException") ? "Failure" : name.replaceFirst("Exception$", "");
  }

  @Override
  public String getMessage() {
    StringBuilder text = new StringBuilder("cannot ").append(action);
    if (position >= 0) {
      text.append(" at byte ").append(position);
    }
    text.append(": ").append(problem);
    if (suggestion != null) {
      text.append("; ").append(suggestion);
    }
    return text.toString();
  }
}
