package blksh.mount.nbd;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.WritableSource;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.mount.TrafficMeter;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client that reads and writes an export. One thread receives its requests, and as many as it
 * keeps busy, up to eight, answer them in any order; each has one buffer, so that what a client can
 * make the server hold is bounded however much it asks for.
 *
 * <p>What cannot be read is answered with an error. When a simple reply has begun by then, which
 * has no room for one, the connection is cut.
 */
final class NbdConnection {

  /** Bytes read or written at once. */
  static final int PIECE = 256 << 10;

  private static final int MOST_WORKERS = 8;
  private static final int MOST_WAITING = 64;
  private static final int MOST_EXTENTS = 4096;
  private static final int REQUEST = 28;

  private final NbdClient client;
  private final NbdExport export;
  private final BlockSource source;
  private final boolean structured;
  private final boolean allocation;
  private final TrafficMeter traffic;
  private final String name;
  private final BlockingQueue<Request> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final AtomicInteger unanswered = new AtomicInteger();
  private final Object sending = new Object();
  private int workers;
  private final KnownData known = new KnownData();

  private record Request(
      int command, int flags, long cookie, long position, int length, byte[] data) {}

  private static final Request END = new Request(-1, 0, 0, 0, 0, null);

  NbdConnection(NbdClient client, NbdHandshake.Terms terms, TrafficMeter traffic, String name) {
    this.client = client;
    this.export = terms.export();
    this.source = export.source();
    this.structured = terms.structured();
    this.allocation = terms.allocation();
    this.traffic = traffic;
    this.name = name;
  }

  /** Serves until the client is done, and everything it asked for before is answered. */
  void serve() throws IOException, InterruptedException {
    ByteBuffer head = ByteBuffer.allocateDirect(REQUEST);
    ByteBuffer body = ByteBuffer.allocateDirect(PIECE);
    Thread[] threads = new Thread[MOST_WORKERS];
    try {
      while (true) {
        head.clear();
        if (!receive(head, true)) {
          return;
        }
        head.flip();
        if (head.getInt() != NbdProtocol.REQUEST_MAGIC) {
          throw new IOException("no request where one was expected");
        }
        client.asked();
        int flags = Short.toUnsignedInt(head.getShort());
        int command = Short.toUnsignedInt(head.getShort());
        long cookie = head.getLong();
        long position = head.getLong();
        long length = Integer.toUnsignedLong(head.getInt());
        if (command == NbdProtocol.CMD_DISC) {
          return;
        }
        if (command == NbdProtocol.CMD_WRITE) {
          receiveWrite(flags, cookie, position, length, body);
          continue;
        }
        int error = check(command, flags, position, length);
        if (error != 0) {
          refuse(cookie, error);
        } else {
          submit(new Request(command, flags, cookie, position, (int) length, null), threads);
        }
      }
    } finally {
      for (int i = 0; i < workers; i++) {
        waiting.put(END);
      }
      for (int i = 0; i < workers; i++) {
        threads[i].join();
      }
    }
  }

  private void submit(Request request, Thread[] threads) throws InterruptedException {
    if (unanswered.incrementAndGet() > workers && workers < MOST_WORKERS) {
      Thread worker = new Thread(this::answerRequests, name + "-" + (workers + 1));
      worker.setDaemon(true);
      threads[workers++] = worker;
      worker.start();
    }
    waiting.put(request);
  }

  /** Zero when the request may be carried out, else why not. */
  private int check(int command, int flags, long position, long length) {
    boolean inside = position >= 0 && length <= source.size() && position <= source.size() - length;
    int allowed =
        switch (command) {
          case NbdProtocol.CMD_READ -> 0;
          case NbdProtocol.CMD_BLOCK_STATUS -> NbdProtocol.CMD_FLAG_REQ_ONE;
          case NbdProtocol.CMD_WRITE_ZEROES ->
              NbdProtocol.CMD_FLAG_FUA | NbdProtocol.CMD_FLAG_NO_HOLE;
          case NbdProtocol.CMD_WRITE, NbdProtocol.CMD_TRIM, NbdProtocol.CMD_FLUSH ->
              NbdProtocol.CMD_FLAG_FUA;
          default -> -1;
        };
    if (allowed < 0 || (flags & ~allowed) != 0) {
      return NbdProtocol.EINVAL;
    }
    return switch (command) {
      case NbdProtocol.CMD_READ ->
          !inside
              ? NbdProtocol.EINVAL
              : length > NbdProtocol.LARGEST_REQUEST ? NbdProtocol.EOVERFLOW : 0;
      case NbdProtocol.CMD_BLOCK_STATUS ->
          !allocation || !inside || length == 0 ? NbdProtocol.EINVAL : 0;
      case NbdProtocol.CMD_FLUSH -> position != 0 || length != 0 ? NbdProtocol.EINVAL : 0;
      default -> !export.writable() ? NbdProtocol.EPERM : inside ? 0 : NbdProtocol.ENOSPC;
    };
  }

