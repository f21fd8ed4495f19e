package blksh;

import java.nio.file.Path;
import java.util.Locale;

/**
 * Where something is: a path of this machine, or something beyond it that begins with one of the
 * {@link Scheme}s, such as {@code s3://bucket/prefix} or {@code ssh://root@server01/dev/sda}. What
 * begins with no such scheme is a path. Two places are equal when they are written alike.
 */
public sealed interface Place {

  /** The ways beyond this machine, by what a place begins with. */
  enum Scheme {
    /** An object store: {@code s3://BUCKET/PREFIX}. */
    S3("s3", "in a bucket"),
    /** A path of another machine: {@code ssh://USER@HOST:PORT/PATH}. */
    SSH("ssh", "on another machine"),
    /** An export of a network block device server: {@code nbd://HOST:PORT/EXPORT}. */
    NBD("nbd", "behind a network block device"),
    /** The same, by TLS. */
    NBDS("nbds", "behind a network block device"),
    /** An export by way of a socket: {@code nbd+unix:///EXPORT?socket=PATH}. */
    NBD_UNIX("nbd+unix", "behind a network block device"),
    /** The same, by TLS. */
    NBDS_UNIX("nbds+unix", "behind a network block device");

    private final String prefix;
    private final String where;

    Scheme(String name, String where) {
      this.prefix = name + "://";
      this.where = where;
    }

    private boolean socket() {
      return this == NBD_UNIX || this == NBDS_UNIX;
    }
  }

  /** A path of this machine, as it was given: a relative one stays relative. */
  record Local(Path path) implements Place {

    @Override
    public String name() {
      Path last = path.toAbsolutePath().normalize().getFileName();
      return last == null ? "root" : last.toString();
    }

    @Override
    public Path path(String action, String what) {
      return path;
    }

    // Written out: what the compiler gives a record is made at run time, when a command starts.

    @Override
    public boolean equals(Object other) {
      return other instanceof Local local && local.path.equals(path);
    }

    @Override
    public int hashCode() {
      return path.hashCode();
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /**
   * Something beyond this machine.
   *
   * @param authority the bucket, or the host with what stands before and after it; empty where a
   *     socket is named instead
   * @param path everything from the first slash after it, as it stands: nothing in it is decoded,
   *     no character is special, but that of a bucket ends at a question mark, and words that say
   *     how it is reached follow; or empty
   */
  record Remote(Scheme scheme, String authority, String path) implements Place {

    @Override
    public String name() {
      int words = scheme == Scheme.S3 ? path.indexOf('?') : -1;
      String bare = words < 0 ? path : path.substring(0, words);
      String name = bare.substring(bare.lastIndexOf('/', bare.length() - 2) + 1);
      String plain = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
      return plain.isEmpty() ? authority : plain;
    }

    @Override
    public Path path(String action, String what) {
      throw new BlkshException(
          action + " " + this, what + " " + scheme.where + " are not supported yet");
    }

    @Override
    public String toString() {
      return scheme.prefix + authority + path;
    }
  }

  /**
   * Reads a place as a person writes it, and as {@link #toString} does.
   *
   * @throws BlkshException when it begins as one that is not a path, but names no bucket or host,
   *     or writes the scheme in capitals; and for a {@code file://}, of which nobody could say
   *     whether its name is to be decoded
   * @throws java.nio.file.InvalidPathException when it cannot be a path
   */
  static Place parse(String text) {
    String small = text.substring(0, Math.max(0, text.indexOf("://"))).toLowerCase(Locale.ROOT);
    if (small.equals("file")) {
      throw new BlkshException("take " + text + " for a place", "a path is written by itself")
          .suggest("write " + text.substring(small.length() + 3));
    }
    for (Scheme scheme : Scheme.values()) {
      if (scheme.prefix.equals(small + "://")) {
        return remote(scheme, text);
      }
    }
    return new Local(WordBytes.path(text));
  }

  private static Remote remote(Scheme scheme, String text) {
    String rest = text.substring(scheme.prefix.length());
    int slash = rest.indexOf('/');
    int words = scheme == Scheme.S3 ? rest.indexOf('?') : -1;
    if (words >= 0 && (slash < 0 || words < slash)) {
      slash = words; // s3://BUCKET?endpoint=…
    }
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    if (hasPassword(authority)) {
      String shown = scheme.prefix + "…" + authority.substring(authority.lastIndexOf('@'));
      throw withPassword("take " + shown + " for a place");
    }
    if (!text.startsWith(scheme.prefix)) {
      throw new BlkshException("take " + text + " for a place", "its scheme is in capitals")
          .suggest("begin it with " + scheme.prefix);
    }
    // What begins with a dash would be an option to the programs that take a host.
    boolean wrong =
        scheme.socket()
            ? !authority.isEmpty() || slash < 0
            : authority.isEmpty()
                || authority.endsWith("@")
                || authority.startsWith("-")
                || authority.contains("@-")
                || authority.chars().anyMatch(each -> each <= ' ' || each == 0x7f);
    if (wrong) {
      String wanted =
          scheme == Scheme.S3 ? "bucket" : scheme.socket() ? "socket" : "host that one could reach";
      throw new BlkshException("take " + text + " for a place", "it names no " + wanted);
    }
    return new Remote(scheme, authority, slash < 0 ? "" : rest.substring(slash));
  }

  /** Whether a password stands before the host, as in other URLs. */
  static boolean hasPassword(String authority) {
    return authority.lastIndexOf('@') > 0
        && authority.substring(0, authority.lastIndexOf('@')).indexOf(':') >= 0;
  }

  /** The refusal of such a place, in which the password is not repeated. */
  static BlkshException withPassword(String action) {
    return new BlkshException(action, "a password does not belong in a place: it is shown and kept")
        .suggest("leave it out, and change it if others could read it");
  }

  /** The place of a path. */
  static Place of(Path path) {
    return new Local(path);
  }

  /** What it is called by itself: the last part of it. */
  String name();

  /**
   * Its path, where only one of this machine will do.
   *
   * @param action what is being done to it, as it follows "cannot": {@code "open store"}
   * @param what what is looked for there: {@code "stores"}
   * @throws BlkshException when it is beyond this machine
   */
  Path path(String action, String what);
}
