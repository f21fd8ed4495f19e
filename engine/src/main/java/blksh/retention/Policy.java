package blksh.retention;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Which of dated things stay, in the meaning of restic's {@code forget}. Each rule is looked at for
 * itself, and what any of them keeps stays. To keep 7 daily ones is to keep the last of each of the
 * 7 most recent days that have one: a day without any does not count. What is to stay within an age
 * is counted back from the newest thing, not from now: after a long pause nothing goes by itself.
 *
 * <p>In these it is more careful, and so keeps more. The newest always stays, by its date and by
 * the order in which they were made. What is not whole never makes a whole one go: each rule is
 * looked at once for all and once for the whole ones alone, and what either keeps stays. What is
 * dated in the future stays, as some clock was wrong, and counts as none.
 */
public final class Policy {

  /** As many as there are. */
  public static final int UNLIMITED = -1;

  /** Why something stays that is dated in the future. */
  public static final String AHEAD = "dated in the future";

  private static final String NEWEST = "newest";
  private static final String OF_WHOLE = " of the whole ones";

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
   * Says of each of some things whether it stays, all of them whole and none of the future.
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
    List<T> byTime = new ArrayList<>(all);
    byTime.sort(Comparator.comparing(time));
    return judge(byTime, time, tagsOf, thing -> true, Instant.MAX, zone);
  }

  /**
   * Says of each of some things whether it stays.
   *
   * @param all as above, in the order in which they were made
   * @param whole tells those of which nothing is missing
   * @param latest what is later than this is of the future
   * @param zone whose days and hours are meant
   * @return the oldest first
   * @throws IllegalArgumentException when the policy has no rule
   */
  public <T> List<Verdict<T>> judge(
      List<T> all,
      Function<T, Instant> time,
      Function<T, ? extends Collection<String>> tagsOf,
      Predicate<T> whole,
      Instant latest,
      ZoneId zone) {
    if (isEmpty()) {
      throw new IllegalArgumentException("a policy without a rule");
    }
    List<Judged<T>> made = new ArrayList<>();
    all.forEach(each -> made.add(new Judged<>(each, time.apply(each), whole.test(each))));
    made.stream().filter(it -> it.time.isAfter(latest)).forEach(it -> it.reasons.add(AHEAD));
    List<Judged<T>> newestFirst = new ArrayList<>(made);
    newestFirst.removeIf(it -> it.time.isAfter(latest));
    newestFirst.sort(Comparator.comparing((Judged<T> it) -> it.time));
    Collections.reverse(newestFirst);
    for (Judged<T> each : newestFirst) {
      for (Set<String> some : tags) {
        if (tagsOf.apply(each.thing).containsAll(some)) {
          each.reasons.add("has tags " + String.join(", ", some.stream().sorted().toList()));
        }
      }
    }
    List<Judged<T>> wholeFirst = newestFirst.stream().filter(it -> it.whole).toList();
    applyRules(newestFirst, zone, "");
    if (wholeFirst.size() < newestFirst.size()) {
      applyRules(wholeFirst, zone, OF_WHOLE);
    }
    keepNewest(made, NEWEST);
    keepNewest(newestFirst.stream().limit(1).toList(), NEWEST);
    keepNewest(made.stream().filter(it -> it.whole).toList(), NEWEST + OF_WHOLE);
    keepNewest(wholeFirst.stream().limit(1).toList(), NEWEST + OF_WHOLE);
    made.sort(Comparator.comparing((Judged<T> it) -> it.time));
    return made.stream().map(it -> new Verdict<>(it.thing, List.copyOf(it.reasons))).toList();
  }

  /** One thing, and why it stays. */
  private static final class Judged<T> {
    private final T thing;
    private final Instant time;
    private final boolean whole;
    private final Set<String> reasons = new LinkedHashSet<>();

    Judged(T thing, Instant time, boolean whole) {
      this.thing = thing;
      this.time = time;
      this.whole = whole;
    }
  }

  /**
   * @param ending of the reasons of those that a rule keeps here and did not before
   */
  private <T> void applyRules(List<Judged<T>> newestFirst, ZoneId zone, String ending) {
    if (newestFirst.isEmpty()) {
      return;
    }
    List<Rule> rules = rules(newestFirst.get(0).time, zone);
    for (int i = 0; i < newestFirst.size(); i++) {
      Judged<T> each = newestFirst.get(i);
      for (Rule rule : rules) {
        if (rule.keeps(each.time, i, zone) && !each.reasons.contains(rule.reason)) {
          each.reasons.add(rule.reason + ending);
        }
      }
    }
  }

  private static <T> void keepNewest(List<Judged<T>> made, String reason) {
    if (!made.isEmpty()) {
      Judged<T> last = made.get(made.size() - 1);
      if (last.reasons.isEmpty()) {
        last.reasons.add(reason);
      }
    }
  }

  private List<Rule> rules(Instant newest, ZoneId zone) {
    List<Rule> rules = new ArrayList<>();
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
    return expendable(all, thing -> true);
  }

  /**
   * As above; as many of the whole ones stay, beside as many of all.
   *
   * @param whole tells those of which nothing is missing
   */
  public <T> List<T> expendable(List<T> all, Predicate<T> whole) {
    Integer last = counts.get(Period.LAST);
    if (last == null || counts.size() + within.size() + tags.size() > 1) {
      throw new IllegalStateException("a policy that goes by dates");
    }
    List<T> going = new ArrayList<>();
    int after = all.size();
    int wholeAfter = (int) all.stream().filter(whole).count();
    for (T each : all) {
      boolean isWhole = whole.test(each);
      after--;
      wholeAfter -= isWhole ? 1 : 0;
      if (last != UNLIMITED && after >= last && (!isWhole || wholeAfter >= last)) {
        going.add(each);
      }
    }
    return List.copyOf(going);
  }
}
