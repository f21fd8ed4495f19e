package blksh.store;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Counts what a store and its versions take, from manifests alone: no page is read. */
final class FigureCount {

  private final Repository repository;
  private final Task task;

  FigureCount(Repository repository, Task task) {
    this.repository = repository;
    this.task = task;
  }

  /** Of the versions whose names a pattern fits, and the whole store. */
  StoreFigures run(String names) {
    Predicate<String> wanted = ManifestName.pattern(names);
    List<Manifest> all = repository.indexes().listing().manifests(null);
    List<Manifest> some = all.stream().filter(each -> wanted.test(each.name())).toList();
    task.phase("pages");
    ShareCount shares = new ShareCount(repository, task);
    List<StoreUse.Version> found = shares.run(some);
    task.phase("changes");
    Map<String, Manifest> before = new HashMap<>();
    List<StoreFigures.Version> versions = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      task.checkCancelled();
      Manifest manifest = some.get(i);
      StoreUse.Version share = found.get(i);
      if (share == null) {
        continue; // deleted meanwhile, and named
      }
      boolean image = manifest.kind() == ManifestKind.IMAGE;
      Manifest last = image ? before.put(manifest.name(), manifest) : null;
      Long changed = last == null ? null : changed(last, manifest);
      versions.add(new StoreFigures.Version(manifest, share.own(), share.shared(), changed));
    }
    long unique = 0;
    long packs = 0;
    for (StoreIndex.PackRow pack : repository.indexes().rows().packs()) {
      unique += pack.rawBytes();
      packs += pack.fileBytes();
    }
    return new StoreFigures(
        all.stream().mapToLong(Manifest::size).sum(),
        all.stream().mapToLong(each -> each.figures().dataBytes()).sum(),
        unique,
        packs,
        shares.step(),
        List.copyOf(versions));
  }

  private long changed(Manifest from, Manifest to) {
    try (ManifestFile a = repository.open(from);
        ManifestFile b = repository.open(to)) {
      return new Diff(repository.packs(), a, b).run().changedBytes();
    }
  }
}
