package blksh.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What of a tree is left out, by patterns. The last that fits an entry decides; what is in a
 * directory that is left out is never looked at.
 *
 * <p>Two kinds of pattern. Those of {@link #with} are gitignore's: {@code *.log} fits a name at any
 * depth; with a slash elsewhere than at its end, as {@code /tmp} or {@code a/b}, it is a path from
 * the directory that is walked on; {@code build/} means directories only; {@code **} any number of
 * directories; {@code !keep.log} takes back in. Those of {@link #withFullMatch} fit the whole
 * absolute path, as {@code Path.full_match} of Python has it.
 */
public final class Excludes {

  /** Nothing is left out. */
  public static final Excludes NONE = new Excludes(List.of(), List.of(), List.of());

  private final List<Rule> rules;

  /** Absolute paths without the slash they begin with. */
  private final List<byte[]> below;

  /** Likewise; what is left of what is below those. */
  private final List<byte[]> but;

  private Excludes(List<Rule> rules, List<byte[]> below, List<byte[]> but) {
    this.rules = rules;
    this.below = below;
    this.but = but;
  }

  /**
   * One pattern.
   *
   * @param parts of its path; null for any number of directories
   * @param nameOnly whether it is for the last part of a path alone
   * @param absolute whether it is for a path from the root of the system on
   */
  private record Rule(
      String text,
      Glob[] parts,
      boolean nameOnly,
      boolean absolute,
      boolean directoriesOnly,
      boolean takesIn) {}

  /**
   * These, and more: the lines of a .gitignore file. Empty lines and those that begin with {@code
   * #} say nothing.
   *
   * @throws IllegalArgumentException for a line that can fit nothing
   */
  public Excludes with(List<String> lines) {
    List<Rule> all = new ArrayList<>(rules);
    for (String line : lines) {
      String text = withoutBlanksAtEnd(line);
      if (!text.isEmpty() && !text.startsWith("#")) {
        all.add(ignore(text));
      }
    }
    return new Excludes(List.copyOf(all), below, but);
  }

  private static String withoutBlanksAtEnd(String line) {
    String text = line;
    while (text.endsWith(" ") && !text.endsWith("\\ ")) {
      text = text.substring(0, text.length() - 1);
    }
    return text;
  }

  private static Rule ignore(String line) {
    boolean takesIn = line.startsWith("!");
    String text = takesIn ? line.substring(1) : line;
    boolean directoriesOnly = text.endsWith("/");
    text = directoriesOnly ? text.substring(0, text.length() - 1) : text;
    boolean nameOnly = !text.contains("/");
    text = text.startsWith("/") ? text.substring(1) : text;
    return new Rule(line, parts(text, line, true), nameOnly, false, directoriesOnly, takesIn);
  }

  /**
   * These, and more: patterns for whole absolute paths; one that does not begin with {@code /} or
   * {@code **} fits nothing.
   *
   * @throws IllegalArgumentException for an empty one
   */
  public Excludes withFullMatch(List<String> patterns) {
    List<Rule> all = new ArrayList<>(rules);
    for (String pattern : patterns) {
      String text = pattern.startsWith("/") ? pattern.substring(1) : pattern;
      boolean fits = pattern.startsWith("/") || pattern.startsWith("**");
      Glob[] parts = parts(text, pattern, false);
      if (fits) {
        all.add(new Rule(pattern, parts, false, true, false, false));
      }
    }
    return new Excludes(List.copyOf(all), below, but);
  }

  /**
   * These, and all that is in some directories, whatever a pattern says.
   *
   * @param directories absolute paths without the slash they begin with
   * @param but likewise, what is not left out of that, with the directories on the way to it
   */
  public Excludes withBelow(List<byte[]> directories, List<byte[]> but) {
    return new Excludes(rules, List.copyOf(directories), List.copyOf(but));
  }

  private boolean isBelow(byte[] whole) {
    for (byte[] each : below) {
      boolean in =
          whole.length > each.length
              && whole[each.length] == '/'
              && Arrays.equals(whole, 0, each.length, each, 0, each.length);
      if (in && !isOnTheWay(whole)) {
        return true;
      }
    }
    return false;
  }

  private boolean isOnTheWay(byte[] whole) {
    for (byte[] each : but) {
      if (each.length >= whole.length
          && Arrays.equals(whole, 0, whole.length, each, 0, whole.length)
          && (each.length == whole.length || each[whole.length] == '/')) {
        return true;
      }
    }
    return false;
  }

  private static Glob[] parts(String text, String line, boolean escapes) {
    List<Glob> parts = new ArrayList<>();
    for (String part : text.split("/")) {
      if (part.isEmpty()) {
        throw new IllegalArgumentException(
            "the pattern \"%s\" has an empty part: it fits nothing".formatted(line));
      }
      parts.add(part.equals("**") ? null : Glob.of(part, escapes));
    }
    return parts.toArray(Glob[]::new);
  }

  public boolean isEmpty() {
    return rules.isEmpty();
  }

  /** The patterns as they were given. */
  public List<String> patterns() {
    return rules.stream().map(Rule::text).toList();
  }

  /**
   * Whether an entry is left out.
   *
   * @param root absolute path the walk began at, without a slash at the end
   * @param path of the entry, relative to that
   * @param anchor bytes of {@code path} up to what patterns are relative to
   */
  boolean leavesOut(byte[] root, byte[] path, int anchor, boolean isDirectory) {
    byte[] whole = null;
    if (!below.isEmpty()) {
      whole = absolute(root, path);
      if (isBelow(whole)) {
        return true;
      }
    }
    for (int i = rules.size() - 1; i >= 0; i--) {
      Rule rule = rules.get(i);
      if (rule.directoriesOnly && !isDirectory) {
        continue;
      }
      boolean fits;
      if (rule.nameOnly) {
        fits = rule.parts[0] == null || rule.parts[0].matches(path, name(path), path.length);
      } else if (rule.absolute) {
        whole = whole == null ? absolute(root, path) : whole;
        fits = fits(rule.parts, 0, whole, 0);
      } else {
        fits = fits(rule.parts, 0, path, anchor);
      }
      if (fits) {
        return !rule.takesIn;
      }
    }
    return false;
  }

  /** Whether a path fits, from a root on that is anything. */
  public boolean fits(byte[] path, boolean isDirectory) {
    return leavesOut(new byte[0], path, 0, isDirectory);
  }

  private static int name(byte[] path) {
    int at = path.length;
    while (at > 0 && path[at - 1] != '/') {
      at--;
    }
    return at;
  }

  /** Without the slash it begins with. */
  private static byte[] absolute(byte[] root, byte[] path) {
    byte[] start = root.length <= 1 ? new byte[0] : Arrays.copyOfRange(root, 1, root.length);
    return TreeEntry.path(start, path);
  }

  /** Whether the parts from one on fit a path from a byte on, to its end. */
  private static boolean fits(Glob[] parts, int part, byte[] path, int from) {
    if (part == parts.length) {
      return from > path.length;
    }
    if (from > path.length) {
      return false;
    }
    int end = from;
    while (end < path.length && path[end] != '/') {
      end++;
    }
    if (parts[part] != null) {
      return parts[part].matches(path, from, end) && fits(parts, part + 1, path, end + 1);
    }
    if (part + 1 == parts.length) {
      return true;
    }
    return fits(parts, part + 1, path, from) || fits(parts, part, path, end + 1);
  }
}
