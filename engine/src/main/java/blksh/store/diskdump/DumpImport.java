package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Damage;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Brings the dumps of a diskdump store into a store, each as a version with its date, in the order
 * of each name. A version remembers which dump it was: what is there is not brought again, so an
 * import that was interrupted goes on where it was, and two at once bring everything once. What a
 * dump lacks is bad in its version. No dump becomes the newest version of a name that has a later
 * one.
 */
public final class DumpImport {

  /** The type of a source, as versions remember it. */
  private static final String TYPE = "diskdump";

  private final Diskdump from;
  private final Store into;
  private final Task task;
  private final List<Manifest> imported = new ArrayList<>();
  private final List<Dump> planned = new ArrayList<>();
  private final List<Dump> known = new ArrayList<>();

  /** Versions that are damaged, by the dumps they were. */
  private final Map<Dump, Manifest> healing = new LinkedHashMap<>();

  /** Versions that have lost something, by reference. */
  private Set<String> damaged = Set.of();

  private long readBytes;

  /** Those that dumps may have been exported from. */
  private Set<String> origins;

  private DumpImport(Diskdump from, Store into, Task task) {
    this.from = from;
    this.into = into;
    this.task = task;
  }

  /**
   * Imports every dump that is not there yet. One that cannot be reached is named, and those of its
   * name that follow it are left for the next time.
   *
   * @throws BlkshException before anything is read: when two names would become one, or when a name
   *     has a version in the store that is no dump and is later than one that would follow it; when
   *     the store cannot be written
   */
  public static ImportReport run(Diskdump from, Store into, boolean dryRun, Task task) {
    return new DumpImport(from, into, task).run(dryRun);
  }

  /** The dumps of one name, in order, and those that are to be brought. */
  private final class Name {
    final String name;
    final List<Dump> dumps;
    final List<Dump> wanted = new ArrayList<>();

    Name(String name, List<Dump> dumps) {
      this.name = name;
      this.dumps = dumps;
    }

    /** The version that a dump is; null when there is none. */
    Manifest versionOf(Dump dump, List<Manifest> versions) {
      for (Manifest each : versions) {
        if (is(each, dump)) {
          return each;
        }
      }
      return null;
    }

    BroughtOrder order(List<Manifest> versions) {
      List<BroughtOrder.Earlier> there = new ArrayList<>();
      for (Manifest version : versions) {
        int place = BroughtOrder.OTHER;
        for (int i = 0; i < dumps.size(); i++) {
          place = is(version, dumps.get(i)) ? i : place;
        }
        there.add(new BroughtOrder.Earlier(version.reference(), version.started(), place));
      }
      return new BroughtOrder(there);
    }

    /** Decides which are brought. */
    void plan() {
      List<Manifest> versions = into.manifests(name);
      BroughtOrder order = order(versions);
      for (int i = 0; i < dumps.size(); i++) {
        Dump dump = dumps.get(i);
        Manifest version = versionOf(dump, versions);
        if (version != null) {
          known.add(dump);
          if (damaged.contains(version.reference())) {
            healing.put(dump, version);
          }
          tellLoss(dump, version, version == versions.get(versions.size() - 1));
        } else if (origins.contains(dump.origin())) {
          known.add(dump);
        } else {
          mustBeNewest(dump, order);
          String later = order.laterThan(i);
          if (later == null) {
            wanted.add(dump);
          } else {
            task.finding(
                ("%s is not imported: %s is a later dump, and would no longer be the newest;"
                        + " delete the versions from that on, and import again")
                    .formatted(dump.reference(), later));
          }
        }
      }
    }

    private void mustBeNewest(Dump dump, BroughtOrder order) {
      String later = order.otherAfter(dump.date());
      if (later != null) {
        throw new BlkshException(
                "import " + from.base(),
                "%s in the store is later than %s, which would become the newest of %s"
                    .formatted(later, dump.reference(), name))
            .suggest(
                "import into an empty store, or rename the directory of the dumps, when no"
                    + " diskdump runs");
      }
    }

    /** Brings them, up to the first that cannot be reached: those that follow it come after it. */
    void bring() {
      for (Dump dump : wanted) {
        task.checkCancelled();
        try {
          bring(dump);
        } catch (DumpSource.OutOfReach e) {
          int left = wanted.size() - wanted.indexOf(dump) - 1;
          task.finding(
              "%s is not imported, nor are %d dumps that follow it: %s"
                  .formatted(dump.reference(), left, e.getMessage()));
          return;
        }
      }
    }

    private void bring(Dump dump) {
      while (true) {
        int newest = into.versions(name).stream().mapToInt(Integer::intValue).max().orElse(0);
        List<Manifest> versions = into.manifests(name);
        if (versionOf(dump, versions) != null) {
          known.add(dump); // somebody else has just brought it
          return;
        }
        mustBeNewest(dump, order(versions));
        try {
          capture(dump, name, newest);
          return;
        } catch (CaptureOptions.Overtaken e) {
          // somebody else was faster; what is stored already is found again
        }
      }
    }
  }

