package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import blksh.store.Manifest;
import blksh.store.ManifestKind;
import blksh.store.Store;
import blksh.task.Task;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.PatternSyntaxException;

/**
 * Writes versions of a store as dumps that diskdump restores, with their dates, in the order of
 * each name. A dump says which version it is: what is there is not written again. What diskdump has
 * no words for, snapshots and bytes that could not be read, is left out and named. No version
 * becomes the newest dump of a name that has a later one.
 */
public final class DumpExport {

  private final Store from;
  private final Path directory;
  private final Task task;
  private final List<RecordedDump> exported = new ArrayList<>();
  private final List<String> planned = new ArrayList<>();
  private final List<String> known = new ArrayList<>();
  private final List<String> left = new ArrayList<>();

  private DumpExport(Store from, Path directory, Task task) {
    this.from = from;
    this.directory = directory;
    this.task = task;
  }

  /**
   * Exports the versions of some names.
   *
   * @param names with {@code *} and the like, as a shell has them
   * @param to the directory of a diskdump store, which is made where none is
   * @throws BlkshException before anything is written: when no name fits, or a name has a dump
   *     there that is none of its versions and is later than one that would follow it; when the
   *     directory cannot be written
   */
  public static ExportReport run(
      Store from, List<String> names, Path to, boolean dryRun, Task task) {
    return new DumpExport(from, to, task).run(names, dryRun);
  }

  private ExportReport run(List<String> names, boolean dryRun) {
    long started = System.nanoTime();
    List<Manifest> wanted = wanted(fitting(names));
    wanted.forEach(manifest -> DumpName.check(manifest.name()));
    List<Dump> there =
        Diskdump.isDiskdump(directory) ? Diskdump.open(directory).dumps() : List.of();
    List<Manifest> missing = missing(wanted, there);
    task.expect(missing.stream().mapToLong(Manifest::size).sum());
    if (dryRun) {
      missing.forEach(manifest -> planned.add(manifest.reference()));
    } else if (!missing.isEmpty()) {
      Diskdump to = Diskdump.openOrCreate(directory, DumpRequest.USUAL_BLOCK);
      for (Manifest manifest : missing) {
        task.checkCancelled();
        write(manifest, to);
      }
    }
    return new ExportReport(
        List.copyOf(exported),
        List.copyOf(planned),
        List.copyOf(known),
        List.copyOf(left),
        Duration.ofNanos(System.nanoTime() - started));
  }

