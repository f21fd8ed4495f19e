package blksh.drive.ssh;

import blksh.BlkshException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was sent to a remote target and is not known to be written. When the connection was cut it
 * is sent again on the next. Each says where it belongs, so to write one twice does no harm.
 */
final class RemoteWrites {

  /** Bytes that may be on their way: more than a long and fast wire holds. */
  private static final long MOST_BYTES = 4 << 20;

  private static final int MOST = 1024;

  /** What the wire is measured by is not less. */
  private static final long MEASURED = 16 << 10;

  private final RemoteChannel target;
  private final PackLevels levels;
  private final Flushed flushed;

  // Guarded by the target.
  private Map<Integer, Sent> open = new LinkedHashMap<>();
  private long bytes;
  private long written;
  private long answeredNanos;
  private BlkshException failure;
  private boolean begun;

  /** How many were answered that have written something, by whichever connection. */
  private long effects;

  /** Who is told that what was sent before is durable; while the target is locked. */
  interface Flushed {

    /**
     * @param position that was given with it
     * @param connection likewise: it says nothing of what went by another
     * @param effects what had been answered when it was asked
     */
    void flushed(long position, int connection, long effects);
  }

  /** On which connection it was sent as what. */
  private record Sent(AgentLink link, int kind, byte[] payload) {}

  RemoteWrites(RemoteChannel target, PackLevels levels, Flushed flushed) {
    this.target = target;
    this.levels = levels;
    this.flushed = flushed;
  }

  /** Sends one when there is room. */
  void send(int kind, byte[] payload) {
    target.await(() -> failure != null || hasRoom());
    AgentLink used;
    int number;
    synchronized (target) {
      mustHaveWorked();
      used = target.lastLink();
      number = used.nextNumber();
      if (open.isEmpty()) {
        answeredNanos = System.nanoTime();
      }
      open.put(number, new Sent(used, kind, payload));
      begun |= kind != AgentFrame.FLUSH;
      bytes += payload.length;
    }
    put(used, number, kind, payload);
  }

  private boolean hasRoom() {
    return bytes < MOST_BYTES && open.size() < MOST;
  }

  private void mustHaveWorked() {
    if (failure != null) {
      throw failure;
    }
  }

  /** Waits until all is written. */
  void await() {
    target.await(() -> failure != null || open.isEmpty());
    synchronized (target) {
      mustHaveWorked();
    }
  }

  /** Whether anything was sent that may have been written. */
  boolean haveBegun() {
    synchronized (target) {
      return begun;
    }
  }

  /** Asks for all that was sent before to be made durable. @param connection for who is told */
  void flush(long position, int connection) {
    ByteBuffer payload = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES);
    payload.putLong(position).putInt(connection);
    synchronized (target) { // what is answered by now was written before it
      payload.putLong(effects);
    }
    send(AgentFrame.FLUSH, payload.array());
  }

  /** What changes when something was written; asked while the target is locked. */
  long effects() {
    return effects;
  }

  /** Whether nothing is on its way; asked while the target is locked. */
  boolean areAnswered() {
    return open.isEmpty();
  }

  /** Bytes that were written, of those that are known to be. */
  long written() {
    synchronized (target) {
      return written;
    }
  }

  /**
   * Has all be on another connection, where it is given new numbers; while the target is locked, so
   * that none is sent meanwhile: numbers are those of a connection.
   *
   * @return sends it there
   */
  Runnable goOn(AgentLink next) {
    Map<Integer, Sent> again = new LinkedHashMap<>();
    open.values()
        .forEach(sent -> again.put(next.nextNumber(), new Sent(next, sent.kind, sent.payload)));
    open = new LinkedHashMap<>(again);
    answeredNanos = System.nanoTime();
    return () -> again.forEach((number, sent) -> put(next, number, sent.kind, sent.payload));
  }

  private void put(AgentLink link, int number, int kind, byte[] payload) {
    target.move(AgentFrame.HEAD + payload.length);
    link.send(kind, target.channel(), number, payload);
  }

  /** Takes an answer, if it is one to these. */
  boolean came(AgentLink from, AgentFrame frame) {
    synchronized (target) {
      Sent sent = open.get(frame.number());
      if (sent == null || sent.link != from) {
        // What another connection was asked is asked again, and answers to it count no more.
        return frame.kind() == AgentFrame.WROTE && (from != target.lastLink() || target.isOver());
      }
      if (frame.kind() == AgentFrame.FAILED) {
        failure = target.failure(frame);
      } else if (frame.kind() != AgentFrame.WROTE || frame.payload().length != Long.BYTES) {
        throw target.garbage("it answers something else than was asked");
      } else {
        long count = Math.max(0, frame.content().getLong());
        written += count;
        boolean idle = sent.kind == AgentFrame.FLUSH || sent.kind == AgentFrame.ZERO && count == 0;
        effects += idle ? 0 : 1;
        if (sent.kind == AgentFrame.FLUSH) {
          ByteBuffer asked = ByteBuffer.wrap(sent.payload);
          flushed.flushed(asked.getLong(), asked.getInt(), asked.getLong());
        }
      }
      open.remove(frame.number());
      bytes -= sent.payload.length;
      long now = System.nanoTime();
      if (sent.payload.length > MEASURED) {
        levels.sent(sent.payload.length, now - answeredNanos);
      }
      if (sent.payload.length > MEASURED || sent.kind == AgentFrame.FLUSH) {
        answeredNanos = now; // a flush says nothing of the wire
      }
      from.progress();
      target.patience().answered();
      target.notifyAll();
      return true;
    }
  }
}
