package blksh.mount.nbd;

import blksh.block.Extent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What a capture keeps of a bitmap, for the next one to see whether it goes on from there: how many
 * bytes were dirty, and some of the places, all when there are not too many.
 *
 * @param bytes that were dirty
 * @param isNew whether nothing shows that it had recorded since before that capture began
 * @param places bytes that were dirty, in order, at most {@link #KEPT}
 */
record NbdDirt(long bytes, boolean isNew, List<Long> places) {

  /** Places that are kept: some KiB of text. */
  private static final int KEPT = 1024;

  /** A place in each of so many bytes of a range, besides its beginning. */
  private static final long STEP = 1 << 20;

  private static final String NEW = "new ";

  /** Digits and letters of a distance. */
  private static final int BASE = 36;

  /**
   * What is to be kept of a bitmap.
   *
   * @param dirty its dirty ranges, in order
   */
  static NbdDirt of(Iterator<Extent> dirty, boolean isNew) {
    long bytes = 0;
    Thinned places = new Thinned();
    while (dirty.hasNext()) {
      Extent range = dirty.next();
      bytes += range.length();
      for (long at = range.start(); at < range.end(); at += STEP) {
        places.add(at);
      }
    }
    return new NbdDirt(bytes, isNew, places.kept);
  }

  /** Of many places every so-manieth, from one end to the other. */
  private static final class Thinned {
    private final List<Long> kept = new ArrayList<>();
    private long step = 1;
    private long count;

    void add(long place) {
      if (count++ % step != 0) {
        return;
      }
      kept.add(place);
      if (kept.size() > KEPT) {
        List<Long> half = new ArrayList<>();
        for (int i = 0; i < kept.size(); i += 2) {
          half.add(kept.get(i));
        }
        kept.clear();
        kept.addAll(half);
        step *= 2;
      }
    }
  }

  /**
   * What of this is to be seen in a bitmap now.
   *
   * @param bytes that are dirty now
   * @param missing the first place that is not dirty any more, or -1
   */
  record Seen(long bytes, long missing) {}

  /**
   * Looks for what was dirty.
   *
   * @param dirty the ranges that are dirty now, in order
   */
  Seen in(Iterator<Extent> dirty) {
    long total = 0;
    long missing = -1;
    int next = 0;
    while (dirty.hasNext()) {
      Extent range = dirty.next();
      total += range.length();
      for (; next < places.size() && places.get(next) < range.end(); next++) {
        if (places.get(next) < range.start() && missing < 0) {
          missing = places.get(next);
        }
      }
    }
    if (missing < 0 && next < places.size()) {
      missing = places.get(next);
    }
    return new Seen(total, missing);
  }

  /** Reads what {@link #toString} has written; null when it is something else. */
  static NbdDirt parse(String text) {
    boolean isNew = text.startsWith(NEW);
    String[] words = (isNew ? text.substring(NEW.length()) : text).split(" ");
    List<Long> numbers = new ArrayList<>();
    long at = 0;
    for (String word : words) {
      if (!word.matches("[0-9a-z]{1,12}")) {
        return null;
      }
      long number = Long.parseLong(word, BASE);
      at = numbers.isEmpty() ? 0 : at + number;
      if (at < 0) {
        return null;
      }
      numbers.add(numbers.isEmpty() ? number : at);
    }
    return new NbdDirt(numbers.get(0), isNew, List.copyOf(numbers.subList(1, numbers.size())));
  }

  /** The bytes and how far each place is from the one before, to the base of 36. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(isNew ? NEW : "").append(Long.toString(bytes, BASE));
    long before = 0;
    for (long place : places) {
      text.append(' ').append(Long.toString(place - before, BASE));
      before = place;
    }
    return text.toString();
  }
}
