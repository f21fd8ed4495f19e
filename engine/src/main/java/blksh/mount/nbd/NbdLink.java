package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.io.IoFailure;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import jdk.net.ExtendedSocketOptions;

/**
 * One connection to a server, on which any number of requests may be under way. It dies once, for
 * good: when it is cut, when nothing comes for a while that is owed, or when what comes is no
 * answer. May be used from any thread; one thread of its own reads and another writes.
 */
final class NbdLink implements Closeable {

  private static final int CONNECT_MILLIS = 30_000;
  private static final long NEGOTIATE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How long a server may owe an answer and send nothing at all. */
  static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

  /** When a connection is tried on which nothing happens, in seconds; then each of some times. */
  private static final int KEEP_ALIVE_SECONDS = 30;

  private static final int KEEP_ALIVE_COUNT = 4;
  private static final int LONGEST_ERROR = 4096;

  /** Bytes of descriptors: more are refused, though a server that sends many is not wrong. */
  private static final int LONGEST_STATUS = 64 << 20;

  /** What takes leave of a server: it is not answered. */
  private static final ByteBuffer END =
      ByteBuffer.allocate(28)
          .putInt(0, NbdProtocol.REQUEST_MAGIC)
          .putShort(6, (short) NbdProtocol.CMD_DISC);

  private final NbdAddress address;
  private final Optional<String> bitmap;
  private final long silenceNanos;
  private final CompletableFuture<NbdTerms> begun = new CompletableFuture<>();
  private final long startedNanos = System.nanoTime();
  private final Map<Long, NbdRequest> pending = new ConcurrentHashMap<>();
  private final BlockingQueue<ByteBuffer> toSend = new LinkedBlockingQueue<>();
  private final AtomicLong cookies = new AtomicLong();
  private volatile ByteChannel channel;
  private volatile NbdWire wire;
  private volatile NbdTerms terms;
  private volatile long askedNanos;
  private volatile boolean useful;
  private volatile boolean silent;
  private volatile String death;
  private volatile BlkshException refusal;

  private NbdLink(NbdAddress address, Optional<String> bitmap, long silenceNanos) {
    this.address = address;
    this.bitmap = bitmap;
    this.silenceNanos = silenceNanos;
  }

  /**
   * Begins to connect and to haggle; {@link #terms} tells what it comes to.
   *
   * @param bitmap which is wanted with the export, and all others there are
   * @param silenceNanos how long nothing may come that is owed
   */
  static NbdLink begin(NbdAddress address, Optional<String> bitmap, long silenceNanos) {
    NbdLink link = new NbdLink(address, bitmap, silenceNanos);
    link.start("blksh-nbd-reader", link::read);
    return link;
  }

  private void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** How the export is served; fails when the connection is dead before. */
  CompletableFuture<NbdTerms> terms() {
    return begun;
  }

  /** The same, once it is agreed on: contexts have other numbers on another connection. */
  NbdTerms agreed() {
    return terms;
  }

  // ---- asking --------------------------------------------------------------------------------

  /** Asks; the answer fails when the link is dead, or dies of it. */
  void send(NbdRequest request) {
    long cookie = cookies.incrementAndGet();
    if (pending.isEmpty()) {
      askedNanos = System.nanoTime();
    }
    pending.put(cookie, request);
    toSend.add(request.head(cookie).flip());
    if (death != null) { // whoever dies after this look finds the request
      loseAll();
    }
  }

  /** Requests under way. */
  int underWay() {
    return pending.size();
  }

  /** Looks whether something is owed that does not come; by who waits for it. */
  void watch() {
    long now = System.nanoTime();
    NbdWire used = wire;
    if (death != null) {
      loseAll();
    } else if (terms == null) {
      if (now - startedNanos > NEGOTIATE_NANOS) {
        die("the server did not answer for %d seconds".formatted(NEGOTIATE_NANOS / 1_000_000_000));
      }
    } else if (!pending.isEmpty() && now - Math.max(used.heardNanos(), askedNanos) > silenceNanos) {
      silent = true;
      die("nothing came for %d seconds".formatted(silenceNanos / 1_000_000_000));
    }
  }

