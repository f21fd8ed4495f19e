package blksh.prompt.complete;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** How well a word fits a name: by its beginning, its humps, or anywhere. */
public final class Match {

  /** Ranks count from 0, the best, and are less than this. */
  private static final int RANKS = 3;

  /** So many names that begin with a word leave no need of others. */
  private static final int PLENTY = 20;

  /** The shortest word that is looked for behind a name's first hump where others begin with it. */
  private static final int SHORTEST_HUMPS = 2;

  /** The shortest that is looked for in the middle of a hump where others fit better. */
  private static final int SHORTEST_MIDDLE = 3;

  /** So many that fit better leave no need of those it is in the middle of. */
  private static final int ENOUGH = 5;

  private Match() {}

  /**
   * The things whose names fit a word: those that begin with it, then by humps, then anywhere; in
   * each rank in the order they came. The less a word says, the fewer ranks join.
   */
  public static <T> List<T> best(String word, List<T> things, Function<T, String> name) {
    List<List<T>> ranks = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      ranks.add(new ArrayList<>());
    }
    for (T thing : things) {
      int rank = rank(word, name.apply(thing));
      if (rank >= 0) {
        ranks.get(rank).add(thing);
      }
    }
    List<T> best = ranks.get(0);
    if (best.isEmpty() || best.size() < PLENTY && word.length() >= SHORTEST_HUMPS) {
      best.addAll(ranks.get(1));
    }
    if (best.isEmpty() || best.size() < ENOUGH && word.length() >= SHORTEST_MIDDLE) {
      best.addAll(ranks.get(2));
    }
    return best;
  }

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
