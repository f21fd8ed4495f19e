package blksh.mount.nbd;

import blksh.BlkshException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How sources are served: on a Unix socket that only this user may use, or on a port: of this
 * machine, to which everybody who works on it may connect, or of one of its addresses, to which
 * others may.
 *
 * @param socket made, and removed when the server ends; one whose server was killed is replaced;
 *     null for a port
 * @param port 1 to 65535, or 0 for one that is free
 * @param address on which the port is; null for a socket
 * @param tls without which nobody is told anything; nothing where all is told openly
 */
public record ServeOptions(Path socket, int port, InetAddress address, Optional<TlsKeys> tls) {

  /**
   * @throws IllegalArgumentException when there is no such port
   */
  public ServeOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port out of range:" + port);
    }
  }

  /** On a socket in the file system. */
  public static ServeOptions onSocket(Path socket) {
    return new ServeOptions(socket, 0, null, Optional.empty());
  }

  /** On a port of this machine, for programs of this machine only. */
  public static ServeOptions onPort(int port) {
    return new ServeOptions(null, port, InetAddress.getLoopbackAddress(), Optional.empty());
  }

  /** By TLS. */
  public ServeOptions withTls(TlsKeys keys) {
    return new ServeOptions(socket, port, address, Optional.of(keys));
  }

  /**
   * On the port of another address; after TLS was asked for, if it is to be.
   *
   * @param name an address of this machine, or {@code 0.0.0.0} or {@code ::} for all of them
   * @param insecure whether others may read what is served, who can listen or connect
   * @throws BlkshException when there is no such address, or others would reach it without TLS
   */
  public ServeOptions listening(String name, boolean insecure) {
    String action = "serve on " + name;
    InetAddress there;
    try {
      there = InetAddress.getByName(name);
    } catch (UnknownHostException e) {
      throw new BlkshException(action, "there is no such address", e)
          .suggest("name an address of this machine, or 0.0.0.0 for all");
    }
    if (!there.isLoopbackAddress() && tls.isEmpty() && !insecure) {
      throw new BlkshException(
              action, "whoever reaches that address could read all of it, and listen")
          .suggest(
              "give --tls CERT KEY, and --clients CA so that not everybody is let in;"
                  + " or --insecure if that is meant");
    }
    return new ServeOptions(socket, port, there, tls);
  }
}
