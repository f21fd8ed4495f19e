package blksh.snapshot;

import blksh.BlkshException;
import blksh.filesystem.FileTree;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.PathBytes;
import blksh.io.Sqlite;
import blksh.retention.Policy;
import blksh.task.Task;
import blksh.tree.ScanCache;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Snapshots of the linked form: ordinary directories, read without any tool, in which a file that
 * did not change is one more name of the file that an earlier snapshot has. Two names share a file
 * only when they are the same in everything: contents, owner, permissions, time, attributes.
 *
 * <p>cacheback's destinations are gone on with. Order of durability of a snapshot: its tree, what
 * is noted of it, a sync of the file system, its name, a sync of the directory.
 */
public final class LinkedSnapshots implements SnapshotSet {

  /** How far a clock may be ahead of that of whoever forgets. */
  private static final Duration AHEAD = Duration.ofDays(1);

  private static final Set<String> NO_SNAPSHOTS = Set.of("lost+found");

  private final Path root;
  private final ContentHash wanted;

  /** Null until there is something. Guarded by this. */
  private LinkedDestination destination;

  private LinkedSnapshots(Path root, ContentHash wanted) {
    this.root = root;
    this.wanted = wanted;
  }

  /** Those of a directory; it is made when the first is taken. */
  public static LinkedSnapshots in(Path directory) {
    return new LinkedSnapshots(directory.toAbsolutePath().normalize(), null);
  }

  /**
   * As above; a new place calls contents by a hash.
   *
   * @param hash its name in hashlib of Python: {@code "blake2b"}
   * @throws BlkshException when there is no such hash
   */
  public static LinkedSnapshots in(Path directory, String hash) {
    return new LinkedSnapshots(directory.toAbsolutePath().normalize(), ContentHash.named(hash));
  }

  /** Whether a directory has snapshots, or had. */
  public static boolean isThere(Path directory) {
    return Files.isDirectory(directory.resolve(LinkedDestination.HIDDEN));
  }

  @Override
  public String place() {
    return root.toString();
  }

  private synchronized LinkedDestination destination() {
    if (destination == null) {
      destination = LinkedDestination.open(root, wanted);
    }
    return destination;
  }

  /** What is there to be looked at. @throws BlkshException when nothing is */
  private LinkedDestination existing(String action) {
    if (!isThere(root)) {
      throw new BlkshException(action, root + " has no snapshots")
          .suggest("take one, or name the directory that has them");
    }
    return destination();
  }

  @Override
  public List<Snapshot> list() {
    List<Snapshot> all = new ArrayList<>();
    notedAndOthers().forEach(it -> all.add(it.snapshot()));
    return all;
  }

  /** All that have a name, the oldest first; the number of one that is not noted is -1. */
  private List<SnapshotRecord.Noted> notedAndOthers() {
    LinkedDestination in = existing("list snapshots");
    try {
      Map<String, SnapshotRecord.Noted> noted = new HashMap<>();
      in.record().snapshots().forEach(it -> noted.put(it.snapshot().name(), it));
      List<SnapshotRecord.Noted> all = new ArrayList<>();
      in.top()
          .list(
              bytes -> {
                String name = new String(bytes, StandardCharsets.UTF_8);
                FileStatus status = in.top().statusIfAny(bytes);
                if (status != null
                    && status.isDirectory()
                    && !name.startsWith(".")
                    && !NO_SNAPSHOTS.contains(name)) {
                  all.add(noted.getOrDefault(name, other(name, status)));
                }
              });
      all.sort(
          Comparator.comparing((SnapshotRecord.Noted it) -> it.snapshot().taken())
              .thenComparing(it -> it.snapshot().name()));
      return all;
    } catch (IOException e) {
      throw IoFailure.told("list the snapshots in " + root, e);
    }
  }

  private static SnapshotRecord.Noted other(String name, FileStatus status) {
    Instant taken =
        SnapshotName.time(name)
            .orElse(Instant.ofEpochSecond(status.mtimeSeconds(), status.mtimeNanos()));
    return new SnapshotRecord.Noted(
        -1, new Snapshot(name, taken, "", List.of(), List.of(), -1, -1, -1, -1, 0, false), false);
  }

  /**
   * @throws BlkshException when there is none of that name
   */
  private SnapshotRecord.Noted named(String action, String name) {
    return notedAndOthers().stream()
        .filter(it -> it.snapshot().name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new BlkshException(action, "there is no snapshot " + name + " in " + root)
                    .suggest("list them for their names"));
  }

