package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.drive.Drives;
import blksh.drive.Machine;
import blksh.io.Program;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Waiting;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Another machine, by way of ssh. All its drives share one connection, which is made when it is
 * first needed and made again when it was cut: at once, then after longer and longer pauses, for
 * five minutes. What no further attempt changes, as a changed host key, ends it at once.
 *
 * <p>May be used from any thread.
 */
public final class RemoteHost implements Closeable {

  private static final long FIRST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 15_000;

  /** Segments that all drives of all hosts together may have under way: 40 MiB. */
  private static final int AHEAD = 160;

  /** Drives of all hosts that are being read from their beginning to their end. */
  private static final AtomicInteger SWEEPS = new AtomicInteger();

  private static final int MOST_AHEAD = 64;
  private static final int LEAST_AHEAD = 8;

  private final SshTarget target;
  private final Path ssh;
  private final boolean sudo;
  private final SudoPassword password;
  private final byte[] source = AgentLink.source();
  private final ReentrantLock connecting = new ReentrantLock();
  private final AtomicInteger channels = new AtomicInteger();
  private final AtomicInteger reconnects = new AtomicInteger();
  private final AtomicLong moved = new AtomicLong();
  private volatile AgentLink link;
  private volatile boolean closed;

  /** Whether a connection that is there already is not to be used. */
  private volatile boolean alone;

  private volatile Optional<Bandwidth> bandwidth;
  private volatile WireTimes times;

  /** Guarded by connecting. */
  private Persistence reconnecting;

  /** Guarded by connecting: whether no python3 answers there; null before anything did. */
  private Boolean shellOnly;

  /**
   * @param authority what a place has between {@code ssh://} and the path
   * @param sudo whether its drives are read as root
   * @param prompt who is asked for the password of sudo
   * @param limits what its connection is held to
   * @throws BlkshException when it names no host
   */
  public RemoteHost(String authority, boolean sudo, PasswordPrompt prompt, WireLimits limits) {
    this(authority, sudo, prompt, limits, Program.find("ssh"));
  }

  /** As above, by a program that works as ssh does. */
  RemoteHost(
      String authority,
      boolean sudo,
      PasswordPrompt prompt,
      WireLimits limits,
      Optional<Path> ssh) {
    this.target = SshTarget.parse(authority);
    this.ssh =
        ssh.orElseThrow(
            () ->
                new BlkshException("reach " + target, "there is no ssh")
                    .suggest("install openssh-client"));
    this.sudo = sudo;
    this.password = new SudoPassword(prompt);
    this.bandwidth = limits.bandwidth();
    this.times = WireTimes.of(limits.timeout());
    this.reconnecting = persistence();
  }

  /** The host without user and port. */
  public String name() {
    return target.host();
  }

  /**
   * The host without user, and {@code -PORT} where a port was said: other ports, other machines.
   */
  public String label() {
    return target.label();
  }

  /**
   * Opens a drive, or a file that is read as one.
   *
   * @param path as it stands in a place: nothing in it is decoded or special
   * @throws BlkshException when the host cannot be reached, or there is no such thing
   */
  public BlockSource open(String path) {
    String location = location("open", path);
    return hasAgent()
        ? RemoteDrive.open(this, location, path.getBytes(UTF_8))
        : DdDrive.open(this, location, path.getBytes(UTF_8));
  }

  private String location(String action, String path) {
    String location = "ssh://" + target + path;
    if (path.isEmpty() || path.equals("/")) {
      throw new BlkshException(action + " " + location, "it names no drive")
          .suggest("write ssh://" + target + "/dev/sda");
    }
    if (path.indexOf('\0') >= 0) {
      throw new BlkshException(action + " " + location, "no path has a zero byte in it");
    }
    return location;
  }

  /**
   * Opens a drive or a file to be written by a restore. Whether it may be is decided there, by the
   * rules for drives and files of this machine.
   *
   * @param path as above
   * @throws BlkshException when the host cannot be reached, has no python3, or the target is
   *     refused: nothing was written then
   */
  public PageTarget target(String path, TargetTerms terms) {
    String location = location("restore to", path);
    if (!hasAgent()) {
      throw new BlkshException(
              "restore to " + location,
              "there is no python3 on " + name() + ", and nothing else is trusted to write there")
          .suggest("install python3 there, or restore to a file here");
    }
    return RemoteTarget.open(this, location, path.getBytes(UTF_8), terms);
  }

