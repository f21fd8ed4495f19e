package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Who uses block devices and files, by the tables of the kernel, which are read once for all that
 * is asked, by one thread. That nobody is found does not mean that nobody uses it: only the kernel
 * knows that ({@link WriteClaim}).
 */
public final class DeviceUses {

  private static final Path EXT = Path.of("/sys/fs/ext4");
  private static final Path BTRFS = Path.of("/sys/fs/btrfs");
  private static final Path PROCESSES = Path.of("/proc");
  private static final String UNMOUNT = "unmount it first";

  /** Options of a mount that name a second device of an XFS. */
  private static final Map<String, String> DEVICES =
      Map.of("logdev=", "the log", "rtdev=", "the realtime part");

  /** Read when a device is asked for. */
  private MountTable mounts;

  /** By processes; likewise. */
  private Map<String, MountTable> elsewhere;

  /** Who has devices open for writing, by their numbers; likewise. */
  private Map<String, List<String>> open;

  private final SwapTable swaps = SwapTable.readIfAny();
  private final List<LoopBacking> loops = LoopBacking.all();

  private DeviceUses() throws IOException {}

  /** As it is now. */
  public static DeviceUses now() throws IOException {
    return new DeviceUses();
  }

  /**
   * Asks for one device, without its partitions and its disk.
   *
   * @param sys its directory in sysfs
   */
  public List<DeviceUse> of(Path sys) throws IOException {
    String name = sys.getFileName().toString();
    String number = BlockDevice.fact(sys, "dev");
    List<DeviceUse> uses = new ArrayList<>();
    if (mounts == null) {
      mounts = MountTable.readIfAny();
      elsewhere = MountTable.elsewhere();
    }
    addMounts(mounts, "", name, number, uses);
    for (Map.Entry<String, MountTable> other : elsewhere.entrySet()) {
      String where = " in another mount namespace (that of process " + other.getKey() + ")";
      addMounts(other.getValue(), where, name, number, uses);
    }
    for (Path swap : swaps.paths()) {
      if (number.equals(BlockDevice.numberTextIfAny(swap))) {
        uses.add(new DeviceUse(name + " is in use as swap", "swapoff it first", true));
      }
    }
    for (Path holder : entries(sys.resolve("holders"))) {
      String words = name + " is part of " + holder.getFileName();
      uses.add(new DeviceUse(words, "", isWritten(holder.toRealPath())));
    }
    addJournals(name, uses);
    for (Path volume : entries(BTRFS)) {
      if (Files.exists(volume.resolve("devices").resolve(name))) {
        String words = "%s belongs to the mounted btrfs %s".formatted(name, volume.getFileName());
        uses.add(new DeviceUse(words, UNMOUNT, true));
      }
    }
    for (LoopBacking loop : loops) {
      if (loop.device().equals(number)) {
        uses.add(stoodOn(name, loop));
      }
    }
    return uses;
  }

  /**
   * Who has one device open for writing, without its partitions and its disk, as far as processes
   * may be looked at; a program may have it so for an instant only.
   *
   * @param sys its directory in sysfs
   */
  List<DeviceUse> openFor(Path sys) {
    if (open == null) {
      open = OpenForWriting.devices();
    }
    String name = sys.getFileName().toString();
    return open.getOrDefault(BlockDevice.fact(sys, "dev"), List.of()).stream()
        .map(who -> OpenForWriting.use(name, who))
        .toList();
  }

  /**
   * Whether the bytes of a device may change by whoever uses it, as far as is known.
   *
   * @param sys its directory in sysfs
   */
  public boolean isChanged(Path sys) throws IOException {
    return of(sys).stream().anyMatch(DeviceUse::writes)
        || !OpenForWriting.lasting(() -> now().openFor(sys)).isEmpty();
  }

  /** As above, of a regular file. */
  public boolean isFileChanged(Path path) throws IOException {
    return ofFile(path).stream().anyMatch(DeviceUse::writes)
        || !OpenForWriting.lasting(() -> OpenForWriting.uses(FileIdentity.of(path))).isEmpty();
  }

  /**
   * Asks for a regular file.
   *
   * @throws IOException when there is none
   */
  public List<DeviceUse> ofFile(Path path) throws IOException {
    FileIdentity file = FileIdentity.of(path);
    List<DeviceUse> uses = new ArrayList<>();
    for (LoopBacking loop : loops) {
      if (file.equals(loop.file())) {
        uses.add(stoodOn("it", loop));
      }
    }
    for (Path swap : swaps.paths()) {
      if (Files.exists(swap) && file.equals(FileIdentity.of(swap))) {
        uses.add(new DeviceUse("it is in use as swap", "swapoff it first", true));
      }
    }
    return uses;
  }

  private DeviceUse stoodOn(String name, LoopBacking loop) throws IOException {
    Path sys = Path.of("/sys/class/block", loop.name()).toRealPath();
    return new DeviceUse(
        "%s is in use by %s".formatted(name, loop.name()),
        "unmount that, or detach it with losetup -d /dev/" + loop.name(),
        isWritten(sys));
  }

  /** Whether what lies on a device, or on a partition of it, may change its bytes. */
  private boolean isWritten(Path sys) throws IOException {
    if (BlockDevice.fact(sys, "ro").equals("1")) {
      return false;
    }
    for (DeviceUse use : of(sys)) {
      if (use.writes()) {
        return true;
      }
    }
    for (Path partition : BlockDevice.partitions(sys)) {
      if (isWritten(partition)) {
        return true;
      }
    }
    return false;
  }

  private static void addMounts(
      MountTable table, String where, String name, String number, List<DeviceUse> uses) {
    for (MountTable.Entry mount : table.entries()) {
      if (mount.device().equals(number)
          || number.equals(BlockDevice.numberTextIfAny(mount.sourcePath()))) {
        String words = "%s is mounted on %s%s".formatted(name, mount.path(), where);
        uses.add(new DeviceUse(words, UNMOUNT, !mount.isReadOnly()));
      }
      for (Map.Entry<String, String> part : DEVICES.entrySet()) {
        for (String option : mount.options()) {
          String device = option.startsWith(part.getKey()) ? option.split("=", 2)[1] : "";
          if (device.startsWith("/")
              && number.equals(BlockDevice.numberTextIfAny(Path.of(device)))) {
            String words =
                "%s is %s of what is mounted on %s%s"
                    .formatted(name, part.getValue(), mount.path(), where);
            uses.add(new DeviceUse(words, UNMOUNT, !mount.isReadOnly()));
          }
        }
      }
    }
  }

  /** The thread that writes a journal is called after the device the journal lies on. */
  private static void addJournals(String name, List<DeviceUse> uses) throws IOException {
    for (Path volume : entries(EXT)) {
      String task = BlockDevice.fact(volume, "journal_task");
      if (!task.isEmpty()
          && BlockDevice.fact(PROCESSES.resolve(task), "comm").equals("jbd2/" + name)) {
        String words = "%s holds the journal of %s".formatted(name, volume.getFileName());
        uses.add(new DeviceUse(words, "unmount that first", true));
      }
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    List<Path> entries = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
        all.forEach(entries::add);
      }
    }
    return entries;
  }
}