  private void answerRequests() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    try {
      while (true) {
        Request request = waiting.take();
        if (request == END) {
          return;
        }
        answer(request, buffer);
        unanswered.decrementAndGet();
      }
    } catch (IOException | InterruptedException e) {
      client.close();
      drain();
    } catch (RuntimeException | Error e) {
      traffic.failed(e);
      client.close();
      drain();
    }
  }

  /** Takes what nobody will be told of any more, so that the receiving thread never waits. */
  private void drain() {
    try {
      while (waiting.take() != END) {
        unanswered.decrementAndGet();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(Request request, ByteBuffer buffer) throws IOException {
    try {
      switch (request.command) {
        case NbdProtocol.CMD_READ -> read(request, buffer);
        case NbdProtocol.CMD_BLOCK_STATUS -> blockStatus(request);
        default -> {
          change(request);
          done(request.cookie);
        }
      }
    } catch (RuntimeException e) {
      traffic.failed(e);
      refuse(request.cookie, errorNumber(e));
    }
  }

  private static int errorNumber(Throwable failure) {
    return IoFailure.of(failure) == IoFailure.NO_SPACE ? NbdProtocol.ENOSPC : NbdProtocol.EIO;
  }

  // ---- reading -------------------------------------------------------------------------------

  private void read(Request request, ByteBuffer buffer) throws IOException {
    if (structured) {
      readStructured(request, buffer);
    } else {
      readSimple(request, buffer);
    }
    traffic.read(request.length);
  }

  private void readSimple(Request request, ByteBuffer buffer) throws IOException {
    long end = request.position + request.length;
    long at = request.position;
    fill(at, end, buffer);
    synchronized (sending) {
      send(
          ByteBuffer.allocate(16)
              .putInt(NbdProtocol.SIMPLE_REPLY_MAGIC)
              .putInt(0)
              .putLong(request.cookie)
              .flip(),
          buffer);
      try {
        for (at += PIECE; at < end; at += PIECE) {
          fill(at, end, buffer);
          send(buffer);
        }
      } catch (RuntimeException e) {
        traffic.failed(e);
        throw new IOException("unreadable after the reply had begun", e);
      }
    }
  }

  private void fill(long at, long end, ByteBuffer buffer) {
    buffer.clear().limit((int) Math.min(PIECE, end - at));
    int wanted = buffer.remaining();
    int count = source.read(at, buffer);
    if (count != wanted) {
      throw new UnreadableException(
          source.describe().toString(), at + count, wanted - count, "it ends there", null);
    }
    buffer.flip();
  }

  /** One chunk for each hole and each piece of data, and one for the first byte that fails. */
  private void readStructured(Request request, ByteBuffer buffer) throws IOException {
    if (request.length == 0) {
      done(request.cookie);
      return;
    }
    long end = request.position + request.length;
    long at = request.position;
    while (at < end) {
      Extent extent = extentAt(at).clip(at, end);
      if (extent.kind().readsAsZeros()) {
        at = extent.end();
        synchronized (sending) {
          send(
              chunk(request.cookie, NbdProtocol.REPLY_TYPE_OFFSET_HOLE, at == end, 12, 12)
                  .putLong(extent.start())
                  .putInt((int) extent.length())
                  .flip());
        }
      } else {
        while (at < extent.end()) {
          at = sendData(request, at, extent.end(), end, buffer);
        }
      }
    }
  }

  private Extent extentAt(long at) {
    Extent data = known.at(at);
    if (data == null) {
      data = source.extents(at, source.size() - at).next();
      known.add(data);
    }
    return data;
  }

  private long sendData(Request request, long at, long to, long end, ByteBuffer buffer)
      throws IOException {
    try {
      fill(at, to, buffer);
    } catch (UnreadableException e) {
      long good = Math.max(0, Math.min(e.start(), to) - at);
      if (good > 0) {
        sendData(request.cookie, at, buffer.position(0).limit((int) good), false);
      }
      traffic.failed(e);
      synchronized (sending) {
        send(
            chunk(request.cookie, NbdProtocol.REPLY_TYPE_ERROR_OFFSET, true, 14, 14)
                .putInt(NbdProtocol.EIO)
                .putShort((short) 0)
                .putLong(at + good)
                .flip());
      }
      return Long.MAX_VALUE;
    }
    long next = at + buffer.remaining();
    sendData(request.cookie, at, buffer, next == end);
    return next;
  }

  private void sendData(long cookie, long at, ByteBuffer data, boolean last) throws IOException {
    synchronized (sending) {
      send(
          chunk(cookie, NbdProtocol.REPLY_TYPE_OFFSET_DATA, last, 8 + data.remaining(), 8)
              .putLong(at)
              .flip(),
          data);
    }
  }

  private void blockStatus(Request request) throws IOException {
    long end = request.position + request.length;
    boolean one = (request.flags & NbdProtocol.CMD_FLAG_REQ_ONE) != 0;
    Iterator<Extent> extents =
        source.extents(request.position, Integer.toUnsignedLong(request.length));
    ByteBuffer found = ByteBuffer.allocate(MOST_EXTENTS * 8);
    int state = -1;
    long length = 0;
    while (extents.hasNext() && found.remaining() >= 16) {
      Extent extent = extents.next();
      known.add(extent);
      int next = extent.kind().readsAsZeros() ? NbdProtocol.STATE_HOLE | NbdProtocol.STATE_ZERO : 0;
      if (next != state && state >= 0) {
        found.putInt((int) length).putInt(state);
        length = 0;
        if (one) {
          break;
        }
      }
      state = next;
      length += extent.length();
    }
    if (length > 0) {
      found.putInt((int) length).putInt(state);
    }
    found.flip();
    synchronized (sending) {
      send(
          chunk(request.cookie, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, true, 4 + found.remaining(), 4)
              .putInt(NbdProtocol.BASE_ALLOCATION_ID)
              .flip(),
          found);
    }
  }

  // ---- writing -------------------------------------------------------------------------------

  /** Takes the data of a write piece by piece and carries it out at once. */
  private void receiveWrite(int flags, long cookie, long position, long length, ByteBuffer body)
      throws IOException {
    if (length > NbdProtocol.LARGEST_REQUEST) {
      throw new IOException("a write of " + length + " bytes");
    }
    int error = check(NbdProtocol.CMD_WRITE, flags, position, length);
    long at = position;
    long end = position + length;
    while (at != end) {
      body.clear().limit((int) Math.min(PIECE, end - at));
      receive(body, false);
      body.flip();
      int count = body.remaining();
      if (error == 0) {
        try {
          ((WritableSource) source).write(at, body);
        } catch (RuntimeException e) {
          traffic.failed(e);
          error = errorNumber(e);
        }
      }
      at += count;
    }
    if (error == 0 && (flags & NbdProtocol.CMD_FLAG_FUA) != 0) {
      try {
        ((WritableSource) source).sync();
      } catch (RuntimeException e) {
        traffic.failed(e);
        error = errorNumber(e);
      }
    }
    if (error != 0) {
      refuse(cookie, error);
    } else {
      traffic.wrote(length);
      done(cookie);
    }
  }

  private void change(Request request) {
    if (!(source instanceof WritableSource writable)) {
      return; // a flush of what nobody can write
    }
    long length = Integer.toUnsignedLong(request.length);
    if (request.command == NbdProtocol.CMD_TRIM
        || request.command == NbdProtocol.CMD_WRITE_ZEROES) {
      writable.zero(request.position, length);
      traffic.wrote(length);
    }
    if (request.command == NbdProtocol.CMD_FLUSH
        || (request.flags & NbdProtocol.CMD_FLAG_FUA) != 0) {
      writable.sync();
    }
  }

  // ---- the socket ----------------------------------------------------------------------------

  private void done(long cookie) throws IOException {
    synchronized (sending) {
      send(
          structured
              ? chunk(cookie, NbdProtocol.REPLY_TYPE_NONE, true, 0, 0).flip()
              : ByteBuffer.allocate(16)
                  .putInt(NbdProtocol.SIMPLE_REPLY_MAGIC)
                  .putInt(0)
                  .putLong(cookie)
                  .flip());
    }
  }

  private void refuse(long cookie, int error) throws IOException {
    synchronized (sending) {
      send(
          structured
              ? chunk(cookie, NbdProtocol.REPLY_TYPE_ERROR, true, 6, 6)
                  .putInt(error)
                  .putShort((short) 0)
                  .flip()
              : ByteBuffer.allocate(16)
                  .putInt(NbdProtocol.SIMPLE_REPLY_MAGIC)
                  .putInt(error)
                  .putLong(cookie)
                  .flip());
    }
  }

  /** The head of a chunk, with room for the first bytes of its content. */
  private static ByteBuffer chunk(long cookie, int type, boolean last, int length, int room) {
    return ByteBuffer.allocate(20 + room)
        .putInt(NbdProtocol.STRUCTURED_REPLY_MAGIC)
        .putShort((short) (last ? NbdProtocol.REPLY_FLAG_DONE : 0))
        .putShort((short) type)
        .putLong(cookie)
        .putInt(length);
  }

  private void send(ByteBuffer... parts) throws IOException {
    long left = 0;
    for (ByteBuffer part : parts) {
      left += part.remaining();
    }
    while (left > 0) {
      left -= client.write(parts);
    }
  }

  /** Fills a buffer; false when the client hung up before it, where it may. */
  private boolean receive(ByteBuffer buffer, boolean mayEnd) throws IOException {
    while (buffer.hasRemaining()) {
      if (client.read(buffer, !mayEnd || buffer.position() > 0) < 0) {
        if (mayEnd && buffer.position() == 0) {
          return false;
        }
        throw new EOFException();
      }
    }
    return true;
  }
}
