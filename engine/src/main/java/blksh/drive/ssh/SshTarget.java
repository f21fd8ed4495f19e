package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whom ssh is to reach: what a place has between {@code ssh://} and the first slash after it.
 *
 * @param authority as it was written: {@code "root@server01:2222"}
 * @param user who logs in, if it was said
 * @param host as ssh_config(5) or the network knows it, without brackets
 * @param port if it was said
 */
record SshTarget(String authority, Optional<String> user, String host, Optional<Integer> port) {

  private static final int MOST_PORT = 65535;

  /** What ssh may put into a command line of its configuration (%h, %r): nothing a shell reads. */
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._%:-]+");

  private static final Pattern USER =
      Pattern.compile("[^\\x00-\\x20\\x7f'\"`$;|&<>(){}\\[\\]\\\\*?!#:]+");

  /**
   * @throws BlkshException when it names no host that one could reach
   */
  static SshTarget parse(String authority) {
    int at = authority.lastIndexOf('@');
    if (Place.hasPassword(authority)) {
      throw Place.withPassword("reach " + authority.substring(at + 1));
    }
    String user = at < 0 ? null : authority.substring(0, at);
    String rest = authority.substring(at + 1);
    String host = rest;
    String port = null;
    if (rest.startsWith("[")) {
      int end = rest.indexOf(']');
      String after = end < 0 ? "?" : rest.substring(end + 1);
      if (!after.isEmpty() && !after.startsWith(":")) {
        throw refused(authority, "it has no ] after its address");
      }
      host = rest.substring(1, end);
      port = after.isEmpty() ? null : after.substring(1);
    } else if (rest.indexOf(':') >= 0 && rest.indexOf(':') == rest.lastIndexOf(':')) {
      host = rest.substring(0, rest.indexOf(':'));
      port = rest.substring(rest.indexOf(':') + 1);
    } else if (rest.indexOf(':') >= 0) {
      throw refused(authority, "an IPv6 address stands in brackets");
    }
    if (host.isEmpty() || host.startsWith("-") || user != null && user.isEmpty()) {
      throw refused(authority, "it names no host that one could reach");
    }
    if (!HOST.matcher(host).matches()) {
      throw refused(authority, "its host has other characters than letters, digits and ._-%:");
    }
    if (user != null && !USER.matcher(user).matches() || user != null && user.startsWith("-")) {
      throw refused(authority, "its user has characters that a shell reads otherwise");
    }
    return new SshTarget(
        authority,
        Optional.ofNullable(user),
        host,
        Optional.ofNullable(port).map(digits -> number(authority, digits)));
  }

  private static int number(String authority, String port) {
    if (!port.matches("[0-9]{1,5}")
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > MOST_PORT) {
      throw refused(authority, "its port is not from 1 to " + MOST_PORT);
    }
    return Integer.parseInt(port);
  }

  private static BlkshException refused(String authority, String problem) {
    return new BlkshException("reach " + authority, problem)
        .suggest("write ssh://USER@HOST:PORT/PATH, of which USER and PORT may be left out");
  }

  /** What a machine is called: behind one name other ports lead to other machines. */
  String label() {
    return port.map(number -> host + "-" + number).orElse(host);
  }

  /** The words of a command line that name it. */
  List<String> words() {
    List<String> words = new ArrayList<>();
    user.ifPresent(name -> words.addAll(List.of("-l", name)));
    port.ifPresent(number -> words.addAll(List.of("-p", Integer.toString(number))));
    words.addAll(List.of("--", host));
    return words;
  }

  @Override
  public String toString() {
    return authority;
  }
}
