package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.SourceInfo;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Waiting;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A drive of another machine, or a file there, by an agent beside it. What had arrived when the
 * connection was cut is not asked for again.
 */
final class RemoteDrive extends RemoteChannel implements BlockSource, PageOffers {

  private static final int MOST_EXTENTS = 4096;

  /** How long is waited for what is good to know, but no more. */
  private static final Duration LAST_WORD = Duration.ofSeconds(20);

  private final byte[] path;
  private final RecentBlocks recent = new RecentBlocks(this);
  private Facts facts;
  private DriveFacts known;
  private long size;

  /** Guarded by this. */
  private boolean sweeping;

  private RemoteDrive(RemoteHost host, String location, byte[] path) {
    super(host, location, "read");
    this.path = path;
  }

  static RemoteDrive open(RemoteHost host, String location, byte[] path) {
    RemoteDrive drive = new RemoteDrive(host, location, path);
    try {
      drive.ready();
      return drive;
    } catch (RuntimeException e) {
      drive.close();
      throw e;
    }
  }

  @Override
  CompletableFuture<AgentFrame> request(AgentLink next) {
    return next.request(AgentFrame.OPEN, channel(), path);
  }

  @Override
  void opened(AgentLink next, AgentFrame answer) {
    Facts found = Facts.parse(answer.payload(), location());
    if (facts == null) {
      facts = mustBeADrive(next, found);
      known = new DriveFacts(facts);
      size = facts.number("size");
    } else {
      known.mustBeIn(found, location());
    }
  }

  private Facts mustBeADrive(AgentLink next, Facts found) {
    if (found.number("size") < 0 || !DriveFacts.isSector(found.number("sector"))) {
      throw next.garbage("it tells no size or sector size of " + location());
    }
    return found;
  }

  @Override
  BlkshException refused(AgentFrame answer) {
    int code = AgentLink.code(answer);
    BlkshException told = new BlkshException("open " + location(), AgentLink.text(answer));
    return switch (code) {
      case 2 -> new BlkshException("open " + location(), "there is no such file or device there");
      case 1, 13 -> told.suggest("read it as root: sudo = true (--sudo)");
      default -> told;
    };
  }

  @Override
  public void rest() {
    recent.forgetStale();
  }

  @Override
  BlkshException failure(AgentFrame failed) {
    return new BlkshException("read " + location(), AgentLink.text(failed))
        .suggest("see whether it is there still; what was stored is found again");
  }

  // ---- a source ------------------------------------------------------------------------------

  @Override
  public long size() {
    return size;
  }

  @Override
  public int sectorSize() {
    return (int) facts.number("sector");
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    if (isGivenUp()) {
      throw new BlkshException("read " + location(), "it was closed");
    }
    int count = 0;
    while (target.hasRemaining() && position + count < size) {
      count += recent.read(position + count, target);
    }
    return count;
  }

  UnreadableException unreadable(long start, long length) {
    return new UnreadableException(location(), start, length, IoFailure.text(5), null);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    if (position >= end) {
      return Collections.emptyIterator();
    }
    if (isDevice()) {
      return ExtentWalk.one(new Extent(position, end - position, Extent.Kind.DATA));
    }
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  private Iterator<Extent> extentsFrom(long from, long end) {
    byte[] question =
        ByteBuffer.allocate(20).putLong(from).putLong(end).putInt(MOST_EXTENTS).array();
    ByteBuffer answer = ask(AgentFrame.EXTENTS, question).content();
    List<Extent> found = new ArrayList<>();
    long at = from;
    while (answer.remaining() >= Long.BYTES + 1) {
      long length = answer.getLong();
      Extent.Kind kind = answer.get() == 0 ? Extent.Kind.DATA : Extent.Kind.ZERO;
      if (length <= 0 || length > end - at) {
        throw garbage("it tells of a range that is not in it");
      }
      found.add(new Extent(at, length, kind));
      at += length;
    }
    if (found.isEmpty()) {
      throw garbage("it does not tell what is in it");
    }
    return found.iterator();
  }

  private boolean isDevice() {
    return facts.text("kind").equals("device");
  }

  @Override
  public Optional<List<Extent>> written() {
    return Optional.of(known.written(size));
  }

  @Override
  public SourceInfo describe() {
    return known.describe(location(), host().name());
  }

  // ---- offers --------------------------------------------------------------------------------

  @Override
  public Optional<PageOffers> pageOffers() {
    return Optional.of(this);
  }

  @Override
  public PageOffer offer(long position, int length) {
    if (length < 1 || length > PageOffers.MOST || position < 0 || position > size - length) {
      throw new IllegalArgumentException("offer " + length + " bytes at " + position);
    }
    boolean begins;
    synchronized (this) {
      begins = !sweeping;
      sweeping = true;
    }
    if (begins) {
      host().beginSweep();
      recent.forgetAll();
    }
    return offers().offer(position, length);
  }

  @Override
  public int ahead() {
    return host().ahead();
  }

  @Override
  public void giveUp() {
    stop();
  }

  @Override
  public long movedBytes() {
    return moved();
  }

  @Override
  public void tell(Task task) {
    host().tellCuts(task);
    OptionalLong left = left();
    if (left.isEmpty()) {
      task.note("whether %s was cut off while it was read is not known".formatted(location()));
    } else if (left.getAsLong() < size) {
      task.finding(
          "%s ended at %d of %d bytes: it was cut off while it was read"
              .formatted(location(), left.getAsLong(), size));
    }
  }

  /**
   * The bytes it has by now; nothing when it does not say: all that is wanted is stored by then.
   */
  private OptionalLong left() {
    AgentLink used = lastLink();
    try (Waiting waiting = waiting()) {
      Patience soon = new Patience(LAST_WORD);
      AgentFrame answer =
          host().await(asked(used, AgentFrame.SIZE, new byte[0]), waiting, () -> false, soon);
      if (answer.kind() == AgentFrame.SIZED && answer.payload().length == Long.BYTES) {
        long now = answer.content().getLong();
        return now < 0 ? OptionalLong.empty() : OptionalLong.of(now);
      }
    } catch (CancelledException e) {
      throw e;
    } catch (LinkLostException | BlkshException e) {
      // then it is not known
    }
    return OptionalLong.empty();
  }

  @Override
  public void close() {
    if (!end()) {
      return;
    }
    synchronized (this) {
      if (sweeping) {
        host().endSweep();
      }
    }
    leave();
  }
}
