package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A way to a server on loopback that is as long and as bad as a test wants it, and counts. */
public final class Wire implements Closeable {

  private final ServerSocket listening;
  private final int to;
  private final AtomicLong fromServer = new AtomicLong();
  private final AtomicLong toServer = new AtomicLong();
  private final AtomicInteger cuts = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private volatile long delayNanos;
  private volatile long rate = Long.MAX_VALUE;
  private volatile long cutEvery = Long.MAX_VALUE;
  private volatile int mostCuts;
  private volatile long idleNanos = Long.MAX_VALUE;
  private volatile long nextCut;

  private record Piece(byte[] bytes, long dueNanos) {}

  private Wire(int to) throws IOException {
    this.to = to;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  public static Wire to(int port) throws IOException {
    return new Wire(port);
  }

  /** Has each byte take so long, each way. */
  public Wire delay(long millis) {
    delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    return this;
  }

  /** Passes no more bytes a second from the server. */
  public Wire rate(long bytes) {
    rate = bytes;
    return this;
  }

  /** Breaks the connection each time so many bytes have come from the server. */
  public Wire cut(long every, int most) {
    cutEvery = every;
    nextCut = every;
    mostCuts = most;
    return this;
  }

  /** Breaks a connection on which nothing passes for so long. */
  public Wire idle(long millis) {
    idleNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    return this;
  }

  public int port() {
    return listening.getLocalPort();
  }

  public long fromServer() {
    return fromServer.get();
  }

  public long toServer() {
    return toServer.get();
  }

  public int cuts() {
    return cuts.get();
  }

  public int connections() {
    return connections.get();
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "wire");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        connections.incrementAndGet();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), to);
        open.addAll(List.of(client, server));
        AtomicLong passed = new AtomicLong(System.nanoTime());
        pass(client, server, false, passed);
        pass(server, client, true, passed);
        start(() -> watch(client, server, passed));
      }
    } catch (IOException closed) {
      // then that is all
    }
  }

  private void watch(Socket client, Socket server, AtomicLong passed) {
    try {
      while (!client.isClosed() && !server.isClosed()) {
        Await.pause(50);
        if (System.nanoTime() - passed.get() > idleNanos) {
          cuts.incrementAndGet();
          cut(client, server);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void cut(Socket one, Socket other) {
    for (Socket socket : List.of(one, other)) {
      try {
        socket.setSoLinger(true, 0); // a reset, as a cut is
        socket.close();
      } catch (IOException gone) {
        // so it is
      }
    }
  }

  private void pass(Socket from, Socket target, boolean down, AtomicLong passed) {
    Deque<Piece> pieces = new ArrayDeque<>();
    start(() -> read(from, target, down, passed, pieces));
    start(() -> write(target, down, pieces));
  }

  private void read(
      Socket from, Socket target, boolean down, AtomicLong passed, Deque<Piece> pieces) {
    byte[] buffer = new byte[16 << 10];
    try {
      InputStream in = from.getInputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        passed.set(System.nanoTime());
        long all = (down ? fromServer : toServer).addAndGet(count);
        if (down && all >= nextCut && cutEvery < Long.MAX_VALUE && cuts.get() < mostCuts) {
          nextCut += cutEvery;
          cuts.incrementAndGet();
          cut(from, target);
          break;
        }
        put(
            pieces,
            new Piece(java.util.Arrays.copyOf(buffer, count), System.nanoTime() + delayNanos));
      }
    } catch (IOException | InterruptedException end) {
      // told to the other side
    }
    synchronized (pieces) {
      pieces.add(new Piece(new byte[0], 0));
      pieces.notifyAll();
    }
  }

  private static void put(Deque<Piece> pieces, Piece piece) throws InterruptedException {
    synchronized (pieces) {
      while (pieces.size() > 256) {
        pieces.wait(100);
      }
      pieces.add(piece);
      pieces.notifyAll();
    }
  }

  private void write(Socket target, boolean down, Deque<Piece> pieces) {
    long free = System.nanoTime();
    try {
      OutputStream out = target.getOutputStream();
      while (true) {
        Piece piece;
        synchronized (pieces) {
          while (pieces.isEmpty()) {
            pieces.wait();
          }
          piece = pieces.remove();
          pieces.notifyAll();
        }
        if (piece.bytes.length == 0) {
          target.shutdownOutput();
          return;
        }
        long due = piece.dueNanos;
        if (down && rate < Long.MAX_VALUE) {
          free =
              Math.max(free, System.nanoTime() - 20_000_000)
                  + piece.bytes.length * 1_000_000_000L / rate;
          due = Math.max(due, free);
        }
        long wait = due - System.nanoTime();
        if (wait > 500_000) {
          Await.pause(wait / 1_000_000 + 1);
        }
        out.write(piece.bytes);
      }
    } catch (IOException | InterruptedException end) {
      // then nobody reads
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
