package blksh.prompt.command;

import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What people type whom other shells have taught: {@code help stores}, {@code exit}, {@code ?x},
 * {@code x?}, {@code ls}, {@code /exit}, {@code %time x}. None of it is Kotlin, unless somebody has
 * declared such a name.
 */
public final class Habits {

  private static final Pattern HELP = Pattern.compile("(help|man)(?:\\s+([:\\w.]+)|\\(\\))?");
  private static final Pattern LEAVE = Pattern.compile("(exit|quit|bye|logout)(\\(\\))?");
  private static final Pattern ASKED = Pattern.compile("(\\?{1,2})\\s*(:?[A-Za-z][\\w.]*)?");
  private static final Pattern ASKED_BEHIND = Pattern.compile("(:?[A-Za-z][\\w.]*)(\\?{1,2})");
  private static final Pattern MARKED = Pattern.compile("[/%]([a-z]+\\b.*)");
  private static final Pattern PLACE = Pattern.compile("(ls|ll|dir|cd|pwd)(\\s+[-~./\\w*\"$].*)?");
  private static final Pattern BANG = Pattern.compile("!\\s*(([A-Za-z_]\\w*)?(.*))");

  /** What follows a name that is called, or of which something is. */
  private static final Pattern CALLED = Pattern.compile("(\\??\\.\\w+)*\\(");

  private final Predicate<String> known;

  /**
   * @param known whether a name stands for a value: of the session, or a word of blksh
   */
  public Habits(Predicate<String> known) {
    this.known = known;
  }

  /** The command that a text means, beginning with a colon; null when it is an entry. */
  public String command(String text) {
    String line = text.strip();
    if (line.isEmpty() || line.indexOf('\n') >= 0) {
      return null;
    }
    Matcher help = HELP.matcher(line);
    if (help.matches() && !known.test(help.group(1))) {
      return help.group(2) == null ? ":help" : ":help " + help.group(2);
    }
    Matcher leave = LEAVE.matcher(line);
    if (leave.matches() && !known.test(leave.group(1))) {
      return ":quit";
    }
    Matcher asked = ASKED.matcher(line);
    if (asked.matches()) {
      return asked(asked.group(1), asked.group(2));
    }
    Matcher behind = ASKED_BEHIND.matcher(line);
    if (behind.matches()) {
      return asked(behind.group(2), behind.group(1));
    }
    Matcher marked = MARKED.matcher(line);
    if (marked.matches()) {
      return ":" + marked.group(1);
    }
    Matcher place = PLACE.matcher(line);
    if (place.matches() && !known.test(place.group(1))) {
      return place(place.group(1), line);
    }
    return line.startsWith("!") ? shell(line) : null;
  }

  private static String asked(String marks, String name) {
    if (name == null) {
      return ":help";
    }
    return (marks.length() == 1 ? ":help " : ":doc ") + name;
  }

  private static String place(String word, String line) {
    return switch (word) {
      case "cd", "pwd" -> ":" + line;
      case "ll" -> ":sh ls -l" + line.substring(word.length());
      default -> ":sh ls" + line.substring(word.length());
    };
  }

  /** A line for the shell of the system, unless it is a truth that Kotlin negates. */
  private String shell(String line) {
    Matcher bang = BANG.matcher(line);
    if (!bang.matches() || bang.group(1).isBlank()) {
      return null;
    }
    String name = bang.group(2);
    String rest = bang.group(3);
    if (name == null) {
      return rest.startsWith("(") || rest.startsWith("!") ? null : ":sh " + rest;
    }
    boolean value = known.test(name) || name.equals("true") || name.equals("false");
    boolean called = CALLED.matcher(rest).lookingAt();
    return value || called ? null : ":sh " + bang.group(1);
  }
}
