package blksh.iso;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How one of the trees of a disc names what is in a directory. A name that the tree cannot hold is
 * changed and, where another has it already, numbered; what a tree can hold as it is keeps its name
 * before all others. What a name takes at most is known from the name alone, so that the size of a
 * disc does not depend on what stands beside it.
 */
abstract class NameScheme {

  /** Most characters that numbering adds: the mark and six digits of base 36. */
  static final int NUMBERING = 7;

  private static final int BASE = 36;

  /** What stands before the number of a name that was taken already. */
  private final char mark;

  NameScheme(char mark) {
    this.mark = mark;
  }

  /** The name as near to the true one as the tree can hold it. */
  abstract String candidate(DiscName name, boolean isDirectory);

  /** That name with a number behind it, shortened to make room. */
  abstract String numbered(String candidate, boolean isDirectory, String number);

  /** Two names are one where their keys are equal. */
  abstract String key(String name);

  /**
   * The names of all that is in a directory.
   *
   * @param names in the order of their bytes
   */
  final String[] assign(DiscName[] names, boolean[] isDirectory) {
    String[] assigned = new String[names.length];
    Set<String> taken = new HashSet<>();
    String[] candidates = new String[names.length];
    for (int i = 0; i < names.length; i++) {
      candidates[i] = candidate(names[i], isDirectory[i]);
      if (names[i].isExactly(candidates[i]) && taken.add(key(candidates[i]))) {
        assigned[i] = candidates[i];
      }
    }
    Map<String, Integer> numbers = new HashMap<>();
    for (int i = 0; i < names.length; i++) {
      if (assigned[i] == null) {
        assigned[i] =
            taken.add(key(candidates[i]))
                ? candidates[i]
                : free(candidates[i], isDirectory[i], taken, numbers);
      }
    }
    return assigned;
  }

  private String free(
      String candidate, boolean isDirectory, Set<String> taken, Map<String, Integer> numbers) {
    // What is left of the name beside the longest number: those for whom it is equal count
    // together.
    String stem = key(numbered(candidate, isDirectory, mark + "0".repeat(NUMBERING - 1)));
    for (int number = numbers.getOrDefault(stem, 1); ; number++) {
      String digits = Integer.toString(number, BASE).toUpperCase(Locale.ROOT);
      String name = numbered(candidate, isDirectory, mark + digits);
      if (taken.add(key(name))) {
        numbers.put(stem, number + 1);
        return name;
      }
    }
  }

  /** Cut to a length, not within a pair of surrogates. */
  static String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    boolean within = length > 0 && Character.isHighSurrogate(text.charAt(length - 1));
    return text.substring(0, within ? length - 1 : length);
  }

  /** Cut to a length with its ending kept and something put before that. */
  static String cut(String text, int length, int longestEnding, String before) {
    int dot = text.lastIndexOf('.');
    boolean keep = dot > 0 && text.length() - dot <= longestEnding;
    String ending = keep ? text.substring(dot) : "";
    String stem = keep ? text.substring(0, dot) : text;
    return cut(stem, length - before.length() - ending.length()) + before + ending;
  }
}
