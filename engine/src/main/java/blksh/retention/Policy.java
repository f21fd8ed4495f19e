package blksh.retention;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * Which of dated things stay, in the meaning of restic's {@code forget}. Each rule is looked at for
 * itself, and what any of them keeps stays. To keep 7 daily ones is to keep the last of each of the
 * 7 most recent days that have one: a day without any does not count. What is to stay within an age
 * is counted back from the newest thing, not from now: after a long pause nothing goes by itself.
 * The newest always stays.
 */
public final class Policy {

  /** As many as there are. */
  public static final int UNLIMITED = -1;

  private final Map<Period, Integer> counts = new EnumMap<>(Period.class);
  private final Map<Period, Age> within = new EnumMap<>(Period.class);
  private final List<Set<String>> tags = new ArrayList<>();

  private Policy() {}

  /**
   * A policy that keeps the newest.
   *
   * @param keepLast how many of them, 1 or more
   */
  public Policy(int keepLast) {
    counts.put(Period.LAST, requireCount(keepLast, Period.LAST));
  }

  /** A policy that keeps nothing yet but the newest thing; to be told more. */
  public static Policy keeping() {
    return new Policy();
  }

  private static int requireCount(int count, Period period) {
    if (count < 1 && count != UNLIMITED) {
      throw new IllegalArgumentException(
          period == Period.LAST
              ? "keep the last " + count
              : "keep %d %s ones".formatted(count, period.word()));
    }
    return count;
  }

  /**
   * This, and the last of each of some periods.
   *
   * @param count how many of them, or {@link #UNLIMITED}
   */
  public Policy and(Period period, int count) {
    Policy more = copy();
    more.counts.put(period, requireCount(count, period));
    return more;
  }

  /** This, and the last of each period within an age; of {@link Period#LAST} all within it. */
  public Policy andWithin(Period period, Age age) {
    Policy more = copy();
    more.within.put(period, Objects.requireNonNull(age));
    return more;
  }

  /** This, and all that has every one of some tags. */
  public Policy andTagged(Collection<String> all) {
    if (all.isEmpty()) {
      throw new IllegalArgumentException("keep what has none of no tags");
    }
    Policy more = copy();
    more.tags.add(Set.copyOf(all));
    return more;
  }

  private Policy copy() {
    Policy copy = new Policy();
    copy.counts.putAll(counts);
    copy.within.putAll(within);
    copy.tags.addAll(tags);
    return copy;
  }

  /** Whether it has no rule: whoever asks for that has forgotten one. */
  public boolean isEmpty() {
    return counts.isEmpty() && within.isEmpty() && tags.isEmpty();
  }

  /**
   * Whether something stays.
   *
   * @param reasons why, a few words each; none when it goes
   */
  public record Verdict<T>(T thing, List<String> reasons) {

    public Verdict {
      reasons = List.copyOf(reasons);
    }

    public boolean stays() {
      return !reasons.isEmpty();
    }
  }

  /**
   * Says of each of some things whether it stays.
   *
   * @param all nothing that could turn out to be of no use, as it would be kept in the place of
   *     another
   * @param zone whose days and hours are meant
   * @return the oldest first
   * @throws IllegalArgumentException when the policy has no rule
   */
  public <T> List<Verdict<T>> judge(
      Collection<T> all,
      Function<T, Instant> time,
      Function<T, ? extends Collection<String>> tagsOf,
      ZoneId zone) {
    if (isEmpty()) {
      throw new IllegalArgumentException("a policy without a rule");
    }
    List<T> newestFirst = new ArrayList<>(all);
    newestFirst.sort(Comparator.comparing(time));
    Collections.reverse(newestFirst);
    List<Rule> rules = rules(newestFirst.isEmpty() ? null : time.apply(newestFirst.get(0)), zone);
    List<Verdict<T>> verdicts = new ArrayList<>();
    for (int i = 0; i < newestFirst.size(); i++) {
      T thing = newestFirst.get(i);
      List<String> reasons = new ArrayList<>();
      for (Set<String> each : tags) {
        if (tagsOf.apply(thing).containsAll(each)) {
          reasons.add("has tags " + String.join(", ", each.stream().sorted().toList()));
        }
      }
      for (Rule rule : rules) {
        if (rule.keeps(time.apply(thing), i, zone)) {
          reasons.add(rule.reason);
        }
      }
      if (i == 0 && reasons.isEmpty()) {
        reasons.add("newest");
      }
      verdicts.add(new Verdict<>(thing, reasons));
    }
    Collections.reverse(verdicts);
    return verdicts;
  }

  private List<Rule> rules(Instant newest, ZoneId zone) {
    List<Rule> rules = new ArrayList<>();
    if (newest == null) {
      return rules;
    }
    counts.forEach((period, count) -> rules.add(new Rule(period, count, null, period.word())));
    within.forEach(
        (period, age) ->
            rules.add(
                new Rule(
                    period,
                    UNLIMITED,
                    age.before(newest, zone),
                    period == Period.LAST ? "within " + age : period.word() + " within " + age)));
    return rules;
  }

  /** One rule, as things pass by it, the newest first. */
  private static final class Rule {
    private final Period period;
    private final Instant after;
    private final String reason;
    private int left;
    private Object last;

    Rule(Period period, int count, Instant after, String reason) {
      this.period = period;
      this.left = count;
      this.after = after;
      this.reason = reason;
    }

    boolean keeps(Instant moment, int number, ZoneId zone) {
      if (left == 0 || after != null && !moment.isAfter(after)) {
        return false;
      }
      Object stretch = period.of(moment.atZone(zone), number);
      if (stretch.equals(last)) {
        return false;
      }
      last = stretch;
      if (left > 0) {
        left--;
      }
      return true;
    }
  }

  /**
   * Those of a list that go, by their order alone.
   *
   * @param all what there is, oldest first; nothing that could turn out to be of no use, as it
   *     would be kept in the place of another
   * @throws IllegalStateException when the policy has other rules than how many of the newest stay
   */
  public <T> List<T> expendable(List<T> all) {
    Integer last = counts.get(Period.LAST);
    if (last == null || counts.size() + within.size() + tags.size() > 1) {
      throw new IllegalStateException("a policy that goes by dates");
    }
    return last == UNLIMITED ? List.of() : all.subList(0, Math.max(0, all.size() - last));
  }
}
