package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.SourceInfo;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;

/**
 * The capture of a source whose changes were recorded. What has not changed since the newest
 * version of the name is taken from it, unless anything speaks against that; why all is read is
 * told.
 */
final class ChangedCapture {

  private final Repository repository;
  private final BlockSource source;
  private final Changes changes;
  private final String name;
  private final CaptureOptions options;
  private final Task task;

  private ChangedCapture(
      Repository repository,
      BlockSource source,
      Changes changes,
      String name,
      CaptureOptions options,
      Task task) {
    this.repository = repository;
    this.source = source;
    this.changes = changes;
    this.name = name;
    this.options = options;
    this.task = task;
  }

  /** Captures a source, whose changes may have been recorded or not. */
  static CaptureResult run(
      Repository repository, BlockSource source, String name, CaptureOptions options, Task task) {
    Optional<Changes> changes = source.recordedChanges();
    return changes.isPresent()
        ? new ChangedCapture(repository, source, changes.get(), name, options, task).run()
        : new Capture(
                repository, CaptureInput.of(source, repository.pageSize()), name, options, task)
            .run();
  }

  /** How often what has changed is read once more, as the connection was cut. */
  private static final int MOST_ANEW = 3;

  private CaptureResult run() {
    for (int left = MOST_ANEW; left > 0; left--) {
      try {
        return run(true);
      } catch (ChangedInput.Interrupted e) {
        task.note("the connection was cut: what has changed is read once more");
        task.expect(task.total() + source.size());
      }
    }
    return run(false);
  }

  private CaptureResult run(boolean mayBeginAnew) {
    changes.begin();
    try (StoredPages before = before()) {
      if (before != null) {
        CleanSample sample = new CleanSample(source, changes, before, changes.provesLittle());
        if (isAsBefore(sample)) {
          return capture(before, sample.bytes(), mayBeginAnew);
        }
      }
    } catch (StoredPages.LostPages e) {
      readAll(e.problem());
    } catch (ChangedInput.Disbelieved e) {
      readAll(e.problem());
      changes.begin();
    } catch (IOException e) {
      readAll("the version before cannot be read: " + e.getMessage());
    }
    return capture(null, 0, false);
  }

  private CaptureResult capture(StoredPages before, long checked, boolean mayBeginAnew) {
    ChangedInput input =
        new ChangedInput(source, repository.pageSize(), changes, before, checked, mayBeginAnew);
    return new Capture(repository, input, name, options, task).run();
  }

  private void readAll(String why) {
    task.note("all of it is read: " + why);
  }

  /** The newest version, if what was not changed since may be taken from it; else null. */
  private StoredPages before() {
    OptionalInt newest = repository.manifests().newest(name);
    if (newest.isEmpty()) {
      readAll("there is no version of " + name + " yet");
      return null;
    }
    try {
      Manifest manifest = repository.manifests().find(name + "@" + newest.getAsInt());
      Map<String, String> then = manifest.source().details();
      Optional<String> doubt =
          manifest.kind() != ManifestKind.IMAGE
              ? Optional.of("the version before is none of a disk")
              : then.containsKey(SourceInfo.FREE_SKIPPED)
                      && !then.containsKey(SourceInfo.FREE_PAGES)
                  ? Optional.of(
                      "an older blksh captured the version before, with zeros for what was free in"
                          + " a part of a page")
                  : changes.doubt(then, manifest.size());
      if (doubt.isPresent()) {
        readAll(doubt.get());
        return null;
      }
      return repository.opened(manifest, StoredPages::new);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      readAll("the version before cannot be read: " + e.problem());
      return null;
    }
  }

  private boolean isAsBefore(CleanSample sample) throws IOException {
    OptionalLong differs = sample.find(new Random());
    if (differs.isEmpty()) {
      return true;
    }
    readAll(
        "byte %d is not as the version before has it, though %s tells of no change there"
            .formatted(differs.getAsLong(), changes.recorder()));
    return false;
  }
}
