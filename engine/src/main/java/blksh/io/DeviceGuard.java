package blksh.io;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Stands between whatever writes and a drive: a drive is written only when it has a medium, is
 * writable and large enough, and neither it nor a partition of it is used by anybody. What sysfs
 * and the mount tables tell makes the message; the kernel's own answer decides. Who claims nothing,
 * as a virtual machine, is found among the processes.
 */
final class DeviceGuard {

  /** Programs that only look at a drive, such as those of udev, have it alone for an instant. */
  private static final int TRIES = 10;

  private static final long PAUSE_NANOS = 50_000_000;

  private final Path path;
  private final Path sys;
  private final String action;

  private DeviceGuard(Path path, Path sys, String action) {
    this.path = path;
    this.sys = sys;
    this.action = action;
  }

  /**
   * Takes a drive for this process alone.
   *
   * @param size bytes that are to be written
   * @param action what is about to be done, for the message
   * @return a file descriptor; until it is closed the kernel lets nobody mount it
   * @throws BlkshException naming the drive and what stands against it
   */
  static int take(Path path, long size, String action) {
    try {
      BlockDevice device = BlockDevice.at(path);
      String named = action + " (" + device.title() + ")";
      checkSize(path, size, named);
      DeviceGuard guard = new DeviceGuard(path, device.directory(), named);
      guard.checkUnused();
      return guard.take();
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private static void checkSize(Path path, long size, String action) {
    long there;
    try (OpenFile source = OpenFile.open(path)) {
      there = source.size();
    } catch (BlkshException e) {
      throw IoFailure.of(e) == IoFailure.NO_MEDIUM
          ? new BlkshException(action, "there is no medium in it", e)
          : e;
    }
    if (there == 0) {
      throw new BlkshException(action, "there is no medium in it (its size is 0)");
    }
    if (there < size) {
      throw new BlkshException(action, "it has %d bytes and the image %d".formatted(there, size));
    }
  }

  private void checkUnused() throws IOException {
    if (sys == null) {
      return;
    }
    if (BlockDevice.fact(sys, "ro").equals("1")) {
      throw new BlkshException(action, "it is read-only");
    }
    DeviceUses uses = DeviceUses.now();
    for (Path part : touched()) {
      for (DeviceUse use : uses.of(part)) {
        BlkshException used = new BlkshException(action, use.words());
        throw use.remedy().isEmpty() ? used : used.suggest(use.remedy());
      }
    }
    refuseLasting(
        action,
        () -> {
          DeviceUses now = DeviceUses.now();
          return touched().stream().flatMap(part -> now.openFor(part).stream()).toList();
        });
  }

  /** Refuses what somebody has open for longer than an instant. */
  static void refuseLasting(String action, OpenForWriting.Question question) throws IOException {
    List<DeviceUse> uses = OpenForWriting.lasting(question);
    if (!uses.isEmpty()) {
      throw new BlkshException(action, uses.get(0).words()).suggest(uses.get(0).remedy());
    }
  }

  /** The device, its partitions, and its disk where it is one itself. */
  private List<Path> touched() throws IOException {
    List<Path> all = new ArrayList<>();
    all.add(sys);
    if (Files.exists(sys.resolve("partition"))) {
      all.add(sys.getParent());
    }
    all.addAll(BlockDevice.partitions(sys));
    return all;
  }

  private int take() throws IOException {
    Posix posix = Posix.instance().orElse(null);
    if (posix == null) {
      throw new BlkshException(
              action, "the kernel cannot be asked whether it is in use: native calls do not work")
          .suggest("let TMPDIR be a directory that programs may be run from");
    }
    int taken = posix.openAlone(path.toAbsolutePath());
    for (int tries = 1; taken == -Posix.EBUSY && tries < TRIES; tries++) {
      LockSupport.parkNanos(PAUSE_NANOS);
      taken = posix.openAlone(path.toAbsolutePath());
    }
    if (taken == -Posix.EBUSY) {
      checkUnused();
      throw new BlkshException(action, "the kernel has it in use, or another program has it alone")
          .suggest(
              "look for what is mounted, also in containers, for a journal or a second device of a"
                  + " file system, and for swap, RAID and LVM");
    }
    if (taken < 0) {
      throw IoFailure.told(action, IoFailure.exception(path, -taken));
    }
    return taken;
  }
}
