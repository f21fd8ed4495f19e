package blksh.retention;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Policies keep what {@code restic forget --dry-run} keeps of snapshots of the same times, made by
 * {@code restic backup --time} in one time zone; written for restic 0.14. Newer ones also keep the
 * oldest while a count is left, which is not ours; the hour that comes twice in autumn is left out.
 * A few times in the usual run, 400 in a long one.
 */
class ResticPolicyTest {

  private static final int TIMES = Effort.of("blksh.restic", 10, 400);
  private static final int POLICIES = Effort.of("blksh.restic.policies", 5, 20);
  private static final String ZONE = "Europe/Berlin";
  private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");
  private static final Pattern SNAPSHOT =
      Pattern.compile("\"time\":\"([0-9-]{10}T[0-9:]{8})[^\"]*\"");

  @TempDir(factory = InMemory.class)
  Path folder;

  /** A policy in both languages. */
  private record Rules(List<String> restic, UnaryOperator<Policy> ours) {
    Rules and(String option, String value, UnaryOperator<Policy> more) {
      List<String> all = new ArrayList<>(restic);
      all.add(option);
      all.add(value);
      return new Rules(all, policy -> more.apply(ours.apply(policy)));
    }
  }

  private static Rules rules(Random random) {
    Rules rules = new Rules(List.of(), policy -> policy);
    Map<Period, String> options = new TreeMap<>();
    for (Period period : Period.values()) {
      options.put(period, "--keep-" + period.word());
    }
    while (rules.restic.isEmpty()) {
      for (Map.Entry<Period, String> option : options.entrySet()) {
        if (random.nextInt(3) == 0) {
          int count = 1 + random.nextInt(option.getKey() == Period.YEARLY ? 3 : 12);
          Period period = option.getKey();
          rules = rules.and(option.getValue(), "" + count, policy -> policy.and(period, count));
        }
      }
      if (random.nextInt(4) == 0) {
        String age = List.of("30h", "5d", "2m3d", "1y2m", "11m30d5h").get(random.nextInt(5));
        rules =
            rules.and(
                "--keep-within", age, policy -> policy.andWithin(Period.LAST, Age.parse(age)));
      }
    }
    return rules;
  }

  /** Around both changes of the clock, the ends of years and weeks, and anywhere else. */
  private static TreeSet<LocalDateTime> times(Random random) {
    List<LocalDateTime> near =
        List.of(
            LocalDateTime.of(2024, 10, 27, 0, 0),
            LocalDateTime.of(2025, 3, 30, 0, 0),
            LocalDateTime.of(2025, 10, 26, 0, 0),
            LocalDateTime.of(2024, 12, 31, 12, 0),
            LocalDateTime.of(2025, 12, 31, 12, 0),
            LocalDateTime.of(2026, 1, 4, 12, 0));
    ZoneId zone = ZoneId.of(ZONE);
    TreeSet<LocalDateTime> times = new TreeSet<>();
    while (times.size() < TIMES) {
      LocalDateTime time =
          random.nextBoolean()
              ? near.get(random.nextInt(near.size())).plusMinutes(random.nextInt(60 * 48))
              : LocalDateTime.of(2024, 1, 1, 0, 0).plusMinutes(random.nextInt(60 * 24 * 800));
      if (zone.getRules().getValidOffsets(time).size() == 1) {
        times.add(time.withSecond(random.nextInt(60)));
      }
    }
    return times;
  }

  @Test
  @Timeout(1800)
  void policiesKeepWhatResticKeeps() throws IOException {
    Tool restic = Tool.named("restic");
    Tool env = Tool.named("env");
    Path repository = folder.resolve("repository");
    Path file = Files.writeString(folder.resolve("file"), "x");
    Object[] common = {
      "TZ=" + ZONE,
      "RESTIC_PASSWORD=x",
      "RESTIC_REPOSITORY=" + repository,
      "RESTIC_CACHE_DIR=" + folder.resolve("cache"),
      Tool.path("restic"),
      "--quiet"
    };
    System.out.println(restic.run("version").strip());
    env.run(with(common, "init"));
    Random random = new Random(400);
    TreeSet<LocalDateTime> times = times(random);
    for (LocalDateTime time : times) {
      env.run(with(common, "backup", "--time", LOCAL.format(time), "--host", "h", file));
    }
    ZoneId zone = ZoneId.of(ZONE);
    for (int i = 0; i < POLICIES; i++) {
      Rules rules = rules(random);
      List<Object> forget = new ArrayList<>(List.of("forget", "--dry-run", "--json"));
      forget.addAll(rules.restic);
      String said = env.run(with(common, forget.toArray()));
      List<String> theirs = kept(said);
      List<String> ours =
          rules
              .ours
              .apply(Policy.keeping())
              .judge(times, time -> instant(time, zone), time -> List.<String>of(), zone)
              .stream()
              .filter(Policy.Verdict::stays)
              .map(verdict -> LOCAL.format(verdict.thing()).replace(' ', 'T'))
              .toList();
      assertThat(ours).as("kept by %s", rules.restic).isEqualTo(theirs);
    }
  }

  private static Instant instant(LocalDateTime time, ZoneId zone) {
    return time.atZone(zone).toInstant();
  }

  private static Object[] with(Object[] common, Object... more) {
    List<Object> all = new ArrayList<>(List.of(common));
    all.addAll(List.of(more));
    return all.toArray();
  }

  /** The local times in the list {@code "keep"}, sorted. */
  private static List<String> kept(String json) {
    int from = json.indexOf("\"keep\":");
    int to = json.indexOf("\"remove\":");
    assertThat(from).as(json).isPositive();
    Matcher matcher = SNAPSHOT.matcher(json.substring(from, to < from ? json.length() : to));
    TreeSet<String> times = new TreeSet<>();
    while (matcher.find()) {
      times.add(matcher.group(1));
    }
    return List.copyOf(times);
  }
}
