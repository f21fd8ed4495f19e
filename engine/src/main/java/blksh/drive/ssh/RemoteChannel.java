package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.task.CancelledException;
import blksh.task.Waiting;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Something that is open on another machine, by a channel to an agent. When the connection was cut
 * whoever waits makes another and has it opened again there; what is not the same any more is
 * refused.
 */
abstract class RemoteChannel implements AgentLink.Listener {

  private final RemoteHost host;
  private final String location;

  /** What is done with it, for messages: {@code "read"}. */
  private final String verb;

  private final int channel;
  private final AtomicLong moved = new AtomicLong();
  private final ReentrantLock opening = new ReentrantLock();
  private final Patience patience;
  private final RemoteOffers offers = new RemoteOffers(this);

  // Guarded by this.
  private AgentLink link;
  private boolean givenUp;
  private boolean closed;

  RemoteChannel(RemoteHost host, String location, String verb) {
    this.host = host;
    this.location = location;
    this.verb = verb;
    this.channel = host.nextChannel();
    this.patience = host.patience();
  }

  // ---- what it is that is open ---------------------------------------------------------------

  /** Asks for it to be opened. */
  abstract CompletableFuture<AgentFrame> request(AgentLink next);

  /**
   * Takes what is told of it, the first time and after each cut.
   *
   * @throws BlkshException when it is not what it was
   */
  abstract void opened(AgentLink next, AgentFrame answer);

  /** The failure of an opening that was refused. */
  abstract BlkshException refused(AgentFrame answer);

  /** The failure when no connection is to be had any more. */
  BlkshException lostForGood(BlkshException why) {
    return why;
  }

  /**
   * What counts on the connection before counts on this one, to which all goes that is asked from
   * now on; while this is locked.
   *
   * @return sends it again
   */
  Runnable goOn(AgentLink next) {
    return () -> {};
  }

  /** Whether the other side keeps bytes until it is told which are wanted. */
  boolean keepsBytes() {
    return true;
  }

  /** The kind of the question for digests. */
  int hashing() {
    return AgentFrame.HASH;
  }

  // ---- the connection ------------------------------------------------------------------------

  RemoteHost host() {
    return host;
  }

  String location() {
    return location;
  }

  RemoteOffers offers() {
    return offers;
  }

  int channel() {
    return channel;
  }

  Patience patience() {
    return patience;
  }

  /** Bytes that came for it. */
  long moved() {
    return moved.get();
  }

  /** Notes bytes that are moved. */
  void move(long bytes) {
    moved.addAndGet(bytes);
  }

  /** The connection on which it was opened last; null before. */
  synchronized AgentLink lastLink() {
    return link;
  }

  /** The connection on which it is open, which is made again when it is dead. */
  AgentLink ready() {
    AgentLink used = lastLink();
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
      AgentLink used = lastLink();
      if (used != null && !used.isDead()) {
        return used;
      }
      if (used != null && used.refusal() != null) {
        throw used.refusal();
      }
      AgentLink next = link(used);
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

  private AgentLink link(AgentLink used) {
    try {
      return host.link(used, this::isGivenUp);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      throw lostForGood(e);
    }
  }

  private void openOn(AgentLink next, Waiting waiting) throws LinkLostException {
    next.listen(channel, this);
    try {
      long began = System.nanoTime();
      AgentFrame answer = await(request(next), waiting);
      if (answer.kind() == AgentFrame.FAILED) {
        throw refused(answer);
      }
      opened(next, answer);
      begin(next, System.nanoTime() - began);
    } catch (RuntimeException e) {
      next.forget(channel);
      next.send(AgentFrame.CLOSE, channel, 0, new byte[0]);
      throw e;
    }
  }

  private void begin(AgentLink next, long nanos) {
    Iterable<RemotePages> again;
    Runnable goingOn;
    synchronized (this) {
      again = offers.beginOn(next, nanos);
      goingOn = goOn(next);
      link = next;
    }
    again.forEach(pages -> offers.ask(next, pages, pages.number()));
    goingOn.run();
  }

  Waiting waiting() {
    return new Waiting(verb + " " + location, "waiting for " + host.name());
  }

  synchronized boolean isGivenUp() {
    return givenUp || closed;
  }

  /** Whether nobody wants an answer any more; while this is locked. */
  boolean isOver() {
    return givenUp || closed;
  }

  /** Has nobody wait any more. */
  synchronized void stop() {
    givenUp = true;
    offers.giveUp();
    notifyAll();
  }

  /**
   * Ends it here, once.
   *
   * @return whether it was open until now
   */
  synchronized boolean end() {
    boolean open = !closed;
    closed = true;
    notifyAll();
    return open;
  }

  /** Ends it there. */
  void leave() {
    AgentLink used = lastLink();
    if (used != null) {
      used.forget(channel);
      used.send(AgentFrame.CLOSE, channel, 0, new byte[0]);
    }
  }

  // ---- asking --------------------------------------------------------------------------------

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
          throw new CancelledException(verb + " " + location);
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

  /** A failure of who does not answer as an agent does. */
  BlkshException garbage(String problem) {
    return new BlkshException(verb + " " + location, problem)
        .suggest("find out what answers there, nothing of it was kept");
  }

  /** The failure of this drive, which says nothing of the others of its host. */
  abstract BlkshException failure(AgentFrame failed);
}