  private void write() {
    try {
      while (death == null) {
        ByteBuffer request = toSend.take();
        ByteBuffer bytes = request.duplicate();
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        if (request == END) {
          die("it was closed");
        }
      }
    } catch (IOException e) {
      die("the connection was cut: " + IoFailure.reason(e));
    } catch (InterruptedException e) {
      die("it was given up");
    }
  }

  // ---- being answered ------------------------------------------------------------------------

  private void read() {
    try {
      connect();
      NbdNegotiation negotiation = new NbdNegotiation(channel, address);
      NbdTerms agreed;
      try {
        agreed = negotiation.agree(bitmap);
      } catch (SSLException e) {
        throw negotiation.distrust(e);
      }
      channel = negotiation.channel();
      wire = negotiation.wire();
      terms = agreed;
      start("blksh-nbd-writer", this::write);
      begun.complete(agreed);
      while (death == null) {
        answer();
      }
    } catch (NbdGarbage e) {
      refuse(
          new BlkshException("read " + address, e.getMessage(), e)
              .suggest("find out what answers on " + address.server()));
    } catch (IOException e) {
      die(IoFailure.reason(e));
    } catch (BlkshException e) {
      refuse(e);
    } catch (Throwable e) { // nobody else would tell those who wait
      refuse(new BlkshException("read " + address, "an answer cannot be taken: " + e, e));
    }
  }

