package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.task.CancelledException;
import blksh.task.Waiting;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One connection to an agent, shared by the open drives of a host. It dies once, for good: when it
 * is cut, when nothing is heard for a while, or when what comes is no answer of an agent. May be
 * used from any thread.
 */
final class AgentLink implements Closeable {

  private static final String SOURCE = "agent.py";

  /** What an agent must know to write. */
  private static final String TARGET_SOURCE = "target.py";

  private static final int VERSION = 1;
  private static final long PING_SECONDS = 10;

  /** What is read at once of a frame that is long: a slow wire takes a while for all of it. */
  private static final int PIECE = 16 << 10;

  /** Who is told what comes for a drive; by the thread that reads. */
  interface Listener {
    /**
     * @param link on which it came, which may not be in use any more
     * @throws BlkshException when it is no answer to what was asked
     */
    void came(AgentLink link, AgentFrame frame);

    /** Nothing came, but it is being worked on. */
    void works();

    /** The link has died. */
    void lost();

    /** Another second has passed. */
    default void rest() {}
  }

  private final Login login;
  private final OutputStream out;
  private final WireTimes times;
  private final PacedWire wire;
  private final Map<Integer, Listener> listeners = new ConcurrentHashMap<>();
  private final Map<Integer, Request> requests = new ConcurrentHashMap<>();

  /** All that ever were open on it: answers may still come for those that are not. */
  private final Set<Integer> channels = ConcurrentHashMap.newKeySet();

  private final AtomicInteger numbers = new AtomicInteger();
  private final Object teaching = new Object();
  private CompletableFuture<AgentFrame> taught; // guarded by the above
  private final AtomicLong moved;
  private final CompletableFuture<AgentFrame> hello = new CompletableFuture<>();
  private volatile long heardNanos = System.nanoTime();

  private volatile boolean useful;

  /** Whether it can pack and unpack by zstd. */
  private volatile boolean zstd;

  private volatile String death;
  private volatile BlkshException refusal;

  /** What was asked, and who waits for the answer. */
  private record Request(int channel, int wanted, CompletableFuture<AgentFrame> answer) {}

  private AgentLink(Login login, AtomicLong moved, WireTimes times, PacedWire wire) {
    this.login = login;
    this.out = login.out();
    this.moved = moved;
    this.times = times;
    this.wire = wire;
  }

  /** The source of the agent, as it is sent. */
  static byte[] source() {
    return source(SOURCE);
  }

