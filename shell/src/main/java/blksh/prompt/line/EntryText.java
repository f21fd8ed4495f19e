package blksh.prompt.line;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * An entry, or its text up to the cursor, read once: what of it is code, string and comment, which
 * brackets and quotes belong together, and how it ends. Quick enough for every key, and without the
 * compiler.
 */
public final class EntryText {

  /** What {@link #match} gives for a place that has no other half. */
  public static final int NONE = -1;

  private static final String RAW = "\"\"\"";
  private static final String PLAIN = "\"";
  private static final String CHARACTER = "'";

  /** On the stack of quotes: code in a template within a string. */
  private static final String TEMPLATE = "";

  private final String text;

  /** For each character whether it is code, quotes and comments left out. */
  private final boolean[] code;

  /** For each bracket in code, and the first and last quote of a string, the other of its pair. */
  private final int[] match;

  /** Brackets open at the end, innermost first. */
  private final Deque<Integer> open = new ArrayDeque<>();

  /** Quotes open at the end, innermost first; {@link #TEMPLATE} for code within a string. */
  private final Deque<String> quotes = new ArrayDeque<>();

  /** Where each of {@link #quotes} begins. */
  private final Deque<Integer> quoted = new ArrayDeque<>();

  private boolean openComment;

  private EntryText(String text) {
    this.text = text;
    this.code = new boolean[text.length()];
    this.match = new int[text.length()];
    Arrays.fill(match, NONE);
    read();
  }

  /** Reads a text. */
  public static EntryText of(String text) {
    return new EntryText(text);
  }

  public String text() {
    return text;
  }

