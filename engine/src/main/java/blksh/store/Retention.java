package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.retention.Policy;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Decides which versions may go, by the manifests and marks themselves and never by what is derived
 * from them. The images of a name are one series, and its snapshots of file trees another. A
 * version whose manifest cannot be read through, or whose packs are not all there, is neither kept
 * in the place of another nor chosen to go; a pinned one stays, whatever the rules say.
 */
final class Retention {

  private static final String TAGS = "tags";

  /** Why a version stays that somebody pinned. */
  static final String PINNED = "pinned";

  /** How far a clock may be ahead of that of whoever judges. */
  private static final Duration AHEAD = Duration.ofDays(1);

  private final Repository repository;
  private final Set<Long> packs;
  private final Map<Long, BitSet> bad = new HashMap<>();

  Retention(Repository repository) {
    this.repository = repository;
    this.packs = new HashSet<>(repository.packs().sealed());
    try {
      for (StoreIndex.BadPages range : repository.indexes().rows().bad(null)) {
        if (range.first() >= 0 && range.first() < range.past() && range.past() <= Pack.MAX_PAGES) {
          bad.computeIfAbsent(range.pack(), none -> new BitSet()).set(range.first(), range.past());
        }
      }
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      // what was found bad is not known here
    }
  }

  /** What a series has in common. */
  private record Series(String name, ManifestKind kind) {
    static Series of(Manifest manifest) {
      return new Series(manifest.name(), manifest.kind());
    }
  }

  /**
   * A version as it is judged.
   *
   * @param whole whether nothing was missing when it was captured, and nothing is known to be now
   */
  private record Candidate(Manifest manifest, boolean whole) {}

  /**
   * The versions of a name that a policy does not keep, by their numbers alone, oldest first; the
   * images and the snapshots of file trees each by themselves.
   */
  List<Manifest> expendable(String name, Policy policy) {
    Map<ManifestKind, List<Candidate>> kinds = new EnumMap<>(ManifestKind.class);
    for (Version version : repository.manifests().versions(name)) {
      Candidate candidate = read(version, reportedByVerify -> {});
      if (candidate != null) {
        kinds.computeIfAbsent(candidate.manifest.kind(), none -> new ArrayList<>()).add(candidate);
      }
    }
    return kinds.values().stream()
        .flatMap(each -> policy.expendable(each, Candidate::whole).stream())
        .map(Candidate::manifest)
        .filter(each -> !repository.marks().of(Version.of(each)).pinned())
        .sorted(Comparator.comparing(Manifest::version))
        .toList();
  }

  /**
   * What was said of versions.
   *
   * @param numbers of all versions there were of each name that was judged, also of those that were
   *     not; may be changed
   */
  record Judgement(List<Policy.Verdict<Manifest>> verdicts, Map<String, Set<Integer>> numbers) {}

  /**
   * Says of the versions of some names whether they stay.
   *
   * @param names which of them, as in a directory: {@code *} and {@code ?}
   * @param which versions are judged at all; the others are as if they were not there
   */
  Judgement judge(String names, Predicate<Manifest> which, Policy policy, Task task) {
    Predicate<String> wanted = ManifestName.pattern(names);
    Map<Series, List<Candidate>> series = new LinkedHashMap<>();
    Map<String, Set<Integer>> numbers = new LinkedHashMap<>();
    List<Version> all = repository.manifests().versions();
    task.phase("manifests");
    for (Version version : all) {
      task.checkCancelled();
      if (!wanted.test(version.name())) {
        continue;
      }
      numbers.computeIfAbsent(version.name(), none -> new HashSet<>()).add(version.number());
      Candidate candidate =
          read(
              version,
              problem ->
                  task.finding(version.reference() + " stays, and counts as none: " + problem));
      if (candidate != null && which.test(candidate.manifest)) {
        series
            .computeIfAbsent(Series.of(candidate.manifest), none -> new ArrayList<>())
            .add(candidate);
      }
    }
    List<Policy.Verdict<Manifest>> verdicts = new ArrayList<>();
    Map<Version, VersionMarks> marks = repository.marks().all();
    series.values().forEach(each -> verdicts.addAll(judge(each, policy, marks, task)));
    return new Judgement(List.copyOf(verdicts), numbers);
  }

