package blksh.store;

import blksh.BlkshException;
import blksh.store.CopyResult.Outcome;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Copies versions from one store to another, one after the other, oldest first: of each the pages
 * the other does not have, compressed as that compresses; all of it where pages have another size
 * there. A version appears there when all of it is durable and the root digest of the original is
 * proven; what was stored of one that was interrupted is found again by the next copy, as that of a
 * capture is. So a copy may be ended at any time and made again, and goes on with what is left.
 *
 * <p>A version of which something is lost in the store it comes from is not copied, neither its
 * damage nor something else in its place; the others are.
 */
final class StoreCopy {

  private final Repository from;
  private final Repository to;
  private final CopyPlace place;
  private final boolean dryRun;
  private final Task task;
  private final List<CopyResult.Version> versions = new ArrayList<>();
  private long movedBytes;
  private long storedBytes;

  StoreCopy(Repository from, Repository to, boolean dryRun, Task task) {
    this.from = from;
    this.to = to;
    this.place = new CopyPlace(to);
    this.dryRun = dryRun;
    this.task = task;
  }

  /** Copies the versions whose names a pattern fits. */
  CopyResult run(String names) throws IOException {
    long started = System.nanoTime();
    Predicate<String> wanted = ManifestName.pattern(names);
    task.phase("manifests");
    List<Version> planned = new ArrayList<>();
    long bytes = 0;
    for (Version version : from.manifests().versions()) {
      task.checkCancelled();
      if (wanted.test(version.name())) {
        planned.add(version);
        Manifest manifest = new CopyPlace(from).read(version);
        bytes += manifest == null ? 0 : manifest.size();
      }
    }
    task.expect(bytes);
    task.phase("copying");
    String name = null;
    List<Manifest> there = new ArrayList<>();
    for (Version version : planned) {
      task.checkCancelled();
      if (!version.name().equals(name)) {
        name = version.name();
        there.clear();
        place.versions(name).stream().map(place::read).forEach(there::add);
      }
      copy(version, there);
    }
    return new CopyResult(
        List.copyOf(versions),
        movedBytes,
        storedBytes,
        Duration.ofNanos(System.nanoTime() - started),
        dryRun);
  }

  /**
   * @param there the versions of its name in the other store, null for what cannot be read
   */
  private void copy(Version version, List<Manifest> there) throws IOException {
    Manifest manifest;
    try {
      manifest = from.manifests().find(version.reference());
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      leaveIfThere(version, e);
      return;
    }
    for (Manifest each : there) {
      if (each != null && CopyPlace.isSame(each, manifest)) {
        task.resume(manifest.size());
        if (!dryRun) {
          new Publication(to).markCopied(Version.of(each), from.marks().of(version));
        }
        note(manifest, Outcome.THERE, each.reference(), 0);
        return;
      }
    }
    try {
      place.mustHavePlace(manifest);
    } catch (CopyPlace.None e) {
      leave(version, e);
      return;
    }
    CopiedInput input;
    try {
      VersionMarks marks = marks(version);
      input = from.opened(manifest, (used, file) -> input(used, file, marks));
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      leaveIfThere(version, e);
      return;
    }
    long before = task.done();
    try (input) {
      CaptureOptions options = CaptureOptions.defaults().withDryRun(dryRun);
      CaptureResult result = new Capture(to, input, manifest.name(), options, task).run();
      ManifestFigures figures = result.manifest().figures();
      movedBytes += figures.newBytes();
      storedBytes += figures.storedBytes();
      there.add(result.manifest());
      note(
          manifest,
          Outcome.COPIED,
          dryRun ? null : result.manifest().reference(),
          figures.newBytes());
    } catch (CopyInput.LostInSource | CopyPlace.None e) {
      task.advance(Math.max(0, before + manifest.size() - task.done()));
      leave(version, e);
    }
  }

  private CopiedInput input(Repository used, ManifestFile file, VersionMarks marks) {
    return file.pageSize() == to.pageSize()
        ? new CopyInput(used, file, marks)
        : new RecutInput(used, file, marks, to.pageSize());
  }

  private VersionMarks marks(Version version) {
    VersionMarks marks = from.marks().of(version);
    if (marks.problem() == null) {
      return marks;
    }
    task.finding(
        "the copy of %s is pinned: what was said of it cannot be read: %s"
            .formatted(version.reference(), marks.problem()));
    return VersionMarks.NONE.withPinned(true);
  }

  private void note(Manifest manifest, Outcome outcome, String as, long newBytes) {
    versions.add(
        new CopyResult.Version(manifest.reference(), outcome, as, manifest.size(), newBytes, null));
  }

  private void leaveIfThere(Version version, BlkshException e) throws IOException {
    if (from.manifests().exists(version)) {
      leave(version, e);
    } else {
      task.note(version.reference() + " was deleted meanwhile");
    }
  }

  private void leave(Version version, BlkshException e) {
    String problem =
        e.position().isPresent()
            ? "%s, at byte %d".formatted(e.problem(), e.position().getAsLong())
            : e.problem();
    versions.add(new CopyResult.Version(version.reference(), Outcome.LEFT, null, 0, 0, problem));
    task.finding(version.reference() + " is not copied: " + problem);
  }
}
