package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.BlockSource;
import blksh.drive.ssh.Bandwidth;
import blksh.drive.ssh.PasswordPrompt;
import blksh.drive.ssh.RemoteHost;
import blksh.drive.ssh.WireLimits;
import blksh.mount.nbd.NbdSource;
import java.io.Closeable;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The other machines in use: one connection for all drives of a host that are read alike. */
public final class RemoteHosts implements Closeable {

  private record Key(String authority, boolean sudo) {}

  private final Map<Key, RemoteHost> hosts = new HashMap<>();

  /** By bytes a second: who asks for the same shares it. */
  private final Map<Long, Bandwidth> bandwidths = new HashMap<>();

  RemoteHosts() {}

  /**
   * What connections are held to.
   *
   * @param bandwidth bytes a second, of all connections together for which the same was asked
   * @param timeout how long is waited for another machine
   * @throws BlkshException when one of them is out of its bounds
   */
  public synchronized WireLimits limits(Optional<Long> bandwidth, Optional<Duration> timeout) {
    return new WireLimits(
        bandwidth.map(rate -> bandwidths.computeIfAbsent(rate, Bandwidth::new)), timeout);
  }

  /**
   * The machine of a place. It belongs to the workspace, which closes it in the end.
   *
   * @param sudo whether its drives are read as root
   * @param prompt who is asked for a password, when nobody was before
   * @param limits what its connection is held to from now on
   * @throws BlkshException when the place is not {@code ssh://}, or names no host
   */
  public synchronized RemoteHost host(
      Place.Remote place, boolean sudo, PasswordPrompt prompt, WireLimits limits) {
    if (place.scheme() != Place.Scheme.SSH) {
      place.path("open", "drives");
    }
    RemoteHost host =
        hosts.computeIfAbsent(
            new Key(place.authority(), sudo),
            key -> new RemoteHost(key.authority, key.sudo, prompt, limits));
    host.holdTo(limits);
    return host;
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