  @Override
  public TakenSnapshot take(SnapshotRequest request, Task task) {
    if (request.name() != null) {
      SnapshotName.require(request.name());
    }
    Path real = real();
    TakeTargets targets = TakeTargets.of(request.targets(), real);
    WalkOptions options = request.options();
    if (request.followTargets()) {
      FollowedLinks links = FollowedLinks.of(targets, options, real, task);
      targets = links.targets();
      options = links.options(options);
    }
    return take(request.with(options), targets, real, task);
  }

  private TakenSnapshot take(SnapshotRequest request, TakeTargets targets, Path real, Task task) {
    if (request.dryRun()) {
      return new DryTake(real, request, targets, task).run();
    }
    LinkedDestination in = destination();
    TakenSnapshot[] taken = new TakenSnapshot[1];
    in.alone(
        () -> {
          in.tidy(task);
          Instant now = Instant.now();
          String name = SnapshotName.free(in.top(), request.name(), now);
          taken[0] = take(in, request, targets, name, now, task);
        });
    return taken[0];
  }

  private Path real() {
    try {
      return Files.exists(root) ? root.toRealPath() : null;
    } catch (IOException e) {
      throw IoFailure.told("keep snapshots in " + root, e);
    }
  }

  private static TakenSnapshot take(
      LinkedDestination in,
      SnapshotRequest request,
      TakeTargets targets,
      String name,
      Instant now,
      Task task)
      throws IOException {
    Problems problems = new Problems(task);
    SnapshotRecord record = in.record();
    boolean done = false;
    boolean full = false;
    in.begin();
    long id =
        record.begin(now, host(), targets.texts(), request.tags(), Keeping.ofThisUser().asRoot());
    try (DirectoryHandle growing = in.growing(id);
        ScanCache cache = ScanCache.open(in.scanCache());
        PreviousTrees previous = PreviousTrees.of(in.top(), withTrees(in), targets.starts())) {
      LinkedTake take =
          new LinkedTake(
              in,
              targets,
              request.options(),
              request.followTargets() ? PathBytes.of(in.root().resolve(name)) : null,
              id,
              growing,
              previous,
              cache,
              problems,
              task);
      try {
        take.run();
        task.phase("making it durable");
        record.whole(id, name, take.entries.get(), take.bytes.get(), take.missing.get());
        in.sync();
        in.publish(id, name);
        done = true;
        in.end();
      } finally {
        cache.commit();
      }
      CachebackCache.of(in).write(id, false);
      return new TakenSnapshot(
          new Snapshot(
              name,
              now,
              host(),
              targets.texts(),
              request.tags(),
              take.entries.get(),
              take.bytes.get(),
              -1,
              -1,
              take.missing.get(),
              true),
          take.unchanged.get(),
          take.read.get(),
          take.stored.get(),
          take.leftOut.get(),
          problems.sentences(),
          problems.count());
    } catch (IOException | RuntimeException e) {
      full = IoFailure.of(e) == IoFailure.NO_SPACE || Sqlite.isFull(e);
      Throwable written = e instanceof IOException ? e : e.getCause(); // as a worker met it
      if (full && written instanceof IOException refused) {
        throw IoFailure.told("take a snapshot into " + in.root(), refused)
            .suggest("nothing of it is kept; make room there and take it again");
      }
      throw e;
    } finally {
      if (!done) {
        in.abandon(full);
      }
    }
  }

