package blksh.shell;

import java.util.Locale;

/** How well a word fits a name: by its beginning, its humps, or anywhere. */
final class Match {

  /** Ranks count from 0, the best, and are less than this. */
  static final int RANKS = 3;

  private Match() {}

  /** The rank of a name for a word; -1 when it does not fit. */
  static int rank(String word, String name) {
    String small = word.toLowerCase(Locale.ROOT);
    if (name.toLowerCase(Locale.ROOT).startsWith(small)) {
      return 0;
    }
    if (humps(word, 0, name, 0)) {
      return 1;
    }
    return word.length() > 1 && name.toLowerCase(Locale.ROOT).contains(small) ? 2 : -1;
  }

  /** Whether the characters of a word lead through the beginnings of a name's humps, in order. */
  private static boolean humps(String word, int at, String name, int from) {
    if (at == word.length()) {
      return true;
    }
    char wanted = Character.toLowerCase(word.charAt(at));
    for (int i = from; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean starts =
          i == 0
              || Character.isUpperCase(c)
              || !Character.isLetterOrDigit(name.charAt(i - 1)) && Character.isLetterOrDigit(c);
      boolean goesOn = at > 0 && i == from;
      if ((starts || goesOn)
          && Character.toLowerCase(c) == wanted
          && humps(word, at + 1, name, i + 1)) {
        return true;
      }
    }
    return false;
  }
}
