package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.drive.ssh.PasswordPrompt;
import blksh.drive.ssh.RemoteHost;
import java.io.Closeable;
import java.util.HashMap;
import java.util.Map;

/** The other machines in use: one connection for all drives of a host that are read alike. */
public final class RemoteHosts implements Closeable {

  private record Key(String authority, boolean sudo) {}

  private final Map<Key, RemoteHost> hosts = new HashMap<>();

  RemoteHosts() {}

  /**
   * The machine of a place. It belongs to the workspace, which closes it in the end.
   *
   * @param sudo whether its drives are read as root
   * @param prompt who is asked for a password, when nobody was before
   * @throws BlkshException when the place is not {@code ssh://}, or names no host
   */
  public synchronized RemoteHost host(Place.Remote place, boolean sudo, PasswordPrompt prompt) {
    if (place.scheme() != Place.Scheme.SSH) {
      place.path("open", "drives");
    }
    return hosts.computeIfAbsent(
        new Key(place.authority(), sudo), key -> new RemoteHost(key.authority, key.sudo, prompt));
  }

  @Override
  public synchronized void close() {
    hosts.values().forEach(RemoteHost::close);
    hosts.clear();
  }
}
