package blksh.shell;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was entered at the prompt as a script. A script differs from the prompt in three ways:
 * imports come first, a name is declared once, and results have no names. So imports move up; of a
 * name that was declared again the earlier declaration goes, if nothing used it in between; and a
 * result that was used later, by its name or as {@code it}, is declared.
 */
final class SavedSession {

  private static final Pattern DECLARATION =
      Pattern.compile("(?:private\\s+)?(?:val|var|fun|class|object)\\s+(\\w+)[\\s\\S]*");

  private static final Pattern RESULT = Pattern.compile("\\bres[1-9]\\d*\\b");
  private static final Pattern WORD = Pattern.compile("[{}]|(?<![.\\w])it\\b");

  private SavedSession() {}

  /** The script for entries that ended well, oldest first. */
  static String script(List<Commands.Entry> entered) {
    Set<String> imports = new LinkedHashSet<>();
    List<String> rest = new ArrayList<>();
    for (String entry : named(entered)) {
      List<String> lines = new ArrayList<>();
      for (String line : entry.strip().split("\n")) {
        if (line.startsWith("import ")) {
          imports.add(line.strip());
        } else {
          lines.add(line);
        }
      }
      String text = String.join("\n", lines).strip();
      if (!text.isEmpty()) {
        rest.add(text);
      }
    }
    for (int i = rest.size() - 1; i >= 0; i--) {
      if (replaced(rest, i)) {
        rest.remove(i);
      }
    }
    StringBuilder script = new StringBuilder("// What was entered at the prompt.\n");
    imports.forEach(line -> script.append(line).append('\n'));
    rest.forEach(text -> script.append(text).append('\n'));
    return script.toString();
  }

  /** The entries, each result declared that a later one needs. */
  private static List<String> named(List<Commands.Entry> entered) {
    List<String> texts = new ArrayList<>();
    Set<String> needed = new HashSet<>();
    String newest = null;
    for (Commands.Entry entry : entered) {
      String text = newest == null ? entry.text() : withoutIt(entry.text(), newest);
      RESULT.matcher(text).results().forEach(result -> needed.add(result.group()));
      texts.add(text);
      newest = entry.result() == null ? newest : entry.result();
    }
    for (int i = 0; i < texts.size(); i++) {
      if (needed.contains(entered.get(i).result())) {
        texts.set(i, "val " + entered.get(i).result() + " = " + texts.get(i).strip());
      }
    }
    return texts;
  }

  /** The text with {@code it} replaced, except in blocks: there it belongs to the block. */
  private static String withoutIt(String text, String name) {
    StringBuilder replaced = new StringBuilder();
    int blocks = 0;
    int copied = 0;
    Matcher word = WORD.matcher(text);
    while (word.find()) {
      String found = word.group();
      if (found.equals("{")) {
        // In a template the braces are no block.
        boolean template = word.start() > 0 && text.charAt(word.start() - 1) == '$';
        blocks += template && blocks == 0 ? 0 : 1;
      } else if (found.equals("}")) {
        blocks = Math.max(0, blocks - 1);
      } else if (blocks == 0) {
        replaced.append(text, copied, word.start()).append(name);
        copied = word.end();
      }
    }
    return replaced.append(text.substring(copied)).toString();
  }

  /** Whether an entry declares what a later one declares again before anybody used it. */
  private static boolean replaced(List<String> entries, int at) {
    String name = declares(entries.get(at));
    if (name == null) {
      return false;
    }
    Pattern use = Pattern.compile("\\b" + name + "\\b");
    for (String later : entries.subList(at + 1, entries.size())) {
      if (name.equals(declares(later))) {
        return use.matcher(later).results().count() == 1;
      }
      if (use.matcher(later).find()) {
        return false;
      }
    }
    return false;
  }

  private static String declares(String entry) {
    Matcher declaration = DECLARATION.matcher(entry);
    return declaration.matches() ? declaration.group(1) : null;
  }
}