  private void read() {
    int at = 0;
    while (at < text.length()) {
      if (!quotes.isEmpty() && !quotes.peek().equals(TEMPLATE)) {
        at = readQuoted(at, quotes.peek());
      } else if (text.startsWith("//", at)) {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (text.startsWith("/*", at)) {
        at = endOfComment(at);
      } else {
        at = readCode(at);
      }
    }
  }

  private int readQuoted(int at, String quote) {
    if (text.startsWith(quote, at)) {
      quotes.pop();
      int end = at + quote.length();
      // A raw string may end in quotes of its own.
      while (quote.equals(RAW) && end < text.length() && text.charAt(end) == '"') {
        end++;
      }
      pair(quoted.pop(), end - 1);
      return end;
    }
    char c = text.charAt(at);
    if (c == '\\' && !quote.equals(RAW)) {
      return at + 2;
    }
    if (c == '\n' && !quote.equals(RAW)) {
      quotes.pop();
      quoted.pop();
      return at;
    }
    if (text.startsWith("${", at) && !quote.equals(CHARACTER)) {
      code[at + 1] = true;
      open.push(at + 1);
      push(TEMPLATE, at + 1);
      return at + 2;
    }
    return at + 1;
  }

  private int readCode(int at) {
    char c = text.charAt(at);
    if (c == '"') {
      String quote = text.startsWith(RAW, at) ? RAW : PLAIN;
      push(quote, at);
      return at + quote.length();
    }
    if (c == '\'') {
      push(CHARACTER, at);
      return at + 1;
    }
    code[at] = true;
    if (c == '(' || c == '[' || c == '{') {
      open.push(at);
    } else if ((c == ')' || c == ']' || c == '}') && !open.isEmpty()) {
      int opened = open.pop();
      pair(opened, at);
      boolean template = opened > 0 && text.charAt(opened - 1) == '$';
      if (template && c == '}' && TEMPLATE.equals(quotes.peek())) {
        quotes.pop();
        quoted.pop();
      }
    }
    return at + 1;
  }

  private void push(String quote, int place) {
    quotes.push(quote);
    quoted.push(place);
  }

  private void pair(int first, int last) {
    match[first] = last;
    match[last] = first;
  }

  /** Where a comment ends that begins here, comments in it included. */
  private int endOfComment(int start) {
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
    openComment = true;
    return at;
  }

  // Brackets.

  /** How many brackets are open at the end. */
  public int open() {
    return open.size();
  }

  /** Where the outermost bracket is that is open at the end; the end when none is. */
  public int firstOpen() {
    return open.isEmpty() ? text.length() : open.getLast();
  }

  /** Where the other of a pair of brackets is; {@link #NONE} for what is none in code. */
  public int match(int place) {
    return code[place] ? match[place] : NONE;
  }

  /** Whether a raw string or a block comment is still open at the end. */
  public boolean unclosed() {
    return openComment || quotes.contains(RAW);
  }

  /** Whether a string that must end on its line is open at the end: more lines do not help. */
  public boolean broken() {
    return !openComment && !quotes.isEmpty() && quotes.peek().length() == 1;
  }

  // The end.

  /** Whether the last of several lines is empty: a person who enters that expects an answer. */
  public boolean endsInEmptyLine() {
    int last = text.lastIndexOf('\n');
    return last >= 0 && text.substring(last).isBlank();
  }

  /** What stands at the end, where the cursor is. */
  public Caret caret() {
    boolean inString = PLAIN.equals(quotes.peek()) || RAW.equals(quotes.peek());
    if (!inString || endsInNamedTemplate()) {
      return caretAfter(text.length());
    }
    int quote = quoted.peek();
    String word = text.substring(quote + quotes.peek().length());
    return quote > 0 && text.charAt(quote - 1) == '['
        ? new Caret(Caret.Kind.KEY, expressionBefore(quote - 1), word)
        : new Caret(Caret.Kind.STRING, text.substring(0, quote), word);
  }

  /** What a cursor after so many characters of code would stand at. */
  private Caret caretAfter(int end) {
    int start = wordBefore(end);
    String word = text.substring(start, end);
    if (start > 0 && text.charAt(start - 1) == '.') {
      boolean safe = start > 1 && text.charAt(start - 2) == '?';
      return new Caret(Caret.Kind.MEMBER, expressionBefore(safe ? start - 2 : start - 1), word);
    }
    boolean number = !word.isEmpty() && Character.isDigit(word.charAt(0));
    return new Caret(number ? Caret.Kind.NOTHING : Caret.Kind.NAME, "", word);
  }

  private int wordBefore(int end) {
    int start = end;
    while (start > 0 && isPart(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static boolean isPart(char c) {
    return c != '$' && Character.isJavaIdentifierPart(c);
  }

  /** Whether the end is a template that is a name, such as {@code $na}. */
  private boolean endsInNamedTemplate() {
    int at = wordBefore(text.length());
    return at > 0 && text.charAt(at - 1) == '$' && !Quoted.isEscaped(text, at - 1);
  }

  /** The expression that ends at a place: names, calls, indexes and strings, joined by dots. */
  private String expressionBefore(int end) {
    int at = end;
    while (at > 0) {
      char c = text.charAt(at - 1);
      if (c == ')' || c == ']' || c == '}' || c == '"') {
        int first = match[at - 1];
        if (first == NONE || first >= at - 1) {
          break;
        }
        at = first;
      } else if (Character.isJavaIdentifierPart(c) || c == '.' || c == '?' || c == '!') {
        at--;
      } else if (c == ' ' && at < end && text.charAt(at) == '{') {
        at--;
      } else {
        break;
      }
    }
    return text.substring(at, end).strip();
  }

  /** The call whose arguments the cursor is in; null when it is in none, or in a string. */
  public OpenCall call() {
    boolean inCode = quotes.isEmpty() || quotes.peek().equals(TEMPLATE);
    if (!inCode || open.isEmpty() || text.charAt(open.peek()) != '(') {
      return null;
    }
    int opened = open.peek();
    int argument = opened;
    for (int at = text.length() - 1; at > opened; at--) {
      char c = text.charAt(at);
      if (c == '\n' || code[at] && c == ';') {
        return null;
      }
      if (match[at] != NONE && match[at] < at) {
        if (text.substring(match[at], at).indexOf('\n') >= 0) {
          return null;
        }
        at = match[at];
      } else if (code[at] && c == ',' && argument == opened) {
        argument = at;
      }
    }
    Caret function = caretAfter(opened);
    return function.word().isEmpty()
        ? null
        : OpenCall.of(function, text.substring(argument + 1).strip());
  }
}
