package blksh.prompt.line;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * An incremental search through earlier entries, each of which it finds once: what is typed is
 * looked for from the newest entry back, in any case while it has no capitals.
 */
public final class HistorySearch {

  private final List<String> entries;
  private final Deque<State> before = new ArrayDeque<>();
  private State now;
  private boolean backward;

  /**
   * How far it is.
   *
   * @param place the entry it is at; the number of entries when it is at none yet
   * @param failing whether the term was found no more; the place is where it was found last
   */
  private record State(String term, int place, boolean failing) {}

  /**
   * @param entries the newest last
   * @param backward whether it goes to older ones
   */
  public HistorySearch(List<String> entries, boolean backward) {
    this.entries = entries;
    this.backward = backward;
    this.now = new State("", entries.size(), false);
  }

  /** Looks for more: from the entry it is at, which may have it. */
  public void type(String text) {
    go(now.term() + text, now.place());
  }

  /** Looks for the next older or newer entry. */
  public void next(boolean older) {
    backward = older;
    go(now.term(), now.place() + (older ? -1 : 1));
  }

  /** Takes the last step back. */
  public void back() {
    now = before.isEmpty() ? now : before.pop();
  }

  private void go(String term, int from) {
    before.push(now);
    int place = term.isEmpty() ? now.place() : find(term, from);
    boolean failing = !term.isEmpty() && place < 0;
    now = new State(term, place < 0 ? now.place() : place, failing);
  }

  private int find(String term, int from) {
    int step = backward ? -1 : 1;
    for (int i = Math.min(from, entries.size() - (backward ? 1 : 0));
        i >= 0 && i < entries.size();
        i += step) {
      if (offset(entries.get(i), term) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private static int offset(String entry, String term) {
    boolean anyCase = term.equals(term.toLowerCase(Locale.ROOT));
    return (anyCase ? entry.toLowerCase(Locale.ROOT) : entry).indexOf(term);
  }

  public String term() {
    return now.term();
  }

  public boolean failing() {
    return now.failing();
  }

  public boolean backward() {
    return backward;
  }

  /** The entry it is at, by its place; -1 when it has found none. */
  public int place() {
    return now.place() < entries.size() ? now.place() : -1;
  }

  /** Where in the entry it is at the term is, or the longest beginning of it that was found. */
  public int offset() {
    String entry = entries.get(now.place());
    for (int length = now.term().length(); length > 0; length--) {
      int offset = offset(entry, now.term().substring(0, length));
      if (offset >= 0) {
        return offset;
      }
    }
    return 0;
  }
}
