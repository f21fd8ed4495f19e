package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.PageTarget;
import blksh.filesystem.SectorFit;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One restore: workers take segments of the image, read and prove their pages and write them; the
 * page digests are taken in image order, so that at the end the whole is proven by the root digest
 * before the target gets its name.
 */
final class Restore {

  /** Bytes of a piece of the image. */
  static final int SEGMENT = 1 << 20;

  private static final long CACHE_BYTES = 8L << 20;

  /** Segments that may wait for their turn while every worker has another in hand. */
  private static final int AHEAD = 3;

  private final Repository repository;
  private final ManifestFile file;
  private final PageSize pageSize;
  private final int segmentPages;
  private final Manifest manifest;
  private final RestoreTarget target;
  private final String targetName;
  private final Task task;

  private final FrameCache cache = new FrameCache(CACHE_BYTES);
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final PageGroups groups;
  private final BlockingQueue<Segment> idle = new LinkedBlockingQueue<>();
  private volatile boolean broken;

  // Of one pass through the image.
  private OrderedStep<Segment> inOrder;
  private RootDigest root;
  private RestorePlan plan;
  private long tickets;

  Restore(
      Repository repository,
      ManifestFile file,
      RestoreTarget target,
      String targetName,
      Task task) {
    this.repository = repository;
    this.file = file;
    this.pageSize = file.pageSize();
    this.segmentPages = pageSize.pageOf(SEGMENT);
    this.manifest = file.manifest();
    this.target = target;
    this.targetName = targetName;
    this.task = task;
    this.groups = new PageGroups(file);
    for (int i = 0; i < Workers.count() + AHEAD; i++) {
      idle.add(new Segment());
    }
  }

  /** A piece of the image one worker restores. */
  private final class Segment {
    final byte[] bytes = new byte[SEGMENT];
    final byte[] digests = new byte[segmentPages * Page.DIGEST];
    final Extent.Kind[] kinds = new Extent.Kind[segmentPages];
    final ExtentCursor cursor = new ExtentCursor(file);
    long ticket;
    long first;
    long end;

    /** The kind of all pages when none of them is stored, else null. */
    Extent.Kind run;

    long position() {
      return pageSize.at(first);
    }

    long length() {
      return Math.min(manifest.size(), pageSize.at(end)) - position();
    }
  }

  /**
   * Restores to a file or a drive, which is refused before anything is written.
   *
   * @param image the same as a source, which is closed
   */
  static RestoreResult run(
      Repository repository,
      BlockSource image,
      Manifest manifest,
      Path target,
      RestoreOptions options,
      Task task) {
    RestoreLayout layout;
    try (image) {
      layout = RestoreLayout.of(image, target, options);
      SectorFit.check(image, target, "restore to " + target, options.anySectors(), task);
    }
    try (ManifestFile file = repository.open(manifest)) {
      RestoreTarget to = layout.open(target, options);
      RestoreResult done = run(repository, file, to, target.toString(), task);
      if (!options.verify() || options.dryRun()) {
        return done;
      }
      task.phase("reading back");
      RestoreTarget back = layout.on(new ReadBack(target, to::mayKeep));
      run(repository, file, back, target.toString(), task);
      return done.readBack();
    } catch (IOException e) {
      throw new BlkshException("restore to " + target, IoFailure.reason(e), e);
    }
  }

  /** Restores to what is far away. */
  static RestoreResult run(
      Repository repository,
      BlockSource image,
      Manifest manifest,
      PageTarget target,
      RestoreOptions options,
      Task task) {
    if (options.verify() || options.fit() || !options.partitions().isEmpty()) {
      image.close();
      throw new BlkshException(
              "restore to " + target.describe().location(),
              "of a drive of another machine all is restored, and nothing is read back")
          .suggest("to compare it afterwards: restore --only-changed --dry-run");
    }
    try (image) {
      SectorFit.check(image, target, options.anySectors(), task);
    }
    String name = target.describe().location();
    try (ManifestFile file = repository.open(manifest)) {
      RestoreTarget to = new FarRestoreTarget(target, file.pageSize(), options.dryRun());
      return run(repository, file, to, name, task);
    }
  }

