package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.mount.Ending;
import blksh.mount.Traffic;
import blksh.mount.TrafficMeter;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves sources to clients of the network block device protocol, over a socket in the file system
 * or a port of this machine. Requests of one client and of many are answered at the same time.
 */
public final class NbdServer implements Closeable {

  /**
   * Clients at the same time. One more takes the place of one that has to leave, or is turned away.
   */
  private static final int MOST_CLIENTS = 64;

  /** How long a client may let the server wait in all before it has said what it wants. */
  private static final long PATIENCE_MILLIS = 15_000;

  private final ServerSocketChannel listener;
  private final Path socket;
  private final NbdExports exports;
  private final Optional<TlsKeys> tls;
  private final long patienceMillis;
  private final TrafficMeter traffic = new TrafficMeter();
  private final Map<NbdClient, Thread> clients = new ConcurrentHashMap<>();
  private final AtomicLong started = new AtomicLong();
  private final Ending ending = new Ending(this::close, "blksh-nbd-exit");
  private volatile boolean closing;

  private NbdServer(
      ServerSocketChannel listener, NbdExports exports, ServeOptions options, long patienceMillis) {
    this.patienceMillis = patienceMillis;
    this.listener = listener;
    this.socket = options.socket() == null ? null : absolute(options.socket());
    this.exports = exports;
    this.tls = options.tls();
  }

  /**
   * Serves exports.
   *
   * @throws BlkshException when something else, or another server, is where it would listen
   */
  public static NbdServer listen(NbdExports exports, ServeOptions options) {
    return options.socket() != null
        ? listenOnSocket(exports, options)
        : listen(exports, options, PATIENCE_MILLIS);
  }

  private static Path absolute(Path socket) {
    return socket.toAbsolutePath().normalize();
  }

