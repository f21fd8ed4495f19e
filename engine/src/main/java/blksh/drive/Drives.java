package blksh.drive;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The drives of this machine, as they were when last looked at. */
public final class Drives implements Iterable<Drive> {

  private volatile List<Drive> drives;

  private Drives(List<Drive> drives) {
    this.drives = drives;
  }

  /**
   * Looks at what the machine has now.
   *
   * @throws BlkshException when lsblk is missing or fails
   */
  public static Drives look() {
    return new Drives(Lsblk.drives());
  }

  /** Looks again: a drive may have come or gone. */
  public Drives refresh() {
    drives = Lsblk.drives();
    return this;
  }

  /** The drives; partitions are listed within their disks. */
  public List<Drive> list() {
    return drives;
  }

  @Override
  public Iterator<Drive> iterator() {
    return drives.iterator();
  }

  /**
   * A drive or partition by its kernel name, path or a link to it, serial number, label or UUID.
   *
   * @throws BlkshException when there is none, or more than one
   */
  public Drive get(String key) {
    List<Drive> all = new ArrayList<>();
    drives.forEach(drive -> all.addAll(drive.withChildren()));
    return find(all, key, "drive");
  }

  /** As {@link #get}; empty when there is none, or more than one. */
  public Optional<Drive> find(String key) {
    try {
      return Optional.of(get(key));
    } catch (BlkshException e) {
      return Optional.empty();
    }
  }

  static Drive find(List<Drive> among, String key, String what) {
    List<Drive> found = among.stream().filter(drive -> matches(drive, key)).distinct().toList();
    if (found.isEmpty()) {
      throw new BlkshException("find " + what + " " + key, "there is none")
          .suggest("there are " + names(among));
    }
    // A name or path is unique; a serial number is the disk's before any partition's.
    Drive first = found.get(0);
    boolean exact = first.name().equals(key) || first.path().toString().equals(key);
    if (found.size() > 1 && !exact) {
      throw new BlkshException("find " + what + " " + key, "more than one matches")
          .suggest("say which: " + names(found));
    }
    return first;
  }

  private static boolean matches(Drive drive, String key) {
    if (key.isEmpty()) {
      return false;
    }
    return drive.name().equals(key)
        || drive.serial().equals(key)
        || drive.label().equals(key)
        || drive.uuid().equals(key)
        || isPathOf(drive, key);
  }

  private static boolean isPathOf(Drive drive, String key) {
    if (!key.startsWith("/")) {
      return false;
    }
    if (drive.path().toString().equals(key)) {
      return true;
    }
    try {
      return Path.of(key).toRealPath().equals(drive.path().toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  private static String names(List<Drive> drives) {
    return drives.isEmpty()
        ? "none"
        : drives.stream().map(Drive::name).distinct().collect(Collectors.joining(", "));
  }
}
