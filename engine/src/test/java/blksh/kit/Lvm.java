package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The tools of LVM2 over loop devices of some files, for as long as it is open. They write metadata
 * only: the kernel's device mapper is neither needed nor asked.
 */
public final class Lvm implements Closeable {

  private final List<LoopDevice> devices = new ArrayList<>();
  private final String config;

  private Lvm(Path folder, List<Path> files) throws IOException {
    for (Path file : files) {
      devices.add(LoopDevice.attach(file, 512));
    }
    String filter =
        devices.stream()
            .map(device -> "\"a|^" + device.path() + "$|\"")
            .collect(Collectors.joining(",", "[", ",\"r|.*|\"]"));
    config =
        ("devices{scan=[\"/dev\"] filter=%s global_filter=%s use_devicesfile=0 hints=\"none\""
                + " external_device_info_source=\"none\" obtain_device_list_from_udev=0}"
                + " activation{udev_sync=0 udev_rules=0 monitoring=0} backup{backup=0 archive=0}"
                + " global{locking_dir=\"%s\" use_lvmpolld=0}")
            .formatted(filter, filter, folder.resolve("lvm-lock"));
  }

  /**
   * @param folder of the test, for the locks of the tools
   */
  public static Lvm over(Path folder, Path... files) throws IOException {
    Tool.named("lvm");
    return new Lvm(folder, List.of(files));
  }

  /** The device over a file, by its number from 0 on. */
  public Path device(int number) {
    return devices.get(number).path();
  }

  /** The number of the file under a device. */
  public int number(String device) {
    for (int i = 0; i < devices.size(); i++) {
      if (devices.get(i).path().toString().equals(device)) {
        return i;
      }
    }
    throw new AssertionError(device);
  }

  /** Runs a command; what it printed to standard output. */
  public String run(String command, Object... arguments) throws IOException {
    List<Object> all = new ArrayList<>(List.of(command, "--driverloaded", "n", "--config", config));
    all.addAll(List.of(arguments));
    return Tool.named("lvm").answer(all.toArray());
  }

  @Override
  public void close() throws IOException {
    for (LoopDevice device : devices) {
      device.close();
    }
  }
}
