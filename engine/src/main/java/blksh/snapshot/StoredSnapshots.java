package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.SourceInfo;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Manifest;
import blksh.store.ManifestKind;
import blksh.store.Store;
import blksh.store.StoredPages;
import blksh.task.Task;
import blksh.tree.TreeScan;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The snapshots in a store: each is a version of a name, {@code NAME@3}. */
public final class StoredSnapshots {

  private final Store store;

  public StoredSnapshots(Store store) {
    this.store = store;
  }

  public CaptureResult take(SnapshotRequest request, Task task) {
    String name = request.name();
    List<Path> targets = new ArrayList<>();
    List<byte[]> starts = new ArrayList<>();
    for (Path target : request.targets()) {
      try {
        Path real = target.toRealPath();
        targets.add(real);
        starts.add(SnapshotSet.pathIn(real));
      } catch (IOException e) {
        throw new BlkshException("take a snapshot of " + target, IoFailure.reason(e), e);
      }
    }
    Path root = Path.of("/");
    TreeScan walk = TreeScan.of(root, starts, without(request.options()));
    Map<String, String> details = new LinkedHashMap<>();
    details.put("targets", String.join("\n", targets.stream().map(Path::toString).toList()));
    SourceInfo source =
        new SourceInfo("file tree", name, targets.get(0).toString(), details);
    Findings findings = new Findings(task);
    EarlierTree earlier = earlier(name, task);
    CaptureOptions options = CaptureOptions.defaults().withDryRun(request.dryRun());
    try (TreeCapture capture = new TreeCapture(walk, earlier, source, findings, task)) {
      return store.capture(capture, name, options, task);
    }
  }

  private WalkOptions without(WalkOptions options) {
    List<FileStatus> own = new ArrayList<>(options.own());
    try (DirectoryHandle directory = DirectoryHandle.open(store.path())) {
      own.add(directory.status());
    } catch (IOException e) {
      // a store that is elsewhere is in no tree
    }
    return options.without(own);
  }

  private EarlierTree earlier(String name, Task task) {
    List<Manifest> all = store.manifests(name);
    for (int i = all.size() - 1; i >= 0; i--) {
      Manifest newest = all.get(i);
      if (newest.kind() == ManifestKind.TREE) {
        try {
          return new EarlierTree(store, newest);
        } catch (BlkshException e) {
          task.note("all files are read: " + e.getMessage());
          return null;
        }
      }
    }
    return null;
  }
}
