package blksh;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The word that somebody meant who wrote another: spelled almost as it, or begun. */
public final class Nearest {

  /** Letters that a word must have in which two may be wrong. */
  private static final int LONG = 4;

  /** Names told when none is meant. */
  private static final int MOST = 8;

  private Nearest() {}

  /** The nearest of some words, if any is near; capitals count as small letters. */
  public static Optional<String> of(String word, Collection<String> words) {
    String wanted = bare(word);
    int most = wanted.length() >= LONG ? 2 : wanted.length() > 1 ? 1 : 0;
    String nearest = null;
    int least = most + 1;
    for (String known : words) {
      String there = bare(known);
      if (isSibling(wanted, there)) {
        continue;
      }
      boolean begun = wanted.length() >= LONG - 1 && there.startsWith(wanted);
      int apart = there.length() - wanted.length();
      int distance = least;
      if (begun) {
        distance = Math.min(most, apart);
      } else if (Math.abs(apart) <= most) {
        distance = distance(wanted, there);
      }
      if (distance < least) {
        least = distance;
        nearest = known;
      }
    }
    return Optional.ofNullable(nearest);
  }

  /** {@code "did you mean capture?"}; empty when no word is near. */
  public static String question(String word, Collection<String> words) {
    return of(word, words).map(nearest -> "did you mean " + nearest + "?").orElse("");
  }

  /**
   * What to try when a name is none of those there are: {@code "did you mean disk? there are disk,
   * home"}.
   *
   * @param none what to say when there are none
   */
  public static String among(String word, Collection<String> names, String none) {
    if (names.isEmpty()) {
      return none;
    }
    String question = question(word, names);
    String more = names.size() > MOST ? " and " + (names.size() - MOST) + " more" : "";
    String there = "there are " + String.join(", ", names.stream().limit(MOST).toList()) + more;
    return question.isEmpty() ? there : question + " " + there;
  }

  /** Whether two words differ in their numbers only: who writes p3 does not mean p1. */
  private static boolean isSibling(String one, String other) {
    return !one.equals(other)
        && one.replaceAll("[0-9]+", "0").equals(other.replaceAll("[0-9]+", "0"));
  }

  private static String bare(String word) {
    return word.replaceFirst("^[-:]+", "").toLowerCase(Locale.ROOT);
  }

  /** Letters to change, to add, to leave out or to exchange with the next. */
  private static int distance(String a, String b) {
    int[][] edits = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        int change = edits[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        edits[i][j] = Math.min(change, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        boolean exchanged =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (exchanged) {
          edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
        }
      }
    }
    return edits[a.length()][b.length()];
  }
}