  private static NbdServer listenOnSocket(NbdExports exports, ServeOptions options) {
    String action = "serve on " + options.socket();
    Path path = absolute(options.socket());
    try {
      removeDead(path, action);
      ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        listener.bind(UnixDomainSocketAddress.of(path));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      } catch (IOException | RuntimeException e) {
        listener.close();
        throw e;
      }
      return start(new NbdServer(listener, exports, options, PATIENCE_MILLIS));
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private static void removeDead(Path path, String action) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & 0170000) != 0140000) {
      throw new BlkshException(action, "something else has that name")
          .suggest("choose a name that is free");
    }
    if (isAnswered(path)) {
      throw new BlkshException(action, "another server listens there")
          .suggest("end it first, or choose another name");
    }
    Files.delete(path);
  }

  /** Removes the socket of a server that was killed, when that is what its address names. */
  public static void removeDead(URI address) {
    String query = address.getQuery();
    if (query != null && query.startsWith("socket=/")) {
      try {
        removeDead(Path.of(query.substring("socket=".length())), "remove a socket");
      } catch (IOException | BlkshException e) {
        // it is no longer what it was, and stays
      }
    }
  }

  private static boolean isAnswered(Path socket) throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(socket));
    } catch (ConnectException e) {
      return false;
    }
  }

  /**
   * @param patienceMillis how long a client may let it wait before it has said what it wants
   */
  static NbdServer listen(NbdExports exports, ServeOptions options, long patienceMillis) {
    int port = options.port();
    try {
      ServerSocketChannel listener =
          ServerSocketChannel.open(
              options.address() instanceof Inet6Address
                  ? StandardProtocolFamily.INET6
                  : StandardProtocolFamily.INET);
      try {
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(new InetSocketAddress(options.address(), port));
      } catch (IOException | RuntimeException e) {
        listener.close();
        throw e;
      }
      return start(new NbdServer(listener, exports, options, patienceMillis));
    } catch (IOException e) {
      throw IoFailure.told("serve on port " + port, e);
    }
  }

  private static NbdServer start(NbdServer server) {
    Thread thread = new Thread(server::accept, "blksh-nbd");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  private void accept() {
    while (!closing) {
      try {
        NbdClient client = new NbdClient(listener.accept());
        if (clients.size() >= MOST_CLIENTS && !makeRoom(client)) {
          client.close();
          continue;
        }
        String name = "blksh-nbd-" + started.incrementAndGet();
        Thread thread = new Thread(() -> serve(client, name), name);
        thread.setDaemon(true);
        clients.put(client, thread);
        thread.start();
      } catch (IOException e) {
        if (!closing) {
          traffic.failed(e);
          if (!listener.isOpen()) {
            return;
          }
        }
      }
    }
  }

  /** Cuts off who has to give his place to another; false when nobody has to. */
  private boolean makeRoom(NbdClient another) {
    Optional<NbdClient> leaving =
        new PlaceRule(clients.keySet(), patienceMillis, socket == null).leaving(another);
    leaving.ifPresent(
        client -> {
          clients.remove(client);
          client.close();
        });
    return leaving.isPresent();
  }

  /** A client that never says what it wants must not keep others out. */
  private void watch(NbdClient client, long millis) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              long left = patienceMillis - client.waited() / 1_000_000;
              if (client.isHaggling() && left <= 0) {
                client.close();
              } else if (client.isHaggling() && clients.containsKey(client)) {
                watch(client, left);
              }
            });
  }

  private void serve(NbdClient client, String name) {
    traffic.opened();
    NbdExport export = null;
    try (client) {
      if (socket == null) {
        client.sendAtOnce();
      }
      watch(client, patienceMillis);
      Optional<NbdHandshake.Terms> terms = new NbdHandshake(client, exports, tls).negotiate();
      client.agreed();
      if (terms.isPresent()) {
        export = terms.get().export();
        new NbdConnection(client, terms.get(), traffic, name).serve();
      }
    } catch (IOException | InterruptedException e) {
      // the client hung up, or has to
    } catch (RuntimeException | Error e) {
      traffic.failed(e);
    } finally {
      if (export != null) {
        exports.release(export);
      }
      clients.remove(client);
      traffic.closed();
    }
  }

  /** Where clients find it, without the name of an export. */
  public URI uri() {
    String scheme = tls.isPresent() ? "nbds" : "nbd";
    try {
      if (socket != null) {
        return URI.create(scheme + "+unix:///?socket=" + escaped(socket.toString()));
      }
      InetSocketAddress at = (InetSocketAddress) listener.getLocalAddress();
      return URI.create(scheme + "://" + host(at.getAddress()) + ":" + at.getPort());
    } catch (IOException e) {
      throw new BlkshException("name the server", "it was closed", e);
    }
  }

  /** As others may reach it; on all addresses, by the name of this machine. */
  private static String host(InetAddress address) throws IOException {
    if (address.isAnyLocalAddress()) {
      return InetAddress.getLocalHost().getHostName();
    }
    String host = address.getHostAddress().replaceFirst("%.*", "");
    return address instanceof Inet6Address ? "[" + host + "]" : host;
  }

  private static String escaped(String path) {
    return URLEncoder.encode(path, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  /** What it served so far. */
  public Traffic traffic() {
    return traffic.figures();
  }

  /** Waits until it has ended. */
  public void awaitEnd() throws InterruptedException {
    ending.await();
  }

  /** Runs an action when it has ended, at once if it already has; it counts as part of ending. */
  public void whenEnded(Runnable action) {
    ending.whenEnded(action);
  }

  /** Ends it; clients that are connected are cut off. */
  @Override
  public void close() {
    synchronized (this) {
      if (closing) {
        return;
      }
      closing = true;
    }
    try {
      if (socket != null) {
        Files.deleteIfExists(socket);
      }
      listener.close();
    } catch (IOException e) {
      // whatever is left of it is replaced by the next server
    }
    boolean interrupted = false;
    for (Map.Entry<NbdClient, Thread> client : clients.entrySet()) {
      try {
        client.getKey().close();
        client.getValue().join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    ending.end();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