  private List<Manifest> fitting(List<String> names) {
    List<PathMatcher> matchers = new ArrayList<>();
    for (String name : names) {
      try {
        matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + name));
      } catch (PatternSyntaxException e) {
        throw new BlkshException("export " + name, "it is no pattern: " + e.getDescription(), e);
      }
    }
    List<Manifest> fitting =
        from.manifests().stream()
            .filter(it -> matchers.stream().anyMatch(m -> m.matches(Path.of(it.name()))))
            .toList();
    if (fitting.isEmpty()) {
      throw new BlkshException(
              "export " + String.join(" ", names), "store " + from.path() + " has no such name")
          .suggest("list the store to see what it has");
    }
    return fitting;
  }

  /** Those a dump can hold. */
  private List<Manifest> wanted(List<Manifest> fitting) {
    List<Manifest> wanted = new ArrayList<>();
    for (Manifest manifest : fitting) {
      String problem = null;
      if (manifest.kind() != ManifestKind.IMAGE) {
        problem = "it is a snapshot of a file tree, which a dump has no way to say";
      } else if (manifest.figures().badBytes() > 0) {
        problem =
            "%d bytes of it could not be read, which a dump has no way to say"
                .formatted(manifest.figures().badBytes());
      }
      if (problem == null) {
        wanted.add(manifest);
      } else {
        leave(manifest, problem);
      }
    }
    return wanted;
  }

  private void leave(Manifest manifest, String problem) {
    left.add(manifest.reference());
    task.finding("%s is not exported: %s".formatted(manifest.reference(), problem));
  }

  private List<Manifest> missing(List<Manifest> wanted, List<Dump> there) {
    Map<String, List<Manifest>> names = new LinkedHashMap<>();
    for (Manifest manifest : wanted) {
      names.computeIfAbsent(manifest.name(), none -> new ArrayList<>()).add(manifest);
    }
    List<Manifest> missing = new ArrayList<>();
    for (List<Manifest> versions : names.values()) {
      BroughtOrder order = order(versions, there);
      for (int i = 0; i < versions.size(); i++) {
        Manifest manifest = versions.get(i);
        String later = order.laterThan(i);
        if (isThere(manifest, there)) {
          known.add(manifest.reference());
        } else if (later != null) {
          leave(manifest, later + " is a later one there, and would no longer be the newest");
        } else {
          mustBeNewest(manifest, order);
          missing.add(manifest);
        }
      }
    }
    return missing;
  }

  /** The dumps there are of the name of some versions. */
  private static BroughtOrder order(List<Manifest> versions, List<Dump> there) {
    List<BroughtOrder.Earlier> all = new ArrayList<>();
    for (Dump dump : there) {
      if (!dump.name().equals(versions.get(0).name())) {
        continue;
      }
      int place = BroughtOrder.OTHER;
      for (int i = 0; i < versions.size(); i++) {
        place = is(versions.get(i), dump) ? i : place;
      }
      all.add(new BroughtOrder.Earlier(dump.reference(), dump.date(), place));
    }
    return new BroughtOrder(all);
  }

  private void mustBeNewest(Manifest manifest, BroughtOrder order) {
    String later = order.otherAfter(manifest.started());
    if (later != null) {
      throw new BlkshException(
              "export to " + directory,
              "%s there is later than %s, which would become the newest of %s"
                  .formatted(later, manifest.reference(), manifest.name()))
          .suggest("export to a new directory");
    }
  }

  private static boolean isThere(Manifest manifest, List<Dump> there) {
    return there.stream().anyMatch(dump -> is(manifest, dump));
  }

  private static boolean is(Manifest manifest, Dump dump) {
    return dump.origin().equals(DumpImport.origin(manifest))
        || DumpImport.isOf(manifest, dump) && DumpName.inStore(dump.name()).equals(manifest.name());
  }

  /** Whether nobody has exported it meanwhile. */
  private boolean isMissing(Manifest manifest, List<Dump> there) {
    if (isThere(manifest, there)) {
      known.add(manifest.reference());
      return false;
    }
    mustBeNewest(manifest, order(from.manifests(manifest.name()), there));
    return true;
  }

  private void write(Manifest manifest, Diskdump to) {
    String source = manifest.source().details().get("source");
    boolean dumped = manifest.source().type().equals("diskdump") && source != null;
    String date = dumped ? manifest.source().details().get("date") : null;
    boolean dated = date != null && DumpDate.parse(date).isPresent();
    DumpRequest request =
        DumpRequest.of(manifest.name(), oneLine(dumped ? source : manifest.source().location()))
            .withBlockSize(to.blockSize())
            .withDate(dated ? date : DumpDate.text(manifest.started()))
            .withOrigin(DumpImport.origin(manifest));
    task.phase(manifest.reference());
    BlockSource opened = open(manifest);
    if (opened == null) {
      leave(manifest, "it was deleted meanwhile");
      return;
    }
    try (BlockSource image = opened) {
      to.record(image, request, () -> isMissing(manifest, to.dumps()), task)
          .ifPresent(exported::add);
    } catch (BlkshException e) {
      if (!(e.getCause() instanceof UnreadableException)) {
        throw e;
      }
      left.add(manifest.reference());
      task.finding("%s is not exported: %s".formatted(manifest.reference(), e.problem()));
    }
  }

  /** A version, which stays whole for as long as it is open; null when it is gone. */
  private BlockSource open(Manifest manifest) {
    try {
      return from.source(manifest);
    } catch (BlkshException e) {
      if (from.versions(manifest.name()).contains(manifest.version())) {
        throw e;
      }
      return null;
    }
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
