package blksh.mount.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Who has connections over the ports of this machine: its users, by the kernel's tables {@code
 * /proc/net/tcp} and {@code tcp6} (proc(5)) as they were at one instant, and other machines.
 */
final class PeerUsers {

  /** Of somebody who is not in the tables. */
  private static final long UNKNOWN = -1;

  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  // Fields of a row.
  private static final int LOCAL = 1;
  private static final int USER = 7;

  /** How the table writes addresses of version 4 in those of version 6 (RFC 4291, 2.5.5.2). */
  private static final String MAPPED = "0000000000000000FFFF0000";

  /** Bytes of an address of version 6 that its network has; the rest is for a machine to choose. */
  private static final int NETWORK = 8;

  /**
   * Who is at the other end.
   *
   * @param user the number of a user of this machine; -1 when it is none that is known
   * @param machine the address of another machine, of version 6 its network; empty for this one
   */
  record Peer(long user, String machine) {}

  /** By address and port of a user's end. */
  private final Map<String, Long> users = new HashMap<>();

  private final long self;

  private PeerUsers() {
    long own = UNKNOWN;
    try {
      own = ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
      for (Path table : TABLES) {
        if (Files.exists(table)) {
          Files.readAllLines(table, StandardCharsets.ISO_8859_1).stream()
              .skip(1)
              .forEach(this::add);
        }
      }
    } catch (IOException e) {
      // nobody is known
    }
    this.self = own;
  }

  static PeerUsers now() {
    return new PeerUsers();
  }

  private void add(String row) {
    String[] fields = row.strip().split("\\s+");
    if (fields.length > USER) {
      String end = fields[LOCAL];
      users.put(
          end.startsWith(MAPPED) ? end.substring(MAPPED.length()) : end,
          Long.parseLong(fields[USER]));
    }
  }

  /** Who a client over a port is of. */
  Peer of(NbdClient client) {
    return client.address().map(this::of).orElse(new Peer(UNKNOWN, ""));
  }

  /** Who is at an address. */
  Peer of(InetSocketAddress address) {
    Long user = users.get(end(address));
    byte[] bytes = address.getAddress().getAddress();
    String machine =
        user != null || address.getAddress().isLoopbackAddress()
            ? ""
            : HexFormat.of().formatHex(bytes, 0, Math.min(NETWORK, bytes.length));
    return new Peer(user == null ? UNKNOWN : user, machine);
  }

  /** As the table writes it: the bytes of the address, four at a time, as this processor's. */
  private static String end(InetSocketAddress address) {
    ByteBuffer bytes =
        ByteBuffer.wrap(address.getAddress().getAddress()).order(ByteOrder.nativeOrder());
    StringBuilder text = new StringBuilder();
    while (bytes.hasRemaining()) {
      text.append(String.format(Locale.ROOT, "%08X", bytes.getInt()));
    }
    return text.append(String.format(Locale.ROOT, ":%04X", address.getPort())).toString();
  }

  /** Whether it is the user the server runs for, or root. */
  boolean isOwn(Peer peer) {
    return peer.user == 0 || peer.user == self && peer.user != UNKNOWN;
  }
}
