package blksh.kit;

import static blksh.kit.Await.await;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server of network block devices that others wrote: qemu-nbd, nbdkit, qemu-storage-daemon. */
public final class NbdPeer implements Closeable {

  private final Process process;
  private final Path socket;
  private final int port;

  private NbdPeer(Process process, Path socket, int port) throws Exception {
    this.process = process;
    this.socket = socket;
    this.port = port;
    await(() -> isReached() || !process.isAlive());
    if (!process.isAlive()) {
      throw new IOException(new String(process.getInputStream().readAllBytes()));
    }
  }

  private boolean isReached() {
    if (socket == null) {
      try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return probe.isConnected();
      } catch (IOException notYet) {
        return false;
      }
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException notYet) {
      return false;
    }
  }

  /** A port that was free a moment ago. */
  public static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  /** Serves a disk over a socket. @param words options, then the image */
  public static NbdPeer qemu(Path socket, Object... words) throws Exception {
    List<Object> all = new ArrayList<>(List.of("-k", socket, "-t", "-e", "64"));
    all.addAll(List.of(words));
    return new NbdPeer(Tool.named("qemu-nbd").start(all.toArray()), socket, 0);
  }

  /** Serves a disk over a port. @param words options, then the image */
  public static NbdPeer qemu(int port, Object... words) throws Exception {
    List<Object> all = new ArrayList<>(List.of("-b", "127.0.0.1", "-p", port, "-t", "-e", "64"));
    all.addAll(List.of(words));
    return new NbdPeer(Tool.named("qemu-nbd").start(all.toArray()), null, port);
  }

  /** Serves what a plugin gives over a port. */
  public static NbdPeer nbdkit(int port, Object... words) throws Exception {
    List<Object> all = new ArrayList<>(List.of("-f", "-i", "127.0.0.1", "-p", port));
    all.addAll(List.of(words));
    return new NbdPeer(Tool.named("nbdkit").start(all.toArray()), null, port);
  }

  /** What it is reached by. @param export its name, percent-encoded */
  public String uri(String export) {
    return socket == null
        ? "nbd://127.0.0.1:" + port + "/" + export
        : "nbd+unix:///" + export + "?socket=" + socket;
  }

  public int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