  /** Restores to a stream, in order. */
  static RestoreResult run(Repository repository, Manifest manifest, OutputStream out, Task task)
      throws IOException {
    try (ManifestFile file = repository.open(manifest)) {
      return run(repository, file, RestoreTarget.of(out), "-", task);
    }
  }

  /** Runs one and closes the target; a failure says what is left there. */
  private static RestoreResult run(
      Repository repository, ManifestFile file, RestoreTarget target, String name, Task task) {
    try (target) {
      return new Restore(repository, file, target, name, task).run();
    } catch (BlkshException e) {
      throw target.withWhatIsLeft(e);
    } catch (RuntimeException | Error e) { // of a worker, as when there is no memory
      String action = "restore " + file.manifest().reference() + " to " + name;
      throw target.withWhatIsLeft(new BlkshException(action, "it failed: " + e, e));
    }
  }

  private RestoreResult run() {
    long started = System.nanoTime();
    // All are read before there is anything to take back.
    BadTally missing = new BadTally();
    file.eachBad(
        0, manifest.size(), bad -> !target.wants(bad.start(), bad.end()) || missing.count(bad));
    try {
      task.expect(manifest.size());
      pass(0, manifest.size());
      mustHaveItsRoot();
      for (var again = target.finishes(); again.isPresent(); again = target.finishes()) {
        task.phase("comparing what was written before a cut");
        task.expect(task.done() + again.get().length());
        pass(again.get().start(), again.get().end());
      }
      target.tell(task);
    } catch (IOException e) {
      throw targetFailure(e);
    }
    if (missing.count() > 0 && !target.readsBack()) {
      task.finding(
          "%d bytes in %d ranges are missing, the first at byte %d: they could not be read when captured"
              .formatted(missing.bytes(), missing.count(), missing.first().get(0).start()));
    }
    return new RestoreResult(
        manifest,
        targetName,
        target.writtenBytes(),
        Math.max(0, target.wanted(manifest.size()) - target.writtenBytes()), // some may be twice
        missing.first(),
        target.movedBytes(),
        false,
        Duration.ofNanos(System.nanoTime() - started));
  }

  /**
   * Goes through a part of the image.
   *
   * @param to byte after it
   */
  private void pass(long from, long to) {
    inOrder = new OrderedStep<>(this::prove);
    root = new RootDigest();
    plan = new RestorePlan(file, segmentPages, target, pageSize.pageOf(from), pageSize.count(to));
    tickets = 0;
    Workers.run(task, Workers.count(), this::work, () -> broken = true);
    task.advance(plan.skipped());
    task.phase("flushing");
  }

  /** Of an image that was read whole; of parts of one each page is proven alone. */
  private void mustHaveItsRoot() {
    if (plan.skipped() == 0 && !root.finish(manifest.size()).equals(manifest.root())) {
      throw new BlkshException(
              "restore " + manifest.reference(), "the image does not have its root digest")
          .suggest("verify the store");
    }
  }

  private BlkshException targetFailure(IOException e) {
    return new BlkshException(
        "restore " + manifest.reference() + " to " + targetName, IoFailure.reason(e), e);
  }

  private void work() {
    ProvenReader reader = new ProvenReader(repository, groups, cache, owner);
    try {
      Segment segment = takeIdle();
      while (segment != null) {
        if (!claim(segment)) {
          idle.add(segment); // for the next pass
          return;
        }
        task.checkCancelled();
        read(segment, reader);
        if (!target.ordered()) {
          write(segment);
        }
        inOrder.bring(segment.ticket, segment);
        segment = takeIdle();
      }
    } catch (ManifestFile.DamagedManifest e) {
      throw damaged(e.first, e.end, e.getMessage(), true, e);
    } catch (IOException e) {
      throw targetFailure(e);
    } finally {
      reader.close();
    }
  }

