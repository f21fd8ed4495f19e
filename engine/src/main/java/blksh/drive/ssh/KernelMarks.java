package blksh.drive.ssh;

import java.util.Optional;

/**
 * What the kernel of another machine tells a device by, as long as it was not started anew. Equal
 * marks prove nothing where there are none: what is not known is not the same.
 *
 * @param boot the boot_id of the machine
 * @param number major and minor: {@code 8:16}
 * @param node the inode of its directory in sysfs, another one when the device came again
 * @param diskseq the number of what is in it, from Linux 5.15 on
 * @param removable 0 when nothing can be put into the device while it stays
 * @param backed whether the file behind a loop device is known by its number
 */
record KernelMarks(
    String boot, String number, String node, String diskseq, String removable, boolean backed) {

  private static final String LOOP = "7:";
  private static final String NBD = "43:";

  /** Why equal marks would not tell that it is the same; nothing when they do. */
  Optional<String> doubt() {
    if (boot.isEmpty()) {
      return Optional.of("that machine does not tell whether it was started anew");
    }
    if (!diskseq.isEmpty()) {
      return Optional.empty();
    }
    if (node.isEmpty() || number.isEmpty()) {
      return Optional.of("that machine has no number for it");
    }
    boolean attached = number.startsWith(NBD) || number.startsWith(LOOP) && !backed;
    return removable.equals("0") && !attached
        ? Optional.empty()
        : Optional.of("what is in it may be another, and that machine does not count that");
  }
}