  /** Those that may be linked to; what was adopted may have other contents than were read here. */
  private static List<SnapshotRecord.Noted> withTrees(LinkedDestination in) throws IOException {
    List<SnapshotRecord.Noted> all = new ArrayList<>();
    for (SnapshotRecord.Noted each : in.record().snapshots()) {
      if (!each.snapshot().targets().isEmpty()
          && in.top().statusIfAny(LinkedDestination.bytes(each.snapshot().name())) != null) {
        all.add(each);
      }
    }
    return all;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "";
    }
  }

  @Override
  public void delete(List<String> names, boolean dryRun, Task task) {
    for (String each : names) {
      named("delete the snapshot " + each, each);
    }
    if (dryRun) {
      return;
    }
    LinkedDestination in = destination();
    in.alone(
        () -> {
          for (String each : names) {
            task.checkCancelled();
            in.withdraw(each);
          }
          in.tidy(task);
        });
  }

  /**
   * Removes contents that no snapshot has any more.
   *
   * @param dryRun whether they are only counted
   */
  public CollectedBlobs collect(boolean dryRun, Task task) {
    LinkedDestination in = existing("collect what no snapshot in " + root + " has");
    CollectedBlobs[] collected = new CollectedBlobs[1];
    in.alone(
        () -> {
          in.tidy(task);
          collected[0] = UnusedBlobs.remove(in.blobs().root(), dryRun, task);
        });
    return collected[0];
  }

  /**
   * Reads all that is there, and notes of the snapshots that cacheback took what they have: from
   * then on they are verified, compared, restored and linked to.
   */
  public AdoptedSnapshots adopt(Task task) {
    LinkedDestination in = existing("adopt the snapshots in " + root);
    AdoptedSnapshots[] adopted = new AdoptedSnapshots[1];
    in.alone(
        () -> {
          in.tidy(task);
          adopted[0] =
              new LinkedAdoption(in, task)
                  .adopt(list().stream().filter(it -> !it.recorded()).toList());
        });
    synchronized (this) {
      close(); // what is proven is asked when it is opened
    }
    return adopted[0];
  }

  @Override
  public List<Policy.Verdict<Snapshot>> forget(Policy policy, boolean dryRun, Task task) {
    List<Policy.Verdict<Snapshot>> verdicts =
        policy.judge(
            list(),
            Snapshot::taken,
            Snapshot::tags,
            it -> it.missing() <= 0,
            Instant.now().plus(AHEAD),
            ZoneId.systemDefault());
    verdicts.stream()
        .filter(it -> it.reasons().contains(Policy.AHEAD))
        .forEach(
            it ->
                task.finding(
                    "%s stays, and counts as none: it is dated %s, in the future"
                        .formatted(it.thing().name(), it.thing().taken())));
    List<String> going =
        verdicts.stream().filter(it -> !it.stays()).map(it -> it.thing().name()).toList();
    delete(going, dryRun, task);
    return verdicts;
  }

  @Override
  public List<Snapshot> listWithSizes(Task task) {
    return new LinkedSizes(existing("list snapshots"), task).of(list());
  }

  @Override
  public void diff(String before, String after, Task task, Consumer<TreeDifference> differences) {
    new RecordDiff(existing("compare snapshots").record(), recorded(before), recorded(after), task)
        .run(differences);
  }

  /** The number of a snapshot that is noted. */
  private long recorded(String name) {
    SnapshotRecord.Noted noted = named("look into the snapshot " + name, name);
    if (noted.id() < 0) {
      throw new BlkshException(
              "look into the snapshot " + name, "it was not taken by blksh, so nothing is noted")
          .suggest("adopt the snapshots in " + root);
    }
    return noted.id();
  }

  @Override
  public FileTree files(String name) {
    return new LinkedTree(
        root.resolve(name), named("look into the snapshot " + name, name).snapshot());
  }

  @Override
  public void find(String pattern, List<String> names, Task task, Consumer<FoundEntry> found) {
    RecordFind find = new RecordFind(existing("find " + pattern).record(), pattern, task);
    for (Snapshot each : list()) {
      if (names.isEmpty() ? each.recorded() : names.contains(each.name())) {
        find.in(each.name(), recorded(each.name()), found);
      }
    }
  }

  @Override
  public SnapshotVerification verify(List<String> names, Task task) {
    LinkedDestination in = existing("verify the snapshots in " + root);
    names.forEach(it -> named("verify the snapshot " + it, it));
    List<SnapshotRecord.Noted> all = new ArrayList<>();
    for (SnapshotRecord.Noted each : notedAndOthers()) {
      if (names.isEmpty() || names.contains(each.snapshot().name())) {
        all.add(each);
      }
    }
    return new LinkedVerify(in, task).of(all);
  }

  @Override
  public RestoredTree restore(String name, List<byte[]> paths, Path to, boolean dryRun, Task task) {
    SnapshotRecord.Noted noted = named("restore from the snapshot " + name, name);
    return new LinkedRestore(destination(), noted, paths, task).to(to, dryRun);
  }

  @Override
  public synchronized void close() {
    if (destination != null) {
      destination.close();
      destination = null;
    }
  }
}
