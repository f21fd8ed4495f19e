package blksh.shell;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was entered at the prompt as a script. A script differs from the prompt in two ways: imports
 * come first, and a name is declared once. So imports move up, and of a name that was declared
 * again the earlier declaration goes, if nothing used it in between.
 */
final class SavedSession {

  private static final Pattern DECLARATION =
      Pattern.compile("(?:private\\s+)?(?:val|var|fun|class|object)\\s+(\\w+)[\\s\\S]*");

  private SavedSession() {}

  /** The script for entries that ended well, oldest first. */
  static String script(List<String> entries) {
    Set<String> imports = new LinkedHashSet<>();
    List<String> rest = new ArrayList<>();
    for (String entry : entries) {
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
