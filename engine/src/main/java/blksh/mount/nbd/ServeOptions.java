package blksh.mount.nbd;

import java.nio.file.Path;

/**
 * How sources are served: on a Unix socket that only this user may use, or on a port of this
 * machine, to which everybody who works on it may connect.
 *
 * @param socket made, and removed when the server ends; one whose server was killed is replaced;
 *     null for a port
 * @param port 1 to 65535, or 0 for one that is free
 */
public record ServeOptions(Path socket, int port) {

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
    return new ServeOptions(socket, 0);
  }

  /** On a port of this machine, for programs of this machine only. */
  public static ServeOptions onPort(int port) {
    return new ServeOptions(null, port);
  }
}
