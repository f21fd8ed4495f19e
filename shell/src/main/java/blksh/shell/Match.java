package blksh.shell;

import java.util.Locale;

/** How well a word fits a name: by its beginning, its humps, or anywhere. */
final class Match {

  /** Ranks count from 0, the best, and are less than this. */
  static final int RANKS = 3;

  private Match() {}

  /** The rank of a name for a word; -1 when it does not fit. */
  static int rank(String word, String name) {
    if (begins(word, name)) {
      return 0;
    }
    String small = word.toLowerCase(Locale.ROOT);
    if (humps(word, 0, name, 0)) {
      return 1;
    }
    return word.length() > 1 && name.toLowerCase(Locale.ROOT).contains(small) ? 2 : -1;
  }

  /** Whether a name begins with a word; small letters stand for capitals too. */
  private static boolean begins(String word, String name) {
    if (word.length() > name.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      char wanted = word.charAt(i);
      char there = name.charAt(i);
      if (wanted != there && wanted != Character.toLowerCase(there)) {
        return false;
      }
    }
    return true;
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