  private void connect() throws IOException {
    if (address.socket().isPresent()) {
      SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
      use(socket);
      try {
        socket.connect(UnixDomainSocketAddress.of(address.socket().get()));
      } catch (ConnectException e) {
        throw new IOException("nobody listens on the socket", e);
      }
      return;
    }
    InetAddress[] all;
    try {
      all = InetAddress.getAllByName(address.host());
    } catch (UnknownHostException e) {
      throw new IOException("there is no host of that name", e);
    }
    for (int i = 0; i < all.length; i++) {
      SocketChannel socket = SocketChannel.open();
      use(socket);
      try {
        socket.socket().connect(new InetSocketAddress(all[i], address.port()), CONNECT_MILLIS);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_ALIVE_SECONDS / 2);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEP_ALIVE_COUNT);
        return;
      } catch (IOException e) {
        socket.close();
        if (i == all.length - 1) {
          throw e;
        }
      }
    }
  }

  /** From now on who ends the link closes this. */
  private void use(ByteChannel used) throws IOException {
    channel = used;
    if (death != null) {
      used.close();
      throw new IOException(death);
    }
  }

  private void answer() throws IOException {
    int magic = wire.getInt();
    if (magic == NbdProtocol.SIMPLE_REPLY_MAGIC) {
      simple();
    } else if (magic == NbdProtocol.STRUCTURED_REPLY_MAGIC && terms.structured()) {
      chunk();
    } else {
      throw new NbdGarbage("it sends something that is no answer");
    }
  }

  private void simple() throws IOException {
    int error = wire.getInt();
    long cookie = wire.getLong();
    NbdRequest request = request(cookie);
    if (error != 0) {
      request.fail(error, -1, "");
    } else if (terms.structured()) {
      throw new NbdGarbage("it does not say where what it sends belongs");
    } else {
      request.takeSimple(wire);
    }
    end(cookie, request);
  }

  private void chunk() throws IOException {
    int flags = wire.getShort();
    int type = wire.getShort();
    long cookie = wire.getLong();
    long length = Integer.toUnsignedLong(wire.getInt());
    NbdRequest request = request(cookie);
    request.chunk();
    boolean done = (flags & NbdProtocol.REPLY_FLAG_DONE) != 0;
    if ((type & NbdProtocol.REPLY_TYPE_ERRORS) != 0) {
      error(request, type, length);
    } else {
      content(request, type, length, done);
    }
    if (done) {
      end(cookie, request);
    }
  }

  private void content(NbdRequest request, int type, long length, boolean done) throws IOException {
    switch (type) {
      case NbdProtocol.REPLY_TYPE_NONE -> mustBe(length == 0 && done);
      case NbdProtocol.REPLY_TYPE_OFFSET_DATA -> {
        mustBe(length > Long.BYTES && length - Long.BYTES <= request.length);
        request.takeData(wire.getLong(), (int) (length - Long.BYTES), wire);
      }
      case NbdProtocol.REPLY_TYPE_OFFSET_HOLE -> {
        mustBe(length == Long.BYTES + Integer.BYTES);
        long at = wire.getLong();
        request.takeHole(at, Integer.toUnsignedLong(wire.getInt()));
      }
      case NbdProtocol.REPLY_TYPE_BLOCK_STATUS -> {
        long all = length - Integer.BYTES;
        mustBe(all > 0 && all % Long.BYTES == 0 && length <= LONGEST_STATUS);
        request.takeStatus(wire.getInt(), (int) (all / Long.BYTES), wire);
      }
      default -> throw new NbdGarbage("it sends a part of an answer of no kind that is known");
    }
  }

  private void error(NbdRequest request, int type, long length) throws IOException {
    boolean placed = type == NbdProtocol.REPLY_TYPE_ERROR_OFFSET;
    int least = Integer.BYTES + Short.BYTES + (placed ? Long.BYTES : 0);
    mustBe(length >= least && length <= least + LONGEST_ERROR);
    int number = wire.getInt();
    int words = wire.getShort();
    mustBe(words <= length - least);
    String text = wire.text(words);
    long at = placed ? wire.getLong() : -1;
    wire.skip(length - least - words);
    request.fail(number, at, text);
  }

  private static void mustBe(boolean right) throws NbdGarbage {
    if (!right) {
      throw new NbdGarbage("a part of an answer has another length than it must");
    }
  }

  private NbdRequest request(long cookie) throws NbdGarbage {
    NbdRequest request = pending.get(cookie);
    if (request == null) {
      throw new NbdGarbage("it answers what was not asked");
    }
    return request;
  }

  private void end(long cookie, NbdRequest request) throws IOException {
    if (request.error() == NbdProtocol.ESHUTDOWN || request.error() == NbdProtocol.ENOMEM) {
      throw new IOException("the server ends, or has no memory");
    }
    request.end(); // while it can still be lost: it may not be whole
    pending.remove(cookie);
    useful = true;
  }

  // ---- dying ---------------------------------------------------------------------------------

  /**
   * Dies of what another link would die of too; not of what it makes of the rest once it is dead.
   */
  private void refuse(BlkshException why) {
    synchronized (this) {
      if (death != null) {
        return; // what was asked is lost already, so its answer seems not to have been asked for
      }
      refusal = why;
    }
    die(why.problem());
  }

  private void die(String why) {
    synchronized (this) {
      if (death != null) {
        return;
      }
      death = why;
    }
    ByteChannel used = channel;
    if (used != null) {
      try {
        used.close();
      } catch (IOException e) {
        // it is of no use any more
      }
    }
    toSend.add(END); // for the thread that waits for something to send
    loseAll();
  }

  private void loseAll() {
    IOException lost = new IOException(death);
    begun.completeExceptionally(lost);
    pending
        .keySet()
        .forEach(
            cookie -> {
              NbdRequest request = pending.remove(cookie);
              if (request != null) {
                request.lose(lost);
              }
            });
  }

  boolean isDead() {
    return death != null;
  }

  /** Why it died. */
  String death() {
    return death;
  }

  /** What it was refused for, when another one would be as well; else null. */
  BlkshException refusal() {
    return refusal;
  }

  /** Whether it died of what was owed and did not come. */
  boolean wasSilent() {
    return silent;
  }

  /** Whether anything was answered. */
  boolean wasUseful() {
    return useful;
  }

  /** Takes leave of the server, and does not wait for that. */
  @Override
  public void close() {
    if (terms == null) {
      die("it was closed");
      return;
    }
    toSend.add(END);
    CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(() -> die("it was closed"));
  }
}
