package blksh.io;

/**
 * That somebody uses a block device, or a file, as far as the system tells.
 *
 * @param words for people: {@code "sda1 is mounted on /home"}
 * @param remedy what ends it, or empty
 * @param writes whether its bytes may change by it
 */
public record DeviceUse(String words, String remedy, boolean writes) {}
