package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Page;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
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

  private static final int SEGMENT_PAGES = 256;
  private static final long CACHE_BYTES = 8L << 20;

  /** Segments that may wait for their turn while every worker has another in hand. */
  private static final int AHEAD = 3;

  private final Repository repository;
  private final ManifestFile file;
  private final Manifest manifest;
  private final RestoreTarget target;
  private final String targetName;
  private final Task task;

  private final FrameCache cache = new FrameCache(CACHE_BYTES);
  private final FrameCache.Owner owner = new FrameCache.Owner();
  private final PageGroups groups;
  private final OrderedStep<Segment> inOrder = new OrderedStep<>(this::prove);
  private final BlockingQueue<Segment> idle = new LinkedBlockingQueue<>();
  private final RootDigest root = new RootDigest();
  private final ExtentCursor plan;
  private volatile boolean broken;
  private long planned;
  private long tickets;

  Restore(
      Repository repository,
      ManifestFile file,
      RestoreTarget target,
      String targetName,
      Task task) {
    this.repository = repository;
    this.file = file;
    this.manifest = file.manifest();
    this.target = target;
    this.targetName = targetName;
    this.task = task;
    this.groups = new PageGroups(file);
    this.plan = new ExtentCursor(file);
    for (int i = 0; i < Workers.count() + AHEAD; i++) {
      idle.add(new Segment());
    }
  }

  /** A piece of the image one worker restores. */
  private final class Segment {
    final byte[] bytes = new byte[SEGMENT_PAGES * Page.SIZE];
    final byte[] digests = new byte[SEGMENT_PAGES * Page.DIGEST];
    final Extent.Kind[] kinds = new Extent.Kind[SEGMENT_PAGES];
    final ExtentCursor cursor = new ExtentCursor(file);
    long ticket;
    long first;
    long end;

    /** The kind of all pages when none of them is stored, else null. */
    Extent.Kind run;

    long position() {
      return first * Page.SIZE;
    }

    long length() {
      return Math.min(manifest.size(), end * Page.SIZE) - position();
    }
  }

  RestoreResult run() {
    long started = System.nanoTime();
    task.expect(manifest.size());
    // All are read before there is anything to take back.
    BadTally missing = new BadTally();
    file.eachBad(0, manifest.size(), missing::count);
    try {
      Workers.run(task, Workers.count(), this::work, () -> broken = true);
      if (!root.finish(manifest.size()).equals(manifest.root())) {
        throw new BlkshException(
                "restore " + manifest.reference(), "the image does not have its root digest")
            .suggest("verify the store");
      }
      task.phase("flushing");
      target.finish();
      target.lost().forEach(task::note);
    } catch (IOException e) {
      throw targetFailure(e);
    }
    if (missing.count() > 0) {
      task.finding(
          "%d bytes in %d ranges are missing, the first at byte %d: they could not be read when captured"
              .formatted(missing.bytes(), missing.count(), missing.first().get(0).start()));
    }
    return new RestoreResult(
        manifest,
        targetName,
        target.writtenBytes(),
        manifest.size() - target.writtenBytes(),
        missing.first(),
        Duration.ofNanos(System.nanoTime() - started));
  }

  private BlkshException targetFailure(IOException e) {
    return new BlkshException(
        "restore " + manifest.reference() + " to " + targetName, IoFailure.reason(e), e);
  }

  private void work() {
    ProvenReader reader = new ProvenReader(repository, groups, cache, owner);
    try {
      Segment segment = takeIdle();
      while (segment != null && claim(segment)) {
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
    task.advance(segment.length());
    idle.add(segment);
  }

  private UnreadableException damaged(
      long first, long end, String problem, boolean healable, Throwable cause) {
    long from = first * Page.SIZE;
    long to = Math.min(manifest.size(), end * Page.SIZE);
    UnreadableException failure =
        new UnreadableException(manifest.reference(), from, to - from, problem, cause);
    failure.suggest(
        "verify the store to see all damage"
            + (healable ? "; capturing the same data again heals it" : ""));
    return failure;
  }

  private synchronized boolean claim(Segment segment) throws ManifestFile.DamagedManifest {
    if (planned >= file.pages()) {
      return false;
    }
    if (planned >= plan.end) {
      plan.next();
    }
    segment.ticket = tickets++;
    segment.first = planned;
    segment.run = null;
    if (plan.kind != Extent.Kind.DATA && plan.end - planned >= SEGMENT_PAGES) {
      segment.run = plan.kind;
      planned = plan.end;
    } else {
      long limit = Math.min(file.pages(), planned + SEGMENT_PAGES);
      while (planned < limit) {
        if (planned >= plan.end) {
          plan.next();
          if (plan.kind != Extent.Kind.DATA && plan.end - plan.start >= SEGMENT_PAGES) {
            break;
          }
        }
        planned = Math.min(limit, plan.end);
      }
    }
    segment.end = planned;
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
                i * Page.SIZE,
                s.digests,
                i * Page.DIGEST);
        if (length != Math.min(Page.SIZE, manifest.size() - page * Page.SIZE)) {
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
      long position = s.position() + (long) from * Page.SIZE;
      int length = (int) Math.min((long) (i - from) * Page.SIZE, manifest.size() - position);
      if (kind == Extent.Kind.DATA) {
        target.write(position, s.bytes, from * Page.SIZE, length);
      } else {
        writeUnstored(kind, position, length);
      }
    }
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
