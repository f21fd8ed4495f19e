package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Damage;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Brings the dumps of a diskdump store into a store, each as a version with its date, in the order
 * of each name. A version remembers which dump it was: what is there is not brought again, so an
 * import that was interrupted goes on where it was. What a dump lacks is bad in its version.
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
  private long readBytes;

  private DumpImport(Diskdump from, Store into, Task task) {
    this.from = from;
    this.into = into;
    this.task = task;
  }

  /**
   * Imports every dump that is not there yet.
   *
   * @throws BlkshException when two names would become one, before anything is read; when the store
   *     cannot be written
   */
  public static ImportReport run(Diskdump from, Store into, boolean dryRun, Task task) {
    return new DumpImport(from, into, task).run(dryRun);
  }

  private ImportReport run(boolean dryRun) {
    long started = System.nanoTime();
    List<Dump> dumps = from.dumps();
    checkNames(dumps);
    for (Damage damage : from.unreadable()) {
      task.finding(damage.file() + " cannot be imported: " + damage.problem());
    }
    Map<String, List<Manifest>> there = new HashMap<>();
    for (Dump dump : dumps) {
      List<Manifest> versions =
          there.computeIfAbsent(DumpName.inStore(dump.name()), into::manifests);
      (versions.stream().anyMatch(it -> isOf(it, dump)) ? known : planned).add(dump);
    }
    List<Dump> wanted = List.copyOf(planned);
    task.expect(wanted.stream().mapToLong(Dump::size).sum());
    if (!dryRun) {
      for (Dump dump : wanted) {
        task.checkCancelled();
        bring(dump);
      }
      planned.clear();
    }
    return new ImportReport(
        List.copyOf(imported),
        List.copyOf(planned),
        List.copyOf(known),
        readBytes,
        Duration.ofNanos(System.nanoTime() - started));
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

  private void bring(Dump dump) {
    CaptureOptions options = CaptureOptions.defaults().withDate(dump.date());
    try (BlockSource source = from.source(dump)) {
      task.phase(dump.reference());
      CaptureResult result = into.capture(source, DumpName.inStore(dump.name()), options, task);
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
