package blksh.store.diskdump;

import java.time.Instant;
import java.util.List;

/**
 * What is there of a name, where more is brought in order. What is brought becomes the newest; so
 * nothing may be brought once something later is there: the name alone would mean what is old, and
 * what is new would be the first to go.
 *
 * @param there versions of a store, or dumps
 */
record BroughtOrder(List<Earlier> there) {

  /** The place of what is none of those that are brought. */
  static final int OTHER = -1;

  /**
   * Something that is there.
   *
   * @param reference {@code NAME@VERSION}
   * @param date when it was captured or dumped
   * @param place its place among those that are brought, from 0 on, or {@link #OTHER}
   */
  record Earlier(String reference, Instant date, int place) {}

  /** One that is none of those that are brought, and is later than a date; null when none is. */
  String otherAfter(Instant date) {
    return there.stream()
        .filter(each -> each.place() == OTHER && each.date().isAfter(date))
        .map(Earlier::reference)
        .findFirst()
        .orElse(null);
  }

  /** One of those that are brought that follows a place; null when none is there. */
  String laterThan(int place) {
    return there.stream()
        .filter(each -> each.place() > place)
        .map(Earlier::reference)
        .findFirst()
        .orElse(null);
  }
}
