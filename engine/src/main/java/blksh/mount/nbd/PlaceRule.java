package blksh.mount.nbd;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Who gives his place to another when all are taken: who keeps the server waiting, then who has
 * only a place and never asked for anything. A client that did may be a disk that somebody has
 * mounted, and may rest for as long as it likes. Of those one leaves only where another user than
 * the server's, or another machine, to whom a port is open too, has more places than are his: the
 * server's own user and root lose none to others, and others have equal shares of what these leave.
 */
final class PlaceRule {

  /** So long is nobody sent away. */
  private static final long LEAST_SILENT_NANOS = 1_000_000_000;

  private final Collection<NbdClient> clients;
  private final long patienceMillis;
  private final boolean port;

  /**
   * @param patienceMillis how long a client may be silent in the middle of a request
   * @param port whether any user of this machine can be a client
   */
  PlaceRule(Collection<NbdClient> clients, long patienceMillis, boolean port) {
    this.clients = clients;
    this.patienceMillis = patienceMillis;
    this.port = port;
  }

  /** Who leaves for another; nobody where all may stay. */
  Optional<NbdClient> leaving(NbdClient another) {
    return longest(clients, NbdClient::silent, this::isTooSilent)
        .or(
            () ->
                longest(
                    clients,
                    NbdClient::idle,
                    client -> client.onlyHasAPlace() && client.idle() >= LEAST_SILENT_NANOS))
        .or(() -> port ? ofAnotherUser(another) : Optional.empty());
  }

  private boolean isTooSilent(NbdClient client) {
    return client.silent()
        >= (client.isHaggling() ? LEAST_SILENT_NANOS : patienceMillis * 1_000_000);
  }

  private static Optional<NbdClient> longest(
      Collection<NbdClient> clients,
      ToLongFunction<NbdClient> time,
      Predicate<NbdClient> eligible) {
    return clients.stream().filter(eligible).max(Comparator.comparingLong(time));
  }

  private Optional<NbdClient> ofAnotherUser(NbdClient another) {
    PeerUsers users = PeerUsers.now();
    Map<PeerUsers.Peer, List<NbdClient>> others = new HashMap<>();
    for (NbdClient client : clients) {
      PeerUsers.Peer peer = users.of(client);
      if (!users.isOwn(peer)) {
        others.computeIfAbsent(peer, key -> new ArrayList<>()).add(client);
      }
    }
    PeerUsers.Peer coming = users.of(another);
    int already = others.getOrDefault(coming, List.of()).size();
    return others.values().stream()
        .max(Comparator.comparingInt(List::size))
        .filter(most -> users.isOwn(coming) || most.size() > already + 1)
        .flatMap(most -> longest(most, NbdClient::idle, client -> true));
  }
}
