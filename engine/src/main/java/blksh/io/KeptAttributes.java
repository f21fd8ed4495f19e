package blksh.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a file that takes the place of another gets of it: owner, group, mode, and the extended
 * attributes, which the access control list, the label of SELinux and the capabilities are among.
 * What it cannot get is told.
 */
final class KeptAttributes {

  /** Names are bytes; so each of them stays what it is. */
  private static final Charset NAME = StandardCharsets.ISO_8859_1;

  private static final int NAMES = 1 << 16;

  /** Largest value the kernel knows (XATTR_SIZE_MAX of linux/limits.h). */
  private static final int VALUE = 1 << 16;

  /** Bits that let a program act as its owner or group. */
  private static final int SET_IDS = 06000;

  /** Permission bits, the above and the sticky one (inode(7)). */
  private static final int MODE = 07777;

  private final Path from;
  private final Path to;
  private final List<String> lost = new ArrayList<>();

  private KeptAttributes(Path from, Path to) {
    this.from = from;
    this.to = to;
  }

  /**
   * Gives a file what another has, once its contents are written: writing would take some away.
   *
   * @return what could not be given, a clause each; nothing when there is no such other file
   */
  static List<String> copy(Path from, Path to) throws IOException {
    if (!Files.exists(from)) {
      return List.of();
    }
    KeptAttributes kept = new KeptAttributes(from, to);
    int mode = kept.copyOwner();
    kept.copyExtended();
    Files.setAttribute(to, "unix:mode", mode);
    return List.copyOf(kept.lost);
  }

  /** Gives it away. @return the mode it may have */
  private int copyOwner() throws IOException {
    Map<String, Object> there = Files.readAttributes(from, "unix:uid,gid,mode,nlink,owner,group");
    boolean kept = true;
    // The group first: who gives the file away may not change it any more.
    for (String id : List.of("gid", "uid")) {
      if (!there.get(id).equals(Files.getAttribute(to, "unix:" + id))) {
        try {
          Files.setAttribute(to, "unix:" + id, there.get(id));
        } catch (IOException e) {
          kept = false;
          boolean group = id.equals("gid");
          lost.add(
              "it no longer belongs to %s %s (%s)"
                  .formatted(
                      group ? "group" : "user",
                      there.get(group ? "group" : "owner"),
                      IoFailure.reason(e)));
        }
      }
    }
    int mode = (Integer) there.get("mode") & MODE;
    int names = (Integer) there.get("nlink");
    if (names > 1) {
      lost.add(
          "%d other name%s of the file (hard links) keep%s the old contents"
              .formatted(names - 1, names == 2 ? "" : "s", names == 2 ? "s" : ""));
    }
    return kept ? mode : mode & ~SET_IDS;
  }

  private void copyExtended() {
    Optional<Posix> system = Posix.instance();
    if (system.isEmpty()) {
      lost.add("its access control list and extended attributes, if it had any, were not kept");
      return;
    }
    Posix posix = system.get();
    List<String> there = names(posix, from);
    for (String inherited : names(posix, to)) {
      if (!there.contains(inherited)) {
        posix.removeAttribute(to, inherited.getBytes(NAME)); // an access control list, mostly
      }
    }
    try (DirectBuffer value = DirectBuffer.borrow(VALUE)) {
      for (String name : there) {
        copy(posix, name, value.bytes());
      }
    }
  }

  private static List<String> names(Posix posix, Path path) {
    try (DirectBuffer buffer = DirectBuffer.borrow(NAMES)) {
      ByteBuffer names = buffer.bytes();
      byte[] bytes = new byte[Math.max(0, posix.listAttributes(path, names))];
      names.get(bytes);
      String all = new String(bytes, NAME);
      return all.isEmpty() ? List.of() : List.of(all.split("\0"));
    }
  }

  private void copy(Posix posix, String name, ByteBuffer value) {
    byte[] bytes = name.getBytes(NAME);
    int length = posix.attribute(from, bytes, value);
    int result = length < 0 ? length : posix.setAttribute(to, bytes, value, length);
    if (result < 0) {
      lost.add("its attribute %s is lost (%s)".formatted(name, posix.errorText(-result)));
    }
  }
}