  /** What it cannot do, as a sentence: that nothing is saved on the wire; nothing when it can. */
  public Optional<String> limits() {
    return hasAgent()
        ? Optional.empty()
        : Optional.of(
            "there is no python3 on "
                + target.host()
                + ": dd moves all bytes, nothing is saved on the wire");
  }

  /**
   * What its drives are, as lsblk(8) and sysfs tell there.
   *
   * @throws BlkshException when that cannot be told
   */
  public Drives drives() {
    return Drives.of(this::machine);
  }

  private Machine machine() {
    if (!hasAgent()) {
      throw new BlkshException("list the drives of " + target.host(), "there is no python3 on it")
          .suggest("name a drive by its path");
    }
    while (true) {
      AgentLink used = link(link, () -> false);
      try (Waiting waiting = new Waiting("list the drives of " + target, "waiting for " + target)) {
        AgentFrame answer =
            await(
                used.request(AgentFrame.DRIVES, 0, new byte[0]), waiting, () -> false, patience());
        if (answer.kind() == AgentFrame.FAILED) {
          throw new BlkshException("list the drives of " + target, AgentLink.text(answer))
              .suggest("name a drive by its path");
        }
        return RemoteMachine.parse(target.toString(), answer.payload());
      } catch (LinkLostException e) {
        if (used.refusal() != null) {
          throw used.refusal();
        } // else by another connection
      }
    }
  }

  private boolean hasAgent() {
    lock();
    try {
      if (shellOnly == null) {
        connectFirst();
      }
      return !shellOnly;
    } finally {
      connecting.unlock();
    }
  }

  private void lock() {
    try (Waiting waiting = new Waiting("reach " + target, "connecting to " + target)) {
      waiting.take(connecting);
    }
  }

  // ---- for its drives ------------------------------------------------------------------------

  SshTarget target() {
    return target;
  }

  int nextChannel() {
    return channels.incrementAndGet();
  }

  /** Begins to read a drive from its beginning to its end. */
  void beginSweep() {
    SWEEPS.incrementAndGet();
  }

  void endSweep() {
    SWEEPS.decrementAndGet();
  }

  /** Segments that one of those may have under way. */
  int ahead() {
    int share = AHEAD / Math.max(1, SWEEPS.get());
    return Math.max(LEAST_AHEAD, Math.min(MOST_AHEAD, share));
  }

  /** How often the connection had to be made again. */
  int reconnects() {
    return reconnects.get();
  }

  /** Tells how often the connection had to be made again. */
  void tellCuts(Task task) {
    int times = reconnects.get();
    if (times > 0) {
      task.note(
          "the connection to %s was cut and made again, %d time%s"
              .formatted(name(), times, times == 1 ? "" : "s"));
    }
  }

  /** A new measure of how long the other side may owe an answer. */
  Patience patience() {
    return new Patience(times.answer());
  }

  /** A new measure of how long connections are made again. */
  Persistence persistence() {
    return new Persistence(times.persistence());
  }

  /** Has connections made again for so long at most. */
  RemoteHost persistingFor(Duration most) {
    times = times.withPersistence(most);
    reconnecting = persistence();
    return this;
  }

  /**
   * Holds its connection to others from now on; what is not among them stays as it was. There is
   * one connection for all its drives, so that it is known there what is being read.
   */
  public void holdTo(WireLimits limits) {
    if (limits.timeout().isPresent()) {
      times = WireTimes.of(limits.timeout());
    }
    if (limits.bandwidth().isPresent() && !limits.bandwidth().equals(bandwidth)) {
      bandwidth = limits.bandwidth();
      AgentLink now = link;
      if (now != null) {
        now.pace();
      }
    }
  }

  /** A connection that is held to what may be moved. */
  PacedWire wire() {
    return new PacedWire(() -> bandwidth);
  }

  /** Whether nobody may read any of its drives any more. */
  boolean isClosed() {
    return closed;
  }

  /** Has it owe an answer for so long at most. */
  RemoteHost answeringWithin(Duration most) {
    times = times.withAnswer(most);
    return this;
  }

  /**
   * A login where a shell takes commands, on a host that was reached before.
   *
   * @param stop asked while waiting whether nobody wants it any more
   * @throws BlkshException when it cannot be had
   */
  Login shell(BooleanSupplier stop) {
    mustBeOpen();
    return patiently(() -> Login.begin(ssh, target, manner(stop), password, 0), stop);
  }