  private static byte[] source(String name) {
    try (InputStream in = AgentLink.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Has the agent run in a login where python3 answered.
   *
   * @param moved counts the bytes that come
   * @param times how long is waited for it
   * @param wire held to what may be moved
   * @throws SshRefusal when it does not run
   */
  static AgentLink begin(
      Login login, byte[] source, AtomicLong moved, WireTimes times, PacedWire wire) {
    AgentLink link = new AgentLink(login, moved, times, wire);
    wire.note(source.length);
    try {
      link.out.write(source);
      link.out.flush();
    } catch (IOException e) {
      link.die("it ended before the agent ran");
    }
    link.start("blksh-ssh-reader", link::read);
    link.start("blksh-ssh-watch", link::watch);
    link.start("blksh-ssh-ping", link::ping);
    try {
      link.mustBeOurs(link.hello.get(times.login().toNanos(), TimeUnit.NANOSECONDS));
      link.pace();
      return link;
    } catch (InterruptedException e) {
      link.close();
      Thread.currentThread().interrupt();
      throw new CancelledException("reach " + login.target());
    } catch (ExecutionException | TimeoutException e) {
      link.close();
      throw link.notRunning();
    } catch (RuntimeException e) {
      link.close();
      throw e;
    }
  }

  private SshRefusal notRunning() {
    login.awaitEnd(2);
    String words = login.lastWords();
    if (words.contains("older than 3.6")) {
      return new SshRefusal(
          SshFailure.Kind.FINAL,
          new BlkshException("work on " + login.target(), "its python3 is older than 3.6")
              .suggest("install a newer one there"));
    }
    SshFailure.Kind kind =
        words.isEmpty() ? SshFailure.Kind.BUSY : SshFailure.kind(login.said(), false);
    String problem = words.isEmpty() ? String.valueOf(death) : "it says \"" + words + "\"";
    return new SshRefusal(
        refusal == null ? kind : SshFailure.Kind.FINAL,
        refusal != null
            ? refusal
            : new BlkshException("run the agent on " + login.target(), problem)
                .suggest("see that python3 runs there"));
  }

  private void mustBeOurs(AgentFrame frame) {
    Facts facts = Facts.parse(frame.payload(), "the greeting of " + login.target());
    if (facts.number("version") != VERSION) {
      throw new SshRefusal(
          SshFailure.Kind.FINAL,
          new BlkshException(
              "work on " + login.target(), "the agent there is not the one that was sent"));
    }
    zstd = facts.number("zstd") == 1;
  }

  /** Whether the other side unpacks zstd. */
  boolean knowsZstd() {
    return zstd;
  }

  /** Has the agent send no faster: what is held up here only would be on the wire already. */
  void pace() {
    wire.rate()
        .map(rate -> ByteBuffer.allocate(Long.BYTES).putLong(rate).array())
        .ifPresent(rate -> send(AgentFrame.PACE, 0, 0, rate));
  }

  private void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  // ---- asking --------------------------------------------------------------------------------

  /** A number for a request, used once. */
  int nextNumber() {
    return numbers.incrementAndGet();
  }

  /** Sends a frame, unless the link is dead, or dies of it. */
  void send(int kind, int channel, int number, byte[] payload) {
    byte[] bytes = new AgentFrame(kind, channel, number, payload).bytes();
    try (Waiting waiting = new Waiting("send to " + login.target(), "waiting for the wire")) {
      wire.awaitRoom(bytes.length, waiting, this::isDead, this::works);
      synchronized (out) {
        out.write(bytes);
        out.flush();
      }
    } catch (IOException e) {
      die("the connection was cut");
    }
  }

  /** The wire is full: whatever a drive owes may be on its way. */
  private void works() {
    listeners.values().forEach(Listener::works);
  }

  /** Sends a request whose answer is a single frame. */
  CompletableFuture<AgentFrame> request(int kind, int channel, byte[] payload) {
    CompletableFuture<AgentFrame> answer = new CompletableFuture<>();
    int number = nextNumber();
    requests.put(number, new Request(channel, AgentFrame.answerTo(kind), answer));
    send(kind, channel, number, payload);
    if (isDead()) {
      answer.completeExceptionally(new LinkLostException(death));
    }
    return answer;
  }

  /**
   * Sends what an agent must know to write, once.
   *
   * @return the answer, which comes before those to what is asked afterwards
   */
  CompletableFuture<AgentFrame> teachTargets() {
    synchronized (teaching) { // a claim of anybody else is sent behind it
      if (taught == null) {
        taught = request(AgentFrame.TEACH, 0, source(TARGET_SOURCE));
      }
      return taught;
    }
  }

  /** Has a drive told what comes for its channel. */
  void listen(int channel, Listener listener) {
    channels.add(channel);
    listeners.put(channel, listener);
    if (isDead()) {
      listener.lost();
    }
  }

  void forget(int channel) {
    listeners.remove(channel);
  }

  // ---- being answered ------------------------------------------------------------------------

  private void read() {
    try (DataInputStream in = new DataInputStream(login.in())) {
      while (!isDead()) {
        AgentFrame frame = frame(in);
        heardNanos = System.nanoTime();
        moved.addAndGet(AgentFrame.HEAD + frame.payload().length);
        dispatch(frame);
      }
    } catch (IOException e) {
      die("the connection was cut");
    } catch (BlkshException e) {
      refusal = e;
      die(e.problem());
    } catch (RuntimeException e) {
      refusal = garbage("an answer cannot be understood");
      die(refusal.problem());
    } catch (Throwable e) { // nobody else would tell those who wait
      refusal =
          new BlkshException("read what " + login.target() + " sends", "no memory is left here", e);
      die(refusal.problem());
    }
  }

  private AgentFrame frame(DataInputStream in) throws IOException {
    ByteBuffer head = ByteBuffer.wrap(in.readNBytes(AgentFrame.HEAD));
    if (head.remaining() < AgentFrame.HEAD) {
      throw new LinkLostException("the connection was cut");
    }
    int length = head.getInt();
    int kind = head.get();
    int channel = head.getInt();
    int number = head.getInt();
    if (length < 0 || length > AgentFrame.most(kind)) {
      throw garbage("an answer claims to have " + Integer.toUnsignedString(length) + " bytes");
    }
    if (kind < AgentFrame.HELLO || kind > AgentFrame.LAST) {
      throw garbage("an answer is of no kind that is known (" + kind + ")");
    }
    mustBeAsked(kind, channel, number);
    return new AgentFrame(kind, channel, number, payload(in, length, channel));
  }

  private byte[] payload(DataInputStream in, int length, int channel) throws IOException {
    wire.note(AgentFrame.HEAD);
    byte[] payload = new byte[length];
    int at = 0;
    while (at < length) {
      int count = in.readNBytes(payload, at, Math.min(PIECE, length - at));
      at += count;
      if (count == 0) {
        throw new LinkLostException("the connection was cut");
      }
      heardNanos = System.nanoTime();
      wire.came(
          count,
          () -> {
            heardNanos = System.nanoTime();
            works();
            return isDead();
          });
      Listener own = at < length ? listeners.get(channel) : null;
      if (own != null) {
        own.works();
      }
    }
    return payload;
  }

  /** Before anything is kept of it. */
  private void mustBeAsked(int kind, int channel, int number) {
    if (kind == AgentFrame.HELLO) {
      return;
    }
    if (kind == AgentFrame.ALIVE) {
      if (channel != 0 && !channels.contains(channel)) {
        throw garbage("it tells of a drive that was never opened");
      }
      return;
    }
    Request request = requests.get(number);
    if (request != null) {
      if (channel != request.channel || kind != request.wanted && kind != AgentFrame.FAILED) {
        throw garbage("it answers something else than was asked");
      }
    } else if (!channels.contains(channel)) {
      throw garbage("it answers what was not asked");
    }
  }

  /** The failure of who does not answer as the agent does. */
  BlkshException garbage(String problem) {
    return new BlkshException("understand " + login.target(), problem)
        .suggest("find out what answers there, nothing of it was kept");
  }

  private void dispatch(AgentFrame frame) {
    switch (frame.kind()) {
      case AgentFrame.ALIVE -> {
        Listener working = listeners.get(frame.channel());
        if (working != null) {
          working.works();
        }
      }
      case AgentFrame.HELLO -> {
        if (!hello.complete(frame)) {
          throw garbage("it greets twice");
        }
      }
      default -> {
        switch (frame.kind()) {
          case AgentFrame.DATA, AgentFrame.EXTENT, AgentFrame.LISTED -> progress();
          default -> {} // it comes again with each connection, or who waits for it knows
        }
        Request request = requests.remove(frame.number());
        if (request != null) {
          request.answer.complete(frame);
          return;
        }
        Listener listener = listeners.get(frame.channel());
        if (listener != null) { // else the drive was closed meanwhile
          listener.came(this, frame);
        }
      }
    }
  }

  /** Has the agent hear something; by a thread of its own, as sending may have to wait. */
  private void ping() {
    try {
      while (!isDead()) {
        TimeUnit.SECONDS.sleep(PING_SECONDS);
        send(AgentFrame.PING, 0, 0, new byte[0]);
      }
    } catch (InterruptedException e) {
      die("it was given up");
    }
  }

  /** Sees that something is heard. */
  private void watch() {
    try {
      while (!isDead()) {
        TimeUnit.SECONDS.sleep(1);
        if (!wire.isResting() && System.nanoTime() - heardNanos > times.silence().toNanos()) {
          die("nothing was heard for " + WireTimes.words(times.silence()));
        }
        listeners.values().forEach(Listener::rest);
      }
    } catch (InterruptedException e) {
      die("it was given up");
    }
  }

  // ---- dying ---------------------------------------------------------------------------------

  private void die(String why) {
    synchronized (this) {
      if (death != null) {
        return;
      }
      death = why;
    }
    login.close();
    LinkLostException lost = new LinkLostException(why);
    hello.completeExceptionally(lost);
    requests.values().forEach(request -> request.answer.completeExceptionally(lost));
    requests.clear();
    listeners.values().forEach(Listener::lost);
  }

  boolean isDead() {
    return death != null;
  }

  /** Why it died, with the last words of the other side. */
  String death() {
    String words = login.lastWords();
    return words.isEmpty() ? death : death + ": it says \"" + words + "\"";
  }

  /** What it was refused for, when another one would be as well; else null. */
  BlkshException refusal() {
    return refusal;
  }

  /** Notes that something has come that need not come again. */
  void progress() {
    useful = true;
  }

  /** Whether anything has come that need not come again. */
  boolean wasUseful() {
    return useful;
  }

  /** The error number of a FAILED frame; 0 when there is none. */
  static int code(AgentFrame failed) {
    return failed.payload().length >= Integer.BYTES ? failed.content().getInt() : 0;
  }

  /** The text of a FAILED frame. */
  static String text(AgentFrame failed) {
    int code = Math.min(Integer.BYTES, failed.payload().length);
    return new String(failed.payload(), code, failed.payload().length - code, UTF_8);
  }

  @Override
  public void close() {
    die("it was closed");
  }
}
