package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.SourceInfo;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Manifest;
import blksh.store.ManifestKind;
import blksh.store.Store;
import blksh.store.StoredPages;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.tree.TreeScan;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One snapshot on its way into a store. */
final class StoredTaking {

  private static final Path ROOT = Path.of("/");

  private final Store store;
  private final SnapshotRequest request;
  private final String name;
  private final Task task;
  private final TakeTargets targets;

  StoredTaking(Store store, SnapshotRequest request, Task task) {
    this.store = store;
    this.request = request;
    this.task = task;
    this.name = request.name() == null ? usualName() : request.name();
    Store.checkName(name);
    if (request.followTargets()) {
      throw new BlkshException(
              "take " + name, "what links lead to is taken by the linked form only")
          .suggest("name what they lead to among the targets");
    }
    this.targets = TakeTargets.of(request.targets(), store.path());
  }

  /** A series of snapshots has one name: that of the machine, when it is not said. */
  private static String usualName() {
    String host = host();
    return (host.isEmpty() ? "this" : host) + ".files";
  }

  private static String host() {
    return NodeName.ofThisMachine();
  }

  TakenSnapshot run() {
    Manifest newest = newest();
    try {
      return take(newest);
    } catch (StoredPages.LostPages e) {
      task.note("all files are read: " + e.getMessage());
      return take(null);
    }
  }

  private TakenSnapshot take(Manifest before) {
    SourceInfo source = StoredSource.of(name, host(), targets.texts(), request.tags());
    Findings findings = new Findings(task);
    CaptureOptions options = CaptureOptions.defaults().withDryRun(request.dryRun());
    TreeScan scan = TreeScan.of(ROOT, targets.starts(), withoutStore(request.options()));
    EarlierTree earlier = earlier(before);
    try (TreeCapture capture =
        new TreeCapture(scan, earlier, store.pageSize(), source, findings, task)) {
      CaptureResult result = store.capture(capture, name, options, task);
      return new TakenSnapshot(
          StoredSource.snapshot(result.manifest()),
          capture.keptFiles(),
          capture.readFiles(),
          result.manifest().figures().storedBytes(),
          findings.leftOut(),
          findings.named().stream().map(each -> each.path() + ": " + each.problem()).toList(),
          findings.unread() + findings.unsettled());
    }
  }

  /** The store is not taken into itself. */
  private WalkOptions withoutStore(WalkOptions options) {
    List<FileStatus> own = new ArrayList<>(options.own());
    try (DirectoryHandle directory = DirectoryHandle.open(store.path())) {
      own.add(directory.status());
    } catch (IOException e) {
      // what is not there is in no tree
    }
    return options.without(own);
  }

  private Manifest newest() {
    Manifest newest = null;
    for (Manifest each : store.manifests(name)) {
      newest = each.kind() == ManifestKind.TREE ? each : newest;
    }
    return newest;
  }

  private EarlierTree earlier(Manifest before) {
    try {
      return before == null ? null : new EarlierTree(store, before);
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      task.note("all files are read: " + e.getMessage());
      return null;
    }
  }
}
