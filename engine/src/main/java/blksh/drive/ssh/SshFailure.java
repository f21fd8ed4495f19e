package blksh.drive.ssh;

import blksh.BlkshException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why ssh, or what it was to start, did not come to be: told by what they said on standard error,
 * which is quoted. The words are those of OpenSSH's sources (sshconnect.c, kex.c, clientloop.c,
 * mux.c) and of sudo's.
 */
final class SshFailure {

  /** What may be done about a failure. */
  enum Kind {
    /** Trying again changes nothing. */
    FINAL,
    /** The server may have too many logins at the moment, or the connection was cut. */
    BUSY,
    /** The host is not to be reached, which may be otherwise in a while. */
    UNREACHABLE,
    /** A connection that was there already takes no further session. */
    SHARED,
    /** Nothing that is known: of a host that was reached before it may pass. */
    UNKNOWN
  }

  private static final Pattern OFFENDING =
      Pattern.compile("Offending (?:\\S+ )?key (?:for IP )?in (.+):(\\d+)");
  private static final Pattern CHANGED = Pattern.compile("[Hh]ost key for (\\S+) has changed");
  private static final Pattern UNKNOWN =
      Pattern.compile("No \\S+ host key is known for (\\S+) and you have requested");
  private static final Pattern REFUSED =
      Pattern.compile("(?m)^(.*Permission denied \\(.*\\)\\.?)$");

  private static final List<String> BUSY =
      List.of(
          "kex_exchange_identification",
          "ssh_exchange_identification",
          "banner exchange",
          "Connection closed by",
          "Connection reset by",
          "closed by remote host",
          "client_loop: send disconnect",
          "Broken pipe",
          "Exceeded MaxStartups",
          "Not allowed at this time");

  private static final List<String> UNREACHABLE =
      List.of(
          "Connection refused",
          "Connection timed out",
          "Operation timed out",
          "No route to host",
          "Network is unreachable",
          "Network is down",
          "Host is down",
          "Temporary failure in name resolution",
          "Timeout, server");

  private static final List<String> SHARED =
      List.of("mux_client_", "Session open refused by peer", "no more sessions");

  private SshFailure() {}

  /** What a failure of which this was said is like. @param sudo whether sudo was to be run */
  static Kind kind(String said, boolean sudo) {
    if (says(said, SHARED)) {
      return Kind.SHARED;
    }
    if (isFinal(said) || sudo && sudoProblem(said) != null) {
      return Kind.FINAL;
    }
    if (says(said, UNREACHABLE)) {
      return Kind.UNREACHABLE;
    }
    return says(said, BUSY) ? Kind.BUSY : Kind.UNKNOWN;
  }

  /** What to try when sudo has refused; null when no line is one of sudo's. */
  private static String sudoProblem(String said) {
    for (String line : said.lines().map(String::strip).toList()) {
      boolean sudo = line.startsWith("sudo:") || line.startsWith("Sorry, user ");
      if (line.contains("is not in the sudoers file")
          || line.contains("is not allowed to") && line.startsWith("Sorry, user ")) {
        return "allow it in the sudoers file there, or log in as root";
      }
      if (sudo && line.contains("must have a tty")) {
        return "take requiretty out of the sudoers file there";
      }
      if (sudo
          && (line.contains("incorrect password attempt")
              || line.contains("a password is required"))) {
        return "give the password of the user who logs in";
      }
    }
    return null;
  }

  private static boolean isFinal(String said) {
    return said.contains("Host key verification failed")
        || said.contains("HOST IDENTIFICATION HAS CHANGED")
        || REFUSED.matcher(said).find()
        || said.contains("Too many authentication failures");
  }

  private static boolean says(String said, List<String> words) {
    return words.stream().anyMatch(said::contains);
  }

  /**
   * The failure for people.
   *
   * @param said all of standard error that was kept
   * @param noise what came on standard output instead of what was waited for
   * @param status of ssh, or -1
   * @param sudo whether sudo was to be run
   */
  static BlkshException told(
      SshTarget target, String said, String noise, int status, boolean sudo) {
    String action = "reach " + target;
    if (said.contains("HOST IDENTIFICATION HAS CHANGED") || CHANGED.matcher(said).find()) {
      return changed(action, target, said);
    }
    Matcher unknown = UNKNOWN.matcher(said);
    if (unknown.find() || said.contains("Host key verification failed")) {
      return new BlkshException(action, "its host key is not known yet: ssh says " + quoted(said))
          .suggest(
              "run ssh "
                  + plain(target)
                  + " once at a terminal and compare the fingerprint with that of the machine");
    }
    Matcher refused = REFUSED.matcher(said);
    if (refused.find()) {
      return new BlkshException(
              action, "the login is refused: ssh says \"" + refused.group(1) + "\"")
          .suggest("see that ssh " + plain(target) + " works without a question");
    }
    if (said.contains("Could not resolve hostname")) {
      return new BlkshException(action, "there is no such host: ssh says " + quoted(said))
          .suggest("name it as ~/.ssh/config or the network does");
    }
    String trySudo = sudo ? sudoProblem(said) : null;
    if (trySudo != null) {
      return new BlkshException("become root on " + target, "sudo says " + sudoWords(said))
          .suggest(trySudo);
    }
    Kind kind = kind(said, sudo);
    if (kind == Kind.BUSY) {
      return new BlkshException(action, "the connection was closed: ssh says " + quoted(said))
          .suggest("it may take too few logins at a time (MaxStartups in its sshd_config)");
    }
    if (kind == Kind.UNREACHABLE) {
      return new BlkshException(action, "ssh says " + quoted(said))
          .suggest("see that it is up and that its port is right");
    }
    String words = said.isBlank() ? noise : said;
    String problem =
        words.isBlank()
            ? "ssh ended with status " + status + " and said nothing"
            : "it says " + quoted(words);
    return new BlkshException(action, problem)
        .suggest("see that ssh " + plain(target) + " true does nothing and ends with status 0");
  }

  private static BlkshException changed(String action, SshTarget target, String said) {
    Matcher where = OFFENDING.matcher(said);
    Matcher who = CHANGED.matcher(said);
    String of = who.find() ? target.host() + " (" + who.group(1) + ")" : target.host();
    String place =
        where.find() ? "; the old one is in " + where.group(1) + ", line " + where.group(2) : "";
    return new BlkshException(action, "the host key of " + of + " has changed" + place)
        .suggest(
            "ask who runs it: it was installed anew, or somebody is in between; remove the old key"
                + " only when you know");
  }

  /** What sudo refuses, in quotes: it tells what matters first, and the command after it. */
  private static String sudoWords(String said) {
    int most = 160;
    String line =
        said.lines()
            .map(String::strip)
            .filter(each -> sudoProblem(each) != null)
            .findFirst()
            .orElse(said.strip());
    return "\"" + (line.length() > most ? line.substring(0, most) + "…" : line) + "\"";
  }

  /** The last words, in quotes: ssh tells what matters at the end. */
  private static String quoted(String said) {
    List<String> lines =
        said.lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("@@@"))
            .toList();
    List<String> last = lines.subList(Math.max(0, lines.size() - 2), lines.size());
    String text = String.join("; ", last);
    int most = 300;
    return "\"" + (text.length() > most ? "…" + text.substring(text.length() - most) : text) + "\"";
  }

  private static String plain(SshTarget target) {
    return target.port().map(port -> "-p " + port + " ").orElse("").toLowerCase(Locale.ROOT)
        + target.user().map(user -> user + "@").orElse("")
        + target.host();
  }
}
