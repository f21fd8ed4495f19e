package blksh.catalogue;

import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How a written disc is, going by all that was found of it.
 *
 * @param verifies each since it was written that came to its end, the first first
 * @param lost contents it has no more as it had them
 * @param lostAlone contents of these that no other written disc has
 * @param onlyHere bytes of what it has as it should, and no other written disc; 0 for a disc that
 *     is good
 */
public record DiscHealth(
    Disc disc, State state, List<PastVerify> verifies, long lost, long lostAlone, long onlyHere) {

  /** What discs are, worst first. */
  public enum State {
    /** Something on it is not as it must be, or was said to be lost. */
    DAMAGED,
    /** All of it was read in the end, and not at once. */
    WEARING,
    /** Nobody has looked since it was written. */
    UNVERIFIED,
    /** It was as it must be when it was verified last. */
    GOOD
  }

  public DiscHealth {
    verifies = List.copyOf(verifies);
  }

  /** The last verify; null when there was none. */
  public PastVerify last() {
    return verifies.isEmpty() ? null : verifies.get(verifies.size() - 1);
  }

  /** Since when nobody has looked: the last verify, or when it was written. */
  public Instant seen() {
    return verifies.isEmpty() ? disc.written() : last().began();
  }

  /** Whether it should be copied: what it has may be read today, and not tomorrow. */
  public boolean isToBeCopied() {
    return state == State.DAMAGED || state == State.WEARING;
  }

  /** By how many sectors it is worse than the time before; below 0 when it is better. */
  public long growth() {
    return verifies.size() < 2 ? 0 : last().worn() - verifies.get(verifies.size() - 2).worn();
  }

  /**
   * All written discs: the worst first, among these what wears fastest, what was seen longest ago.
   */
  static List<DiscHealth> all(CatalogueFile file) {
    List<DiscHealth> all = new ArrayList<>();
    for (Disc each : DiscSetTable.discs(file, 0)) {
      if (!each.imported() && each.written() != null) {
        all.add(of(file, each));
      }
    }
    all.sort(
        Comparator.comparing(DiscHealth::state)
            .thenComparing(Comparator.comparingLong(DiscHealth::growth).reversed())
            .thenComparing(Comparator.comparingLong(DiscHealth::onlyHere).reversed())
            .thenComparing(DiscHealth::seen)
            .thenComparing(each -> each.disc().id()));
    return all;
  }

  private static DiscHealth of(CatalogueFile file, Disc disc) {
    List<PastVerify> verifies =
        VerifyTable.of(file, disc.id()).stream()
            .filter(each -> !each.began().isBefore(disc.written()))
            .toList();
    PastVerify last = verifies.isEmpty() ? null : verifies.get(verifies.size() - 1);
    return file.call(
        "look how a disc is",
        () -> {
          long lost =
              file.number(0, "SELECT count(*) FROM lost WHERE disc = ? AND content > 0", disc.id());
          boolean isHit =
              file.number(-1, "SELECT content FROM lost WHERE disc = ? LIMIT 1", disc.id()) >= 0;
          State state;
          if (isHit || last != null && (last.faults() > 0 || last.unreadable() > 0)) {
            state = State.DAMAGED;
          } else if (last == null) {
            state = State.UNVERIFIED;
          } else {
            state = last.corrected() > 0 ? State.WEARING : State.GOOD;
          }
          if (state == State.UNVERIFIED || state == State.GOOD) {
            return new DiscHealth(disc, state, verifies, lost, 0, 0);
          }
          try (ResultSet alone = file.prepared(ALONE, disc.id()).executeQuery()) {
            alone.next();
            return new DiscHealth(disc, state, verifies, lost, alone.getLong(1), alone.getLong(2));
          }
        });
  }

  /**
   * What no other written disc has, whole and as it should be: what is lost here, and bytes left.
   */
  private static final String ALONE =
      """
      SELECT count(DISTINCT CASE WHEN x.gone THEN x.content END),
        total(CASE WHEN NOT x.gone THEN x.length END)
      FROM (
        SELECT p.content, p.length, p.missing OR %s AS gone FROM part p WHERE p.disc = ?
          AND NOT EXISTS (
            SELECT 1 FROM part o JOIN disc d ON d.id = o.disc
            WHERE o.content = p.content AND o.disc <> p.disc AND o.missing = 0
              AND o.start <= p.start AND o.start + o.length >= p.start + p.length
              AND d.written IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM lost m WHERE m.disc = o.disc AND m.content = o.content))
      ) x"""
          .formatted(LostContents.OF_PART);
}
