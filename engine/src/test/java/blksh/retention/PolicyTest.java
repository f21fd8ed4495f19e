package blksh.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PolicyTest {

  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  /**
   * Days with several, the change from summer time, a fortnight without any, a turn of the year.
   */
  private static List<Instant> times() {
    List<Instant> times = new ArrayList<>();
    for (int day = 20; day < 27; day++) {
      for (int hour : new int[] {1, 9, 23}) {
        times.add(at("2025-10-%02dT%02d:30".formatted(day, hour)));
      }
    }
    times.add(Instant.parse("2025-10-26T00:30:00Z")); // 02:30 in summer time
    times.add(Instant.parse("2025-10-26T01:30:00Z")); // 02:30 once more
    for (String each :
        List.of(
            "2025-10-27T00:05",
            "2025-11-12T09:00",
            "2025-11-12T23:55",
            "2025-12-31T23:59",
            "2026-01-01T00:01",
            "2026-01-04T12:00",
            "2026-01-05T12:00")) {
      times.add(at(each));
    }
    times.sort(null);
    return times;
  }

  private static Instant at(String local) {
    return LocalDateTime.parse(local).atZone(BERLIN).toInstant();
  }

  private static List<String> kept(Policy policy) {
    return policy.judge(times(), it -> it, it -> List.<String>of(), BERLIN).stream()
        .filter(Policy.Verdict::stays)
        .map(it -> it.thing().atZone(BERLIN).toLocalDateTime().toString())
        .toList();
  }

  @Test
  void daysWithoutAnyDoNotCount() {
    assertThat(kept(Policy.keeping().and(Period.DAILY, 7)))
        .containsExactly(
            "2025-10-26T23:30",
            "2025-10-27T00:05",
            "2025-11-12T23:55",
            "2025-12-31T23:59",
            "2026-01-01T00:01",
            "2026-01-04T12:00",
            "2026-01-05T12:00");
  }

  @Test
  void weeksAreThoseOfIsoAndMonthsThoseOfTheCalendar() {
    assertThat(kept(Policy.keeping().and(Period.WEEKLY, 3)))
        .containsExactly("2025-11-12T23:55", "2026-01-04T12:00", "2026-01-05T12:00");
    assertThat(kept(Policy.keeping().and(Period.MONTHLY, 2)))
        .containsExactly("2025-12-31T23:59", "2026-01-05T12:00");
    assertThat(kept(Policy.keeping().and(Period.YEARLY, Policy.UNLIMITED)))
        .containsExactly("2025-12-31T23:59", "2026-01-05T12:00");
  }

  @Test
  void anHourThatComesTwiceIsOne() {
    List<String> kept = kept(Policy.keeping().and(Period.HOURLY, Policy.UNLIMITED));
    assertThat(kept).filteredOn(it -> it.startsWith("2025-10-26T02")).hasSize(1);
    assertThat(kept).hasSize(times().size() - 1);
  }

  @Test
  void rulesAddUpAndEachIsTheReason() {
    Policy policy = new Policy(1).and(Period.DAILY, 2).and(Period.YEARLY, 2);
    List<Policy.Verdict<Instant>> verdicts =
        policy.judge(times(), it -> it, it -> List.<String>of(), BERLIN);
    assertThat(verdicts).hasSize(times().size());
    assertThat(verdicts.get(verdicts.size() - 1).reasons())
        .containsExactly("last", "daily", "yearly");
    assertThat(verdicts.get(verdicts.size() - 2).reasons()).containsExactly("daily");
    assertThat(verdicts.get(0).stays()).isFalse();
  }

  @Test
  void anAgeIsCountedFromTheNewest() {
    assertThat(kept(Policy.keeping().andWithin(Period.LAST, Age.parse("5d"))))
        .containsExactly(
            "2025-12-31T23:59", "2026-01-01T00:01", "2026-01-04T12:00", "2026-01-05T12:00");
    assertThat(kept(Policy.keeping().andWithin(Period.MONTHLY, Age.parse("2m"))))
        .containsExactly("2025-11-12T23:55", "2025-12-31T23:59", "2026-01-05T12:00");
  }

  @Test
  void whatHasAllOfSomeTagsStaysAndTheNewestAlways() {
    List<Policy.Verdict<String>> verdicts =
        Policy.keeping()
            .andTagged(List.of("a", "b"))
            .judge(
                List.of("a", "ab", "abc", "c"),
                it -> Instant.ofEpochSecond(it.length() * 10L + it.charAt(0)),
                it -> Arrays.asList(it.split("")),
                BERLIN);
    Set<String> staying =
        verdicts.stream()
            .filter(Policy.Verdict::stays)
            .map(Policy.Verdict::thing)
            .collect(Collectors.toSet());
    assertThat(staying).containsExactlyInAnyOrder("ab", "abc");
    assertThat(
            Policy.keeping()
                .andTagged(List.of("x"))
                .judge(times(), it -> it, it -> List.<String>of(), BERLIN))
        .filteredOn(Policy.Verdict::stays)
        .extracting(Policy.Verdict::reasons)
        .containsExactly(List.of("newest"));
  }

  /** A day's number, and what is wrong with it: {@code !} for not whole. */
  private static List<String> staying(Policy policy, String... made) {
    Instant first = Instant.parse("2026-01-01T12:00:00Z");
    return policy
        .judge(
            List.of(made),
            it -> first.plusSeconds(86_400 * Long.parseLong(it.replace("!", ""))),
            it -> List.<String>of(),
            it -> !it.endsWith("!"),
            first.plusSeconds(86_400 * 100),
            BERLIN)
        .stream()
        .filter(Policy.Verdict::stays)
        .map(Policy.Verdict::thing)
        .toList();
  }

  @Test
  void whatIsNotWholeNeverMakesAWholeOneGo() {
    String[] dying = {"1", "2", "3", "4!", "5!", "6!", "7!"};
    assertThat(staying(new Policy(2), dying)).containsExactly("2", "3", "6!", "7!");
    assertThat(staying(Policy.keeping().and(Period.DAILY, 2), dying))
        .containsExactly("2", "3", "6!", "7!");
    assertThat(staying(Policy.keeping().andWithin(Period.LAST, Age.parse("2d")), dying))
        .containsExactly("2", "3", "6!", "7!");
    assertThat(staying(Policy.keeping().andTagged(List.of("x")), dying)).containsExactly("3", "7!");
    assertThat(staying(new Policy(1), "1!", "2!")).containsExactly("2!");
    assertThat(staying(new Policy(1), "1!", "2")).containsExactly("2");
    List<String> all = List.of(dying);
    assertThat(new Policy(2).expendable(all, it -> !it.endsWith("!")))
        .containsExactly("1", "4!", "5!");
  }

  @Test
  void aClockThatWasWrongOnceMakesNothingGo() {
    // 500 is of the future; 0 was made last, by a clock that had lost its time.
    assertThat(staying(Policy.keeping().andWithin(Period.LAST, Age.parse("2d")), "6", "500", "7"))
        .containsExactly("6", "7", "500");
    assertThat(staying(new Policy(1), "6", "500", "7")).containsExactly("7", "500");
    assertThat(staying(new Policy(1), "6", "7", "0")).containsExactly("0", "7");
    assertThat(staying(new Policy(1), "6", "7", "0!")).containsExactly("0!", "7");
    assertThat(staying(new Policy(1), "6", "7", "0", "1!")).containsExactly("0", "1!", "7");
  }

  @Test
  void aMonthBeforeTheLastOfMarchIsInMarch() {
    Instant last = at("2026-03-31T10:00");
    assertThat(new Age(0, 1, 0, 0).before(last, BERLIN)).isEqualTo(at("2026-03-03T10:00"));
    assertThat(new Age(0, 1, 3, 1).before(last, BERLIN)).isEqualTo(at("2026-02-28T09:00"));
    assertThat(new Age(2, 0, 0, 0).before(at("2026-02-28T10:00"), BERLIN))
        .isEqualTo(at("2024-02-28T10:00"));
    assertThat(new Age(1, 0, 0, 0).before(at("2024-02-29T10:00"), BERLIN))
        .isEqualTo(at("2023-03-01T10:00"));
  }

  @Test
  void agesAreThoseOfRestic() {
    assertThat(Age.parse("2y5m7d3h")).isEqualTo(new Age(2, 5, 7, 3)).hasToString("2y5m7d3h");
    for (String none : List.of("", "7", "d", "7d2y", "0d", "-1d", "1w")) {
      assertThatThrownBy(() -> Age.parse(none)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void theLastStayAndTheOldestGoFirst() {
    List<String> all = List.of("a", "b", "c");
    assertThat(new Policy(1).expendable(all)).containsExactly("a", "b");
    assertThat(new Policy(2).expendable(all)).containsExactly("a");
    assertThat(new Policy(3).expendable(all)).isEmpty();
    assertThat(new Policy(4).expendable(all)).isEmpty();
    assertThat(new Policy(1).expendable(List.of())).isEmpty();
    assertThatThrownBy(() -> new Policy(1).and(Period.DAILY, 1).expendable(all))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void noneWouldBeNoPolicy() {
    assertThatThrownBy(() -> new Policy(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Policy.keeping().and(Period.DAILY, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> Policy.keeping().judge(times(), it -> it, it -> List.<String>of(), BERLIN))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
