package blksh.prompt.line;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How a text before the cursor ends.
 *
 * @param receiver the expression whose member or key the word is to be; before a string all that
 *     stands before its quote; else empty
 * @param word what a completion replaces, possibly empty
 */
public record Place(Kind kind, String receiver, String word) {

  /** What may stand at a place. */
  public enum Kind {
    NAME,
    MEMBER,
    KEY,
    STRING,
    NOTHING
  }

  /** Tells how a text ends. */
  public static Place at(String before) {
    int quote = openQuote(before);
    boolean named = quote >= 0 && named(before);
    if (quote >= 0 && !named) {
      String word = before.substring(quote + 1);
      boolean key = quote > 0 && before.charAt(quote - 1) == '[';
      String head = before.substring(0, key ? quote - 1 : quote);
      return new Place(key ? Kind.KEY : Kind.STRING, key ? receiver(head) : head, word);
    }
    int start = before.length();
    while (start > 0 && part(before.charAt(start - 1))) {
      start--;
    }
    String word = before.substring(start);
    if (start > 0 && before.charAt(start - 1) == '.') {
      int end = start > 1 && before.charAt(start - 2) == '?' ? start - 2 : start - 1;
      return new Place(Kind.MEMBER, receiver(before.substring(0, end)), word);
    }
    boolean number = !word.isEmpty() && Character.isDigit(word.charAt(0));
    return new Place(number ? Kind.NOTHING : Kind.NAME, "", word);
  }

  /** Whether a text ends in a template that is a name, such as {@code $na}. */
  private static boolean named(String text) {
    int at = text.length();
    while (at > 0 && part(text.charAt(at - 1))) {
      at--;
    }
    return at > 0 && text.charAt(at - 1) == '$' && !Quoted.isEscaped(text, at - 1);
  }

  private static boolean part(char c) {
    return c != '$' && Character.isJavaIdentifierPart(c);
  }

  /** Where the string begins whose text the end of a text is; -1 when that is code. */
  private static int openQuote(String text) {
    // Strings by where they begin, and templates in them, by -1.
    Deque<Integer> open = new ArrayDeque<>();
    for (int i = Math.max(0, text.lastIndexOf('\n')); i < text.length(); i++) {
      char c = text.charAt(i);
      boolean inString = !open.isEmpty() && open.peek() >= 0;
      if (c == '\\' && inString) {
        i++;
      } else if (c == '"') {
        if (inString) {
          open.pop();
        } else {
          open.push(i);
        }
      } else if (inString && text.startsWith("${", i)) {
        open.push(-1);
        i++;
      } else if (c == '{' && !open.isEmpty() && !inString) {
        open.push(-1);
      } else if (c == '}' && !open.isEmpty() && !inString) {
        open.pop();
      }
    }
    return open.isEmpty() ? -1 : open.peek();
  }

  /** The expression that ends a text: names, calls, indexes and strings, joined by dots. */
  private static String receiver(String text) {
    int at = text.length();
    while (at > 0) {
      char c = text.charAt(at - 1);
      if (c == ')' || c == ']' || c == '}') {
        int open = Brackets.of(text.substring(0, at), at - 1).match();
        if (open < 0) {
          break;
        }
        at = open;
      } else if (c == '"') {
        int open = text.lastIndexOf('"', at - 2);
        if (open < 0) {
          break;
        }
        at = open;
      } else if (Character.isJavaIdentifierPart(c) || c == '.' || c == '?' || c == '!') {
        at--;
      } else if (c == ' ' && at < text.length() && text.charAt(at) == '{') {
        at--;
      } else {
        break;
      }
    }
    return text.substring(at).strip();
  }
}
