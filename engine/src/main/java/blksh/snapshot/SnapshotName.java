package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** Names of snapshots that are directories: the local time to the minute, unless told otherwise. */
final class SnapshotName {

  /** cacheback's {@code %F %H:%M}. */
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm");

  private static final int LONGEST = 255;

  private SnapshotName() {}

  /**
   * A name that is free.
   *
   * @param wanted null for the time
   * @throws BlkshException when the one that is wanted is taken, or cannot be one
   */
  static String free(DirectoryHandle top, String wanted, Instant now) throws IOException {
    if (wanted != null) {
      require(wanted);
      if (top.statusIfAny(LinkedDestination.bytes(wanted)) != null) {
        throw new BlkshException("take the snapshot " + wanted, "there is one of that name")
            .suggest("name it otherwise, or leave the name out");
      }
      return wanted;
    }
    String time = TIME.format(now.atZone(ZoneId.systemDefault()));
    String name = time;
    for (int i = 2; top.statusIfAny(LinkedDestination.bytes(name)) != null; i++) {
      name = time + "-" + i;
    }
    return name;
  }

  /**
   * Returns when a snapshot may have a name.
   *
   * @throws BlkshException when not
   */
  static void require(String name) {
    if (name.isEmpty()
        || name.startsWith(".")
        || name.contains("/")
        || name.chars().anyMatch(Character::isISOControl)
        || LinkedDestination.bytes(name).length > LONGEST) {
      throw new BlkshException("name a snapshot \"" + name + "\"", "it is the name of a directory")
          .suggest("use 1 to 255 bytes without a slash, and no dot at the beginning");
    }
  }

  /** The time a name tells; empty when it tells none. */
  static Optional<Instant> time(String name) {
    try {
      return Optional.of(
          LocalDateTime.parse(name.replaceFirst("^(.{16})-\\d+$", "$1"), TIME)
              .atZone(ZoneId.systemDefault())
              .toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