  /**
   * Reads all that a version says of its pages.
   *
   * @param problem told why it cannot be read, or that it lacks what it needs
   * @return null then
   */
  private Candidate read(Version version, Consumer<String> problem) {
    try (ManifestFile file = repository.manifests().open(version)) {
      for (long pack : file.packs()) {
        if (!packs.contains(pack) && !repository.packs().exists(pack)) {
          problem.accept("pack " + PackDirectory.idText(pack) + " is missing");
          return null;
        }
      }
      boolean whole = isWhole(file.manifest());
      ExtentCursor extent = new ExtentCursor(file);
      while (extent.next()) {
        whole = whole && !isBad(file, extent);
      }
      return new Candidate(file.manifest(), whole);
    } catch (IOException e) {
      problem.accept(IoFailure.reason(e));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      problem.accept(e.problem());
    }
    return null;
  }

  /** Whether all could be read when it was captured. */
  private static boolean isWhole(Manifest manifest) {
    ManifestFigures.Tree tree = manifest.tree();
    return manifest.figures().badBytes() == 0
        && (tree == null || tree.unread() == 0 && tree.unsettled() == 0);
  }

  /** Whether a page of an extent was found bad when it was last read. */
  private boolean isBad(ManifestFile file, ExtentCursor extent) {
    if (bad.isEmpty() || extent.kind != Extent.Kind.DATA) {
      return false;
    }
    BitSet pages = bad.get(file.packs()[extent.pack]);
    int found = pages == null ? -1 : pages.nextSetBit(extent.first);
    return found >= 0 && found < extent.first + (extent.end - extent.start);
  }

  private static List<Policy.Verdict<Manifest>> judge(
      List<Candidate> series, Policy policy, Map<Version, VersionMarks> marks, Task task) {
    List<Policy.Verdict<Candidate>> verdicts =
        policy.judge(
            series,
            each -> each.manifest.started(),
            each -> tags(each.manifest, said(each.manifest, marks)),
            Candidate::whole,
            Instant.now().plus(AHEAD),
            ZoneId.systemDefault());
    List<Policy.Verdict<Manifest>> said = new ArrayList<>();
    for (Policy.Verdict<Candidate> verdict : verdicts) {
      Manifest manifest = verdict.thing().manifest;
      if (verdict.reasons().contains(Policy.AHEAD)) {
        task.finding(
            "%s stays, and counts as none: it is dated %s, in the future"
                .formatted(manifest.reference(), manifest.started()));
      }
      said.add(pinned(manifest, verdict.reasons(), said(manifest, marks)));
    }
    return said;
  }

  private static VersionMarks said(Manifest manifest, Map<Version, VersionMarks> marks) {
    return marks.getOrDefault(Version.of(manifest), VersionMarks.NONE);
  }

  private static Policy.Verdict<Manifest> pinned(
      Manifest manifest, List<String> rules, VersionMarks marks) {
    List<String> reasons = new ArrayList<>();
    if (marks.pinned()) {
      reasons.add(marks.problem() == null ? PINNED : "its marks cannot be read");
    }
    reasons.addAll(rules);
    return new Policy.Verdict<>(manifest, reasons);
  }

  /** Those a snapshot was taken with, and those that were given later. */
  static List<String> tags(Manifest manifest, VersionMarks marks) {
    Set<String> tags = new LinkedHashSet<>();
    if (manifest.kind() == ManifestKind.TREE) {
      String taken = manifest.source().details().getOrDefault(TAGS, "");
      tags.addAll(taken.isEmpty() ? List.of() : List.of(taken.split("\n")));
    }
    tags.addAll(marks.tags());
    return List.copyOf(tags);
  }
}
