package blksh.volume;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * The superblock of version 0.90, in the last whole 64 KiB but one of a member, in the byte order
 * of the machine that made it ({@code md_p.h}: {@code mdp_super_t}).
 */
final class MdOldSuperblock {

  private static final int LENGTH = 4096;
  private static final int RESERVED = 64 << 10;
  private static final int CHECKSUM = 152;
  private static final int FIRST_DISK = 512;
  private static final int DISK = 128;
  private static final int DISKS = 27;
  private static final int THIS_DISK = 3968;

  /** State of a disk: active, and its data agrees. */
  private static final int IN_SYNC = 2 | 4;

  private static final int FAULTY = 1;

  private MdOldSuperblock() {}

  static Optional<MdMember> at(BlockSource source, String place) throws VolumeProblem {
    long at = source.size() / RESERVED * RESERVED - RESERVED;
    ByteBuffer block = VolumeBytes.read(source, at, LENGTH);
    if (block == null) {
      return Optional.empty();
    }
    if (block.getInt(0) != MdSuperblock.MAGIC) {
      block.order(ByteOrder.BIG_ENDIAN);
    }
    if (block.getInt(0) != MdSuperblock.MAGIC || block.getInt(4) != 0) {
      return Optional.empty();
    }
    if (!isSound(block)) {
      throw VolumeProblem.in(at, LENGTH, "its superblock at byte %d is damaged".formatted(at));
    }
    int minor = block.getInt(8);
    int[] roles = new int[DISKS];
    for (int i = 0; i < DISKS; i++) {
      int disk = FIRST_DISK + i * DISK;
      int state = block.getInt(disk + 16);
      boolean used = (state & IN_SYNC) == IN_SYNC && (state & FAULTY) == 0;
      roles[i] = used ? block.getInt(disk + 12) : -1;
    }
    boolean low = block.order() == ByteOrder.LITTLE_ENDIAN;
    long events =
        (long) block.getInt(low ? 160 : 156) << 32 | block.getInt(low ? 156 : 160) & 0xffffffffL;
    String uuid =
        "%08x:%08x:%08x:%08x"
            .formatted(block.getInt(20), block.getInt(52), block.getInt(56), block.getInt(60));
    long size = (block.getInt(32) & 0xffffffffL) << 10;
    int level = block.getInt(28);
    MdMember.Terms terms =
        new MdMember.Terms(
            uuid,
            Long.toString(block.getInt(44) & 0xffffffffL),
            level,
            level == 0 ? 0 : block.getInt(256),
            level <= 0 ? 0 : size,
            block.getInt(260) & 0xffffffffL,
            block.getInt(40),
            (block.getInt(132) & 1) != 0,
            minor == 90 ? "" : "it is being reshaped: have mdadm end that");
    return Optional.of(
        new MdMember(
            place,
            source,
            terms,
            block.getInt(THIS_DISK),
            roles,
            0,
            level <= 0 ? at : Math.min(at, size),
            events,
            true,
            List.of()));
  }

  private static boolean isSound(ByteBuffer block) {
    long sum = -(block.getInt(CHECKSUM) & 0xffffffffL);
    for (int at = 0; at < LENGTH; at += 4) {
      sum += block.getInt(at) & 0xffffffffL;
    }
    return (int) ((sum & 0xffffffffL) + (sum >>> 32)) == block.getInt(CHECKSUM);
  }
}