  /** A segment to fill; null when another worker has failed. */
  private Segment takeIdle() {
    while (!broken) {
      task.checkCancelled();
      try {
        Segment segment = idle.poll(50, TimeUnit.MILLISECONDS);
        if (segment != null) {
          return segment;
        }
      } catch (InterruptedException e) {
        task.cancel();
      }
    }
    return null;
  }

  /** In image order: what the root digest and a stream need. */
  private void prove(Segment segment) throws IOException {
    addToRoot(segment);
    if (target.ordered()) {
      write(segment);
    }
    long end = segment.position() + segment.length();
    task.advance(segment.length());
    idle.add(segment);
    target.reached(end);
  }

  private UnreadableException damaged(
      long first, long end, String problem, boolean healable, Throwable cause) {
    long from = pageSize.at(first);
    long to = Math.min(manifest.size(), pageSize.at(end));
    UnreadableException failure =
        new UnreadableException(manifest.reference(), from, to - from, problem, cause);
    failure.suggest(
        "verify the store to see all damage"
            + (healable ? "; capturing the same data again, all of it, heals it" : ""));
    return failure;
  }

  private synchronized boolean claim(Segment segment) throws ManifestFile.DamagedManifest {
    RestorePlan.Piece piece = plan.next();
    if (piece == null) {
      return false;
    }
    segment.ticket = tickets++;
    segment.first = piece.first();
    segment.end = piece.end();
    segment.run = piece.run();
    return true;
  }

  private void read(Segment s, ProvenReader reader) throws ManifestFile.DamagedManifest {
    if (s.run != null) {
      return;
    }
    ExtentCursor cursor = s.cursor;
    for (long page = s.first; page < s.end; page++) {
      if (page < cursor.start || page >= cursor.end) {
        cursor.seek(page);
      }
      int i = (int) (page - s.first);
      s.kinds[i] = cursor.kind;
      if (cursor.kind == Extent.Kind.DATA) {
        int number = cursor.first + (int) (page - cursor.start);
        int length =
            reader.read(
                page,
                file.packs()[cursor.pack],
                number,
                s.bytes,
                pageSize.at(i),
                s.digests,
                i * Page.DIGEST);
        if (length != pageSize.lengthOf(page, manifest.size())) {
          String problem = length < 0 ? reader.problem() : "page has " + length + " bytes";
          throw damaged(page, page + 1, problem, length >= 0 || !reader.isPackLost(), null);
        }
      }
    }
  }

  private void write(Segment s) throws IOException {
    if (s.run != null) {
      writeUnstored(s.run, s.position(), s.length());
      return;
    }
    int pages = (int) (s.end - s.first);
    int i = 0;
    while (i < pages) {
      int from = i;
      Extent.Kind kind = s.kinds[i];
      while (i < pages && s.kinds[i] == kind) {
        i++;
      }
      long position = s.position() + pageSize.at((long) from);
      int length = (int) Math.min(pageSize.at(i - from), manifest.size() - position);
      if (kind == Extent.Kind.DATA) {
        target.write(position, s.bytes, pageSize.at(from), length, s.digests, from * Page.DIGEST);
      } else {
        writeUnstored(kind, position, length);
      }
    }
    target.written(s.position());
  }

  private void writeUnstored(Extent.Kind kind, long position, long length) throws IOException {
    if (!target.mayKeep(kind)) {
      target.zeros(position, length);
    }
  }

  private void addToRoot(Segment s) {
    if (s.run != null) {
      root.add(s.run, s.end - s.first);
      return;
    }
    for (int i = 0; i < s.end - s.first; i++) {
      if (s.kinds[i] == Extent.Kind.DATA) {
        root.addData(s.digests, i * Page.DIGEST, 1);
      } else {
        root.add(s.kinds[i], 1);
      }
    }
  }
}
