package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.store.pack.PageSize;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * A source of which only what has changed since an earlier version is read; the rest is that
 * version's. When anything speaks against it all is read.
 */
final class ChangedInput implements CaptureInput {

  /** Bytes that are kept at once, so that a capture can be stopped meanwhile. */
  private static final long KEPT_AT_ONCE = 64L << 20;

  private final BlockSource source;
  private final PageSize pageSize;
  private final Changes changes;
  private final StoredPages before;
  private long checked;
  private final AheadCut cut;
  private final boolean mayBeginAnew;
  private Optional<String> mixed; // null before it was asked for
  private Extent keeping; // what is left of a run that is kept
  private Map<String, String> marks = Map.of();

  /** Why nothing is kept for the next capture to go by; null when all is well. */
  private String unmarked;

  /**
   * @param pageSize of the store
   * @param before the version whose pages are kept, or null: then all is read
   * @param checked bytes that were read to see whether they are as that version has them
   * @param mayBeginAnew whether what was interrupted is not to be judged, but read once more
   */
  ChangedInput(
      BlockSource source,
      PageSize pageSize,
      Changes changes,
      StoredPages before,
      long checked,
      boolean mayBeginAnew) {
    this.pageSize = pageSize;
    this.mayBeginAnew = mayBeginAnew;
    this.source = source;
    this.changes = changes;
    this.before = before;
    this.checked = checked;
    Iterator<Extent> extents = before == null ? new Whole() : new Divided();
    this.cut = new AheadCut(source, new SegmentCut(source.size(), pageSize, extents, true));
  }

  @Override
  public boolean claim(CaptureSegment segment) {
    if (keeping == null) {
      Extent next = cut.next();
      if (next == null) {
        return false;
      }
      switch (next.kind()) {
        case DATA -> segment.data(source, next.start(), (int) next.length());
        case UNTRIED -> keeping = next;
        default -> segment.run(next.kind(), next.start(), next.length());
      }
    }
    if (keeping != null) {
      long count = Math.min(KEPT_AT_ONCE, keeping.length());
      segment.kept(before, pageSize.pageOf(keeping.start()), count);
      keeping =
          count == keeping.length() ? null : keeping.clip(keeping.start() + count, keeping.end());
    }
    return true;
  }

  /** The extents of the source, in which everything that is not known is data. */
  private class Whole implements Iterator<Extent> {
    private final Iterator<Extent> own = source.extents();

    @Override
    public boolean hasNext() {
      return own.hasNext();
    }

    @Override
    public Extent next() {
      Extent extent = own.next();
      return extent.kind() == Extent.Kind.UNTRIED
          ? new Extent(extent.start(), extent.length(), Extent.Kind.DATA)
          : extent;
    }
  }

  /** The same, divided into what is to be read and, as UNTRIED, what the earlier version has. */
  private final class Divided extends Whole {
    private final Iterator<Extent> dirty = changes.changed(0, source.size());

    /** Only whole pages are kept. */
    private final long keepable = pageSize.down(source.size());

    private Extent whole; // of the source
    private Extent changed; // the first that does not end before what is asked for
    private long at;

    @Override
    public boolean hasNext() {
      return whole != null || super.hasNext();
    }

    @Override
    public Extent next() {
      if (whole == null) {
        if (!super.hasNext()) {
          throw new NoSuchElementException();
        }
        whole = super.next();
        at = whole.start();
      }
      Extent part = whole.kind() == Extent.Kind.DATA ? part() : whole.clip(at, whole.end());
      at = part.end();
      if (at == whole.end()) {
        whole = null;
      }
      return part;
    }

    /** What is alike from here on. */
    private Extent part() {
      while ((changed == null || changed.end() <= at) && dirty.hasNext()) {
        changed = dirty.next();
      }
      long end = whole.end();
      if (changed != null && changed.end() > at) {
        if (changed.start() <= at) {
          return new Extent(at, Math.min(end, changed.end()) - at, Extent.Kind.DATA);
        }
        end = Math.min(end, changed.start());
      }
      if (at >= keepable) {
        return new Extent(at, end - at, Extent.Kind.DATA);
      }
      end = Math.min(end, keepable);
      long first = pageSize.pageOf(at);
      StoredPages.Run run = before.run(first, pageSize.count(end) - first);
      long to = Math.min(end, pageSize.at(first + run.pages()));
      return new Extent(at, to - at, run.held() ? Extent.Kind.UNTRIED : Extent.Kind.DATA);
    }
  }

  @Override
  public long checkedBytes() {
    return checked;
  }

  /**
   * What has been kept was believed; it must be at the end as well, above all after a cut. What the
   * next capture is to compare with is asked for before, so that it is of what was proven.
   */
  @Override
  public void mustHold() throws IOException {
    mustNotBeInterrupted();
    Map<String, String> found = Map.of();
    Optional<String> doubt;
    try {
      found = changes.marks();
      doubt = doubt();
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      if (before != null) {
        throw e;
      }
      doubt = Optional.of(e.getMessage());
    }
    mustNotBeInterrupted();
    if (before != null && doubt.isPresent()) {
      throw new Disbelieved(before.manifest(), doubt.get());
    }
    unmarked = doubt.orElse(null);
    marks = doubt.isPresent() ? Map.of() : found;
  }

  /** Where little has to be read it is read over one connection: then it is of one disk. */
  private void mustNotBeInterrupted() {
    if (before != null && mayBeginAnew && changes.wasInterrupted()) {
      throw new Interrupted(before.manifest());
    }
  }

  private Optional<String> doubt() throws IOException {
    Optional<String> lost = changes.lost();
    if (lost.isPresent() || before == null || !changes.wasInterrupted()) {
      return lost;
    }
    mixed = source.twoInstants();
    return mixed.isPresent() ? mixed : unlike();
  }

  private Optional<String> unlike() throws IOException {
    CleanSample sample = new CleanSample(source, changes, before, true);
    OptionalLong differs = sample.find(new Random());
    checked += sample.bytes();
    return differs.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "byte %d is not as the version before has it any more".formatted(differs.getAsLong()));
  }

  /** What was recorded is not believed any more: all has to be read. */
  static final class Disbelieved extends BlkshException {
    Disbelieved(Manifest manifest, String doubt) {
      super("keep pages of " + manifest.reference(), doubt);
    }
  }

  /** The connection was cut: what has changed is to be read once more. */
  static final class Interrupted extends BlkshException {
    Interrupted(Manifest manifest) {
      super("keep pages of " + manifest.reference(), "the connection was cut");
    }
  }

  @Override
  public void tell(Task task) {
    if (before == null || changes.wasInterrupted()) {
      CaptureInput.tellCuts(source, task);
    }
    (mixed != null ? mixed : source.twoInstants()).ifPresent(task::finding);
    if (before != null) {
      task.note(
          "what %s does not tell to have changed was taken from %s"
              .formatted(changes.recorder(), before.manifest().reference()));
    }
    if (unmarked != null) {
      task.note("the next capture will read all of it: " + unmarked);
    }
  }

  @Override
  public SourceInfo describe() {
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>(whole.details());
    details.putAll(marks);
    return new SourceInfo(whole.type(), whole.name(), whole.location(), details);
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }
}
