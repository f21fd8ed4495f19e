package blksh.mount.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.Place;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an export is, as an NBD URI says (doc/uri.md of the NetworkBlockDevice project): {@code
 * nbd://HOST:PORT/EXPORT}, {@code nbd+unix:///EXPORT?socket=PATH}, and {@code nbds} for TLS. The
 * export and the values after the question mark are percent-decoded.
 *
 * @param text as it was written
 * @param tls whether only TLS will do
 * @param host name or address without brackets; empty with a socket
 * @param port 1 to 65535
 * @param socket in the file system, instead of a host
 * @param export the name of the export; empty for the default
 * @param certificates the directory with {@code ca-cert.pem} and the client's own, if one was named
 * @param tlsName the name that the server's certificate must have, where it is not the host's
 */
record NbdAddress(
    String text,
    boolean tls,
    String host,
    int port,
    Optional<Path> socket,
    String export,
    Optional<Path> certificates,
    Optional<String> tlsName) {

  private static final int MOST_PORT = 65535;

  /**
   * @throws BlkshException when it is no such place, or says what is not known here
   */
  static NbdAddress of(Place.Remote place) {
    String text = place.toString();
    boolean tls;
    boolean unix;
    switch (place.scheme()) {
      case NBD, NBDS -> unix = false;
      case NBD_UNIX, NBDS_UNIX -> unix = true;
      default -> throw refused(text, "that is no network block device");
    }
    tls = place.scheme() == Place.Scheme.NBDS || place.scheme() == Place.Scheme.NBDS_UNIX;
    String rest = place.path();
    String authority = place.authority();
    if (authority.indexOf('?') >= 0) {
      throw refused(text, "there is no / between the host and the ?");
    }
    int question = rest.indexOf('?');
    String path = question < 0 ? rest : rest.substring(0, question);
    if (rest.indexOf('#') >= 0) {
      throw refused(text, "a # in it is written %23");
    }
    Query query = Query.parse(text, question < 0 ? "" : rest.substring(question + 1));
    if (unix != query.socket.isPresent()) {
      throw refused(text, unix ? "it names no socket" : "a socket belongs to nbd+unix://");
    }
    if (!tls && (query.certificates.isPresent() || query.tlsName.isPresent())) {
      throw refused(text, "it is without TLS, but says something of certificates");
    }
    String export = decoded(text, path.startsWith("/") ? path.substring(1) : path);
    if (export.getBytes(UTF_8).length > NbdProtocol.LONGEST_NAME) {
      throw refused(text, "no export has a name of more than 4096 bytes");
    }
    HostPort at = unix ? new HostPort("", NbdProtocol.PORT) : HostPort.parse(text, authority);
    return new NbdAddress(
        text, tls, at.host, at.port, query.socket, export, query.certificates, query.tlsName);
  }

  private record Query(
      Optional<Path> socket, Optional<Path> certificates, Optional<String> tlsName) {

    static Query parse(String text, String query) {
      Optional<Path> socket = Optional.empty();
      Optional<Path> certificates = Optional.empty();
      Optional<String> tlsName = Optional.empty();
      for (String part : query.split("&")) {
        int equals = part.indexOf('=');
        String name = equals < 0 ? part : part.substring(0, equals);
        String value = equals < 0 ? "" : decoded(text, part.substring(equals + 1));
        if (name.isEmpty()) {
          continue;
        }
        if (value.isEmpty() || value.indexOf('\0') >= 0) {
          throw refused(text, "it says nothing for " + name);
        }
        switch (name) {
          case "socket" -> socket = Optional.of(Path.of(value));
          case "tls-certificates" -> certificates = Optional.of(Path.of(value));
          case "tls-hostname" -> tlsName = Optional.of(value);
          default ->
              throw refused(text, "what " + name + " means is not known")
                  .suggest("it may have socket, tls-certificates and tls-hostname");
        }
      }
      return new Query(socket, certificates, tlsName);
    }
  }

  private record HostPort(String host, int port) {

    static HostPort parse(String text, String authority) {
      if (authority.indexOf('@') >= 0) {
        throw refused(text, "a server of block devices knows no users");
      }
      String host = authority;
      String port = null;
      if (authority.startsWith("[")) {
        int end = authority.indexOf(']');
        String after = end < 0 ? "?" : authority.substring(end + 1);
        if (!after.isEmpty() && !after.startsWith(":")) {
          throw refused(text, "it has no ] after its address");
        }
        host = authority.substring(1, end);
        port = after.isEmpty() ? null : after.substring(1);
      } else if (authority.indexOf(':') >= 0) {
        if (authority.indexOf(':') != authority.lastIndexOf(':')) {
          throw refused(text, "an IPv6 address stands in brackets");
        }
        host = authority.substring(0, authority.indexOf(':'));
        port = authority.substring(authority.indexOf(':') + 1);
      }
      if (host.isEmpty()) {
        throw refused(text, "it names no host");
      }
      return new HostPort(host, port == null ? NbdProtocol.PORT : number(text, port));
    }

    private static int number(String text, String port) {
      if (!port.matches("[0-9]{1,5}")
          || Integer.parseInt(port) < 1
          || Integer.parseInt(port) > MOST_PORT) {
        throw refused(text, "its port is not from 1 to " + MOST_PORT);
      }
      return Integer.parseInt(port);
    }
  }

  private static String decoded(String text, String part) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] given = part.getBytes(UTF_8);
    for (int i = 0; i < given.length; i++) {
      if (given[i] != '%') {
        bytes.write(given[i]);
        continue;
      }
      int high = i + 2 < given.length ? Character.digit(given[i + 1], 16) : -1;
      int low = i + 2 < given.length ? Character.digit(given[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw refused(text, "two digits must follow its %").suggest("a % is written %25");
      }
      bytes.write(16 * high + low);
      i += 2;
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw refused(text, "its name is not in UTF-8");
    }
  }

  private static BlkshException refused(String text, String problem) {
    return new BlkshException("open " + text, problem)
        .suggest("write nbd://HOST:PORT/EXPORT or nbd+unix:///EXPORT?socket=PATH");
  }

  /** What the certificate of the server must be made out to; empty when nothing says. */
  String serverName() {
    return tlsName.orElse(host);
  }

  /** Who is connected to, for people. */
  String server() {
    return socket.map(Path::toString).orElse(host + " port " + port);
  }

  /** What the export is called in a list of sources. */
  String name() {
    String plain = export.replaceAll("/+$", "");
    String last = plain.substring(plain.lastIndexOf('/') + 1);
    if (!last.isEmpty()) {
      return last;
    }
    return socket.map(path -> path.getFileName().toString()).orElse(host);
  }

  @Override
  public String toString() {
    return text;
  }
}
