package blksh.prompt.line;

/**
 * The call whose arguments the cursor is in.
 *
 * @param receiver what stands before the function's dot, possibly nothing
 * @param label the name of the argument, when it is given; else null
 * @param atArgument whether an argument may begin here
 */
public record OpenCall(String receiver, String function, String label, boolean atArgument) {

  /**
   * @param function the function, as what would stand before a cursor behind its name
   * @param begun the argument as far as it is typed
   */
  static OpenCall of(Caret function, String begun) {
    int equals = begun.indexOf('=');
    String label = equals > 0 ? begun.substring(0, equals).strip() : null;
    return new OpenCall(function.receiver(), function.word(), label, begun.matches("\\w*"));
  }
}