  private ImportReport run(boolean dryRun) {
    long started = System.nanoTime();
    List<Dump> dumps = from.dumps();
    checkNames(dumps);
    for (Damage damage : from.unreadable()) {
      task.finding(damage.file() + " cannot be imported: " + damage.problem());
    }
    origins = into.manifests().stream().map(DumpImport::origin).collect(Collectors.toSet());
    Map<String, List<Dump>> names = new LinkedHashMap<>();
    for (Dump dump : dumps) {
      names.computeIfAbsent(DumpName.inStore(dump.name()), none -> new ArrayList<>()).add(dump);
    }
    List<Name> all = new ArrayList<>();
    names.forEach((name, its) -> all.add(new Name(name, its)));
    damaged = into.upkeep().damagedVersions();
    all.forEach(Name::plan);
    all.forEach(name -> planned.addAll(name.wanted));
    task.expect(planned.stream().mapToLong(Dump::size).sum());
    if (!dryRun) {
      all.forEach(Name::bring);
      planned.clear();
      healing.forEach(this::heal);
    }
    return new ImportReport(
        List.copyOf(imported),
        List.copyOf(planned),
        List.copyOf(known),
        readBytes,
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Puts right what is damaged in a version that is there, by the dump it was. */
  private void heal(Dump dump, Manifest version) {
    task.phase("healing " + version.reference());
    try (BlockSource source = from.source(dump)) {
      long pages = into.upkeep().repair(version, source, task).pages();
      if (pages > 0) {
        task.note(
            "%d lost pages were stored again by %s, which was %s"
                .formatted(pages, dump.reference(), version.reference()));
      }
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      task.finding(
          "%s cannot be healed by %s: %s"
              .formatted(version.reference(), dump.reference(), e.getMessage()));
    }
  }

  private void checkNames(List<Dump> dumps) {
    Map<String, String> names = new HashMap<>();
    for (Dump dump : dumps) {
      String name = DumpName.inStore(dump.name());
      Store.checkName(name);
      String other = names.putIfAbsent(name, dump.name());
      if (other != null && !other.equals(dump.name())) {
        throw new BlkshException(
                "import " + from.base(),
                "%s and %s would both be called %s".formatted(other, dump.name(), name))
            .suggest("rename a directory of the two, when no diskdump runs");
      }
      if (other == null && !name.equals(dump.name())) {
        task.note("%s is called %s in the store".formatted(dump.name(), name));
      }
    }
  }

  /** Whether a version was a dump, by what both say of themselves. */
  static boolean isOf(Manifest manifest, Dump dump) {
    Map<String, String> details = manifest.source().details();
    return manifest.source().type().equals(TYPE)
        && manifest.size() == dump.size()
        && dump.reference().equals(details.get("dump"))
        && dump.dateText().equals(details.get("date"))
        && dump.source().equals(details.get("source"));
  }

  /** Whether a version was a dump, or a dump was a version. */
  private static boolean is(Manifest manifest, Dump dump) {
    return isOf(manifest, dump) || origin(manifest).equals(dump.origin());
  }

  /** What an export writes into the dump of a version. */
  static String origin(Manifest manifest) {
    return manifest.reference() + " " + manifest.root();
  }

  /** That a version lacks more than its dump does for having ended early. */
  private void tellLoss(Dump dump, Manifest version, boolean isLast) {
    long had = Math.min(dump.size(), dump.blocks() * dump.blockSize());
    long lost = version.figures().badBytes() - (dump.size() - had);
    if (lost > 0) {
      task.finding(
          "%s, which was %s, lacks %d bytes that could not be read then; %s"
              .formatted(
                  version.reference(),
                  dump.reference(),
                  lost,
                  isLast
                      ? "delete it to bring it again"
                      : "delete it and those after it to bring them again"));
    }
  }

  private void capture(Dump dump, String name, int newest) {
    CaptureOptions options = CaptureOptions.defaults().withDate(dump.date()).withAfter(newest);
    try (BlockSource source = from.source(dump)) {
      task.phase(dump.reference());
      CaptureResult result = into.capture(source, name, options, task);
      imported.add(result.manifest());
      readBytes += result.readBytes();
      String made = result.manifest().reference();
      if (DumpDate.parse(dump.dateText()).isEmpty()) {
        task.note(
            "the date of %s, \"%s\", is none: that of its file stands for it"
                .formatted(dump.reference(), dump.dateText()));
      }
      if (dump.isTruncated()) {
        task.finding(
            "%s is truncated: it has %d of %d blocks; what it lacks is bad in %s"
                .formatted(dump.reference(), dump.blocks(), dump.blocks() + dump.missing(), made));
      } else if (!result.bad().isEmpty()) {
        task.finding(
            "blocks of %s are missing or damaged; they are bad in %s"
                .formatted(dump.reference(), made));
      }
    }
  }
}
