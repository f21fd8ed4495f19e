package blksh.prompt.line;

/** Lines that are commands of the prompt and no entries: they begin with a colon. */
public final class ColonLine {

  private ColonLine() {}

  /** Whether a line is a command. */
  public static boolean is(String text) {
    String line = text.stripLeading();
    // Two colons refer to a function.
    return line.startsWith(":") && !line.startsWith("::");
  }

  /** The part of a command before the cursor that completion replaces: its last word. */
  public static String word(String before) {
    String line = before.stripLeading();
    int space = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
    return line.substring(space + 1);
  }
}
