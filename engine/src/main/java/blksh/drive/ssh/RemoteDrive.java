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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A drive of another machine, or a file there, by an agent beside it. When the connection was cut
 * whoever waits makes another and goes on: what had arrived is not asked for again, and a drive
 * that is not the same any more is refused.
 */
final class RemoteDrive implements BlockSource, PageOffers, AgentLink.Listener {

  private static final int MOST_EXTENTS = 4096;

  /** How long is waited for what is good to know, but no more. */
  private static final Duration LAST_WORD = Duration.ofSeconds(20);

  private final RemoteHost host;
  private final String location;
  private final byte[] path;
  private final int channel;
  private final RecentBlocks recent = new RecentBlocks(this);
  private final AtomicLong moved = new AtomicLong();
  private final ReentrantLock opening = new ReentrantLock();
  private final RemoteOffers offers = new RemoteOffers(this);
  private final Patience patience;
  private Facts facts;
  private DriveFacts known;
  private long size;

  // Guarded by this.
  private AgentLink link;
  private boolean sweeping;
  private boolean givenUp;
  private boolean closed;

  private RemoteDrive(RemoteHost host, String location, byte[] path) {
    this.host = host;
    this.location = location;
    this.path = path;
    this.channel = host.nextChannel();
    this.patience = host.patience();
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

  // ---- the connection ------------------------------------------------------------------------

  /** The connection on which it is open, which is made again when it is dead. */
  AgentLink ready() {
    AgentLink used;
    synchronized (this) {
      used = link;
    }
    if (used != null && !used.isDead()) {
      return used;
    }
    try (Waiting waiting = waiting()) {
      waiting.take(opening);
    }
    try {
      return reopen();
    } finally {
      opening.unlock();
    }
  }

  private AgentLink reopen() {
    while (true) {
      AgentLink used;
      synchronized (this) {
        used = link;
      }
      if (used != null && !used.isDead()) {
        return used;
      }
      if (used != null && used.refusal() != null) {
        throw used.refusal();
      }
      AgentLink next = host.link(used, this::isGivenUp);
      try (Waiting waiting = waiting()) {
        openOn(next, waiting);
        return next;
      } catch (LinkLostException e) {
        if (next.refusal() != null) {
          throw next.refusal();
        }
      }
    }
  }

  private void openOn(AgentLink next, Waiting waiting) throws LinkLostException {
    next.listen(channel, this);
    try {
      openHere(next, waiting);
    } catch (RuntimeException e) {
      next.forget(channel);
      next.send(AgentFrame.CLOSE, channel, 0, new byte[0]);
      throw e;
    }
  }

  private void openHere(AgentLink next, Waiting waiting) throws LinkLostException {
    long began = System.nanoTime();
    AgentFrame answer =
        host.await(
            next.request(AgentFrame.OPEN, channel, path), waiting, this::isGivenUp, patience);
    if (answer.kind() == AgentFrame.FAILED) {
      throw refused(answer);
    }
    if (answer.kind() != AgentFrame.OPENED) {
      throw next.garbage("it answers something else than was asked");
    }
    Facts found = Facts.parse(answer.payload(), location);
    if (facts == null) {
      facts = mustBeADrive(next, found);
      known = new DriveFacts(facts);
      size = facts.number("size");
    } else {
      known.mustBeIn(found, location);
    }
    List<RemotePages> again;
    synchronized (this) {
      again = offers.beginOn(next, System.nanoTime() - began);
      link = next;
    }
    again.forEach(pages -> offers.ask(next, pages, pages.number()));
  }

  private Facts mustBeADrive(AgentLink next, Facts found) {
    long sector = found.number("sector");
    if (found.number("size") < 0 || sector < 512 || sector > 65536 || Long.bitCount(sector) != 1) {
      throw next.garbage("it tells no size or sector size of " + location);
    }
    return found;
  }

  private BlkshException refused(AgentFrame answer) {
    int code = answer.payload().length >= Integer.BYTES ? answer.content().getInt() : 0;
    String text = AgentLink.text(answer);
    BlkshException told = new BlkshException("open " + location, text);
    return switch (code) {
      case 2 -> new BlkshException("open " + location, "there is no such file or device there");
      case 1, 13 -> told.suggest("read it as root: sudo = true (--sudo)");
      default -> told;
    };
  }

  private Waiting waiting() {
    return new Waiting("read " + location, "waiting for " + host.name());
  }

  private synchronized boolean isGivenUp() {
    return givenUp || closed;
  }

  /**
   * Waits for something that comes over the connection.
   *
   * @param come asked while this is locked
   */
  void await(BooleanSupplier come) {
    patience.begin();
    try (Waiting waiting = waiting()) {
      while (true) {
        AgentLink used;
        synchronized (this) {
          if (come.getAsBoolean()) {
            return;
          }
          used = link;
          if (!used.isDead()) {
            waitHere();
          }
          if (come.getAsBoolean()) {
            return;
          }
        }
        waiting.check();
        if (isGivenUp()) {
          throw new CancelledException("read " + location);
        }
        if (used.isDead()) {
          ready();
          patience.answered();
        }
        patience.check(location);
      }
    } finally {
      patience.end();
    }
  }

  private void waitHere() {
    try {
      wait(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void came(AgentLink from, AgentFrame frame) {
    moved.addAndGet(AgentFrame.HEAD + frame.payload().length);
    offers.came(from, frame);
  }

  @Override
  public void works() {
    patience.works();
  }

  @Override
  public void rest() {
    recent.forgetStale();
  }

  int channel() {
    return channel;
  }

  Patience patience() {
    return patience;
  }

  /** Whether nobody wants an answer any more; while this is locked. */
  boolean isOver() {
    return givenUp || closed;
  }

  /** A failure of who does not answer as an agent does. */
  BlkshException garbage(String problem) {
    return new BlkshException("read " + location, problem)
        .suggest("find out what answers there, nothing of it was kept");
  }

  @Override
  public synchronized void lost() {
    notifyAll();
  }

  /** Asks for an answer that is a single frame, over other connections if need be. */
  AgentFrame ask(int kind, byte[] payload) {
    try (Waiting waiting = waiting()) {
      while (true) {
        AgentLink used = ready();
        try {
          return answered(await(asked(used, kind, payload), waiting));
        } catch (LinkLostException e) {
          if (used.refusal() != null) {
            throw used.refusal();
          }
        }
      }
    }
  }

  /** Asks on one connection. */
  CompletableFuture<AgentFrame> asked(AgentLink used, int kind, byte[] payload) {
    CompletableFuture<AgentFrame> answer = used.request(kind, channel, payload);
    answer.thenAccept(
        frame -> {
          moved.addAndGet(AgentFrame.HEAD + frame.payload().length);
          patience.answered();
        });
    return answer;
  }

  /** Waits for what was asked. */
  AgentFrame await(CompletableFuture<AgentFrame> answer, Waiting waiting) throws LinkLostException {
    return host.await(answer, waiting, this::isGivenUp, patience);
  }

  AgentFrame answered(AgentFrame answer) {
    if (answer.kind() == AgentFrame.FAILED) {
      throw failure(answer);
    }
    return answer;
  }

  /** The failure of this drive, which says nothing of the others of its host. */
  BlkshException failure(AgentFrame failed) {
    return new BlkshException("read " + location, AgentLink.text(failed))
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
      throw new BlkshException("read " + location, "it was closed");
    }
    int count = 0;
    while (target.hasRemaining() && position + count < size) {
      count += recent.read(position + count, target);
    }
    return count;
  }

  UnreadableException unreadable(long start, long length) {
    return new UnreadableException(location, start, length, IoFailure.text(5), null);
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
    return known.describe(location, host.name());
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
      host.beginSweep();
      recent.forgetAll();
    }
    return offers.offer(position, length);
  }

  @Override
  public int ahead() {
    return host.ahead();
  }

  @Override
  public synchronized void giveUp() {
    givenUp = true;
    offers.giveUp();
    notifyAll();
  }

  @Override
  public long movedBytes() {
    return moved.get();
  }

  @Override
  public void tell(Task task) {
    if (host.reconnects() > 0) {
      task.note(
          "the connection to %s was cut and made again, %d time%s"
              .formatted(host.name(), host.reconnects(), host.reconnects() == 1 ? "" : "s"));
    }
    OptionalLong left = left();
    if (left.isEmpty()) {
      task.note("whether %s was cut off while it was read is not known".formatted(location));
    } else if (left.getAsLong() < size) {
      task.finding(
          "%s ended at %d of %d bytes: it was cut off while it was read"
              .formatted(location, left.getAsLong(), size));
    }
  }

  /**
   * The bytes it has by now; nothing when it does not say: all that is wanted is stored by then.
   */
  private OptionalLong left() {
    AgentLink used;
    synchronized (this) {
      used = link;
    }
    try (Waiting waiting = waiting()) {
      Patience soon = new Patience(LAST_WORD);
      AgentFrame answer =
          host.await(asked(used, AgentFrame.SIZE, new byte[0]), waiting, () -> false, soon);
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
    AgentLink used;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      used = link;
      if (sweeping) {
        host.endSweep();
      }
      notifyAll();
    }
    if (used != null) {
      used.forget(channel);
      used.send(AgentFrame.CLOSE, channel, 0, new byte[0]);
    }
  }
}
