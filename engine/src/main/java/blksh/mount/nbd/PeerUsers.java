package blksh.mount.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which users of this machine have connections over its ports: the kernel's tables {@code
 * /proc/net/tcp} and {@code tcp6} (proc(5)), as they were at one instant.
 */
final class PeerUsers {

  /** Of somebody who is not in the tables. */
  private static final long UNKNOWN = -1;

  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

  // Fields of a row.
  private static final int LOCAL = 1;
  private static final int USER = 7;

  /** Hexadecimal digits of an address of version 4, which is also how one of version 6 ends. */
  private static final int ADDRESS = 8;

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
    if (fields.length > USER && fields[LOCAL].indexOf(':') >= ADDRESS) {
      String end = fields[LOCAL].substring(fields[LOCAL].indexOf(':') - ADDRESS);
      users.put(end, Long.parseLong(fields[USER]));
    }
  }

  /** The number of the user that a client over a port is of. */
  long of(NbdClient client) {
    return client
        .address()
        .map(address -> users.getOrDefault(end(address), UNKNOWN))
        .orElse(UNKNOWN);
  }

  /** As the table writes it: the bytes of the address as a number of this processor. */
  private static String end(InetSocketAddress address) {
    byte[] bytes = address.getAddress().getAddress();
    return String.format(
        Locale.ROOT,
        "%02X%02X%02X%02X:%04X",
        bytes[3],
        bytes[2],
        bytes[1],
        bytes[0],
        address.getPort());
  }

  /** Whether it is the user the server runs for, or root. */
  boolean isOwn(long user) {
    return user == 0 || user == self && user != UNKNOWN;
  }
}
