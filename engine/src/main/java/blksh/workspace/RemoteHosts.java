package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.BlockSource;
import blksh.drive.ssh.PasswordPrompt;
import blksh.drive.ssh.RemoteHost;
import blksh.mount.nbd.NbdSource;
import java.io.Closeable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

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

  /**
   * Opens an export of a network block device server, by a connection of its own.
   *
   * @param bitmap a bitmap of QEMU's that has recorded what was written to it
   * @throws BlkshException when the place is none, or it cannot be opened
   */
  public BlockSource export(Place.Remote place, Optional<String> bitmap) {
    return NbdSource.open(place, bitmap);
  }

  @Override
  public synchronized void close() {
    hosts.values().forEach(RemoteHost::close);
    hosts.clear();
  }
}
