package blksh.prompt.line;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The brackets of an entry, those in strings and comments left out; quick enough for every key and
 * without the compiler.
 *
 * @param open how many are open at the end
 * @param match for the place that was asked about, where the other of its pair is; -1 for none
 * @param unclosed whether a raw string or a block comment is still open at the end
 * @param broken whether a string that must end on its line is open at the end: more lines do not
 *     help
 */
public record Brackets(int open, int match, boolean unclosed, boolean broken) {

  /** Reads a text. */
  public static Brackets of(String text) {
    return of(text, -1);
  }

  /**
   * Reads a text.
   *
   * @param place the place of a bracket whose other half is wanted, or -1
   */
  public static Brackets of(String text, int place) {
    // Open brackets by their places; open strings by their quotes, "" for a template in one.
    Deque<Integer> stack = new ArrayDeque<>();
    Deque<String> quotes = new ArrayDeque<>();
    int match = -1;
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      boolean inString = !quotes.isEmpty() && !quotes.peek().isEmpty();
      if (inString) {
        String quote = quotes.peek();
        if (text.startsWith(quote, at)) {
          quotes.pop();
          at += quote.length();
          // A raw string may end in quotes of its own.
          while (quote.length() == 3 && at < text.length() && text.charAt(at) == '"') {
            at++;
          }
        } else if (c == '\\' && quote.length() == 1) {
          at += 2;
        } else if (c == '\n' && quote.length() == 1) {
          quotes.pop();
        } else if (text.startsWith("${", at) && !quote.equals("'")) {
          at++;
          stack.push(at);
          quotes.push("");
          at++;
        } else {
          at++;
        }
        continue;
      }
      if (text.startsWith("//", at)) {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
        continue;
      }
      if (text.startsWith("/*", at)) {
        int end = endOfComment(text, at);
        if (end < 0) {
          return new Brackets(stack.size(), match, true, false);
        }
        at = end;
        continue;
      }
      if (c == '"') {
        quotes.push(text.startsWith("\"\"\"", at) ? "\"\"\"" : "\"");
        at += quotes.peek().length();
        continue;
      }
      if (c == '\'') {
        quotes.push("'");
      } else if (c == '(' || c == '[' || c == '{') {
        stack.push(at);
      } else if (c == ')' || c == ']' || c == '}') {
        if (!stack.isEmpty()) {
          int opened = stack.pop();
          if (opened == place || at == place) {
            match = opened == place ? at : opened;
          }
          boolean template = opened > 0 && text.charAt(opened - 1) == '$';
          if (template && c == '}' && !quotes.isEmpty() && quotes.peek().isEmpty()) {
            quotes.pop();
          }
        }
      }
      at++;
    }
    boolean broken = !quotes.isEmpty() && quotes.peek().length() == 1;
    return new Brackets(stack.size(), match, quotes.contains("\"\"\""), broken);
  }

  /** Where a comment ends that begins here, comments in it included; -1 when it does not. */
  private static int endOfComment(String text, int start) {
    int depth = 0;
    int at = start;
    while (at < text.length()) {
      if (text.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (text.startsWith("*/", at)) {
        at += 2;
        if (--depth == 0) {
          return at;
        }
      } else {
        at++;
      }
    }
    return -1;
  }
}
