package blksh.drive;

/** What a machine tells of its drives. */
public interface Machine {

  /** What {@code lsblk --json --bytes --output-all} says. */
  String lsblk();

  /**
   * What {@code blkid -p -o export} says of a drive; empty where udev has looked at it.
   *
   * @param path such as {@code "/dev/sda1"}
   */
  String probe(String path);

  /**
   * What a file of sysfs says; empty where there is none.
   *
   * @param name of the drive in sysfs
   * @param file below its directory: {@code "device/model"}
   */
  String fact(String name, String file);
}