  private Login.Manner manner(BooleanSupplier stop) {
    return new Login.Manner(sudo, alone, times, () -> closed || stop.getAsBoolean());
  }

  /**
   * The connection, which is made again when it is dead.
   *
   * @param known what the caller has had; null for nothing
   * @param stop asked while waiting whether nobody wants it any more
   * @throws BlkshException when it cannot be made
   */
  AgentLink link(AgentLink known, BooleanSupplier stop) {
    AgentLink now = link;
    if (now != null && !now.isDead()) {
      return now;
    }
    lock();
    try {
      if (link == null || link.isDead()) {
        reconnect(stop);
      }
      return link;
    } finally {
      connecting.unlock();
    }
  }

  private void connectFirst() {
    long began = System.nanoTime();
    for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      try {
        connect(() -> false);
        return;
      } catch (SshRefusal refused) {
        boolean busy = refused.what() == SshFailure.Kind.BUSY;
        if (!goOn(refused, busy && System.nanoTime() - began < times.busy().toNanos())) {
          throw refused.told();
        }
      }
      pause(pause, () -> false);
    }
  }

  private void reconnect(BooleanSupplier stop) {
    mustBeOpen();
    AgentLink dead = link;
    if (!reconnecting.cut(dead == null || dead.wasUseful())) {
      throw cutAgain("go on with " + target, dead.death());
    }
    pause(reconnecting.pauseMillis(), stop);
    patiently(
        () -> {
          connect(stop);
          reconnects.incrementAndGet();
          return link;
        },
        stop);
  }

  /** A failure of connections of which nothing ever comes. */
  static BlkshException cutAgain(String action, String last) {
    return new BlkshException(
            action, "it is cut again and again before anything comes, at last: " + last)
        .suggest("see what is between here and there");
  }

  /** Tries again and again on a host that was reached before, until what refuses will for ever. */
  private <T> T patiently(Supplier<T> attempt, BooleanSupplier stop) {
    long pause = FIRST_PAUSE_MILLIS;
    long began = System.nanoTime();
    while (true) {
      try {
        return attempt.get();
      } catch (SshRefusal refused) {
        boolean hopeful = refused.what() != SshFailure.Kind.FINAL;
        if (!goOn(refused, hopeful && System.nanoTime() - began < times.persistence().toNanos())) {
          throw refused.told();
        }
      }
      pause(pause, stop);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    }
  }

  private boolean goOn(SshRefusal refused, boolean may) {
    if (refused.what() == SshFailure.Kind.SHARED && !alone) {
      alone = true;
      return true;
    }
    return may;
  }

  private void connect(BooleanSupplier stop) {
    mustBeOpen();
    Login login = Login.begin(ssh, target, manner(stop), password, source.length);
    if (login.answer() == Login.Answer.PYTHON) {
      link = AgentLink.begin(login, source, moved, times, wire());
      shellOnly = false;
    } else {
      login.close();
      if (link != null) {
        throw new SshRefusal(
            SshFailure.Kind.FINAL,
            new BlkshException("go on with " + target, "there is no python3 on it any more"));
      }
      shellOnly = true;
    }
  }

  private void mustBeOpen() {
    if (closed) {
      throw new BlkshException("reach " + target, "the connection was closed");
    }
  }

  /** Waits before a connection is made again. */
  void pause(long millis, BooleanSupplier stop) {
    try (Waiting waiting = new Waiting("reach " + target, "connecting to " + target)) {
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
      while (System.nanoTime() < end) {
        if (stop.getAsBoolean()) {
          throw new CancelledException("reach " + target);
        }
        waiting.turn();
      }
    }
  }

  /** Waits for an answer of a host. */
  AgentFrame await(
      CompletableFuture<AgentFrame> answer,
      Waiting waiting,
      BooleanSupplier stop,
      Patience patience)
      throws LinkLostException {
    patience.begin();
    try {
      while (true) {
        waiting.check();
        if (stop.getAsBoolean()) {
          throw new CancelledException("wait for an answer");
        }
        try {
          return answer.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          patience.check(target.toString());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
          throw new LinkLostException(e.getCause().getMessage());
        }
      }
    } finally {
      patience.end();
    }
  }

  @Override
  public void close() {
    closed = true;
    AgentLink open = link;
    if (open != null) {
      open.close();
    }
    password.forget();
  }
}
