package blksh.drive;

import blksh.BlkshException;
import blksh.Nearest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The drives of a machine, as they were when last looked at. */
public final class Drives implements Iterable<Drive> {

  private final Supplier<? extends Machine> machine;

  /** Whether they are this machine's, so that links to them can be followed. */
  private final boolean here;

  private volatile List<Drive> drives;

  private Drives(Supplier<? extends Machine> machine, boolean here) {
    this.machine = machine;
    this.here = here;
    this.drives = Lsblk.drives(machine.get());
  }

  /**
   * Looks at what another machine has now.
   *
   * @param machine asks it, each time it is called
   * @throws BlkshException when that cannot be told
   */
  public static Drives of(Supplier<? extends Machine> machine) {
    return new Drives(machine, false);
  }

  /**
   * Looks at what the machine has now.
   *
   * @throws BlkshException when lsblk is missing or fails
   */
  public static Drives look() {
    return new Drives(ThisMachine::new, true);
  }

  /** Looks again: a drive may have come or gone. */
  public Drives refresh() {
    drives = Lsblk.drives(machine.get());
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
    return find(all, key, "drive", here);
  }

  /** As {@link #get}; empty when there is none, or more than one. */
  public Optional<Drive> find(String key) {
    try {
      return Optional.of(get(key));
    } catch (BlkshException e) {
      return Optional.empty();
    }
  }

  /**
   * @param here whether they are this machine's
   */
  static Drive find(List<Drive> among, String key, String what, boolean here) {
    List<Drive> found =
        among.stream().filter(drive -> matches(drive, key, here)).distinct().toList();
    if (found.isEmpty()) {
      throw new BlkshException("find " + what + " " + key, "there is none")
          .suggest((meant(key, among) + " there are " + names(among)).strip());
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

  private static boolean matches(Drive drive, String key, boolean here) {
    if (key.isEmpty()) {
      return false;
    }
    return drive.name().equals(key)
        || drive.serial().equals(key)
        || drive.label().equals(key)
        || drive.uuid().equals(key)
        || drive.path().toString().equals(key)
        || here && isPathOf(drive, key);
  }

  private static boolean isPathOf(Drive drive, String key) {
    if (!key.startsWith("/")) {
      return false;
    }
    try {
      return Path.of(key).toRealPath().equals(drive.path().toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  private static String meant(String key, List<Drive> among) {
    return Nearest.question(key, among.stream().map(Drive::name).toList());
  }

  private static String names(List<Drive> drives) {
    return drives.isEmpty()
        ? "none"
        : drives.stream().map(Drive::name).distinct().collect(Collectors.joining(", "));
  }
}
