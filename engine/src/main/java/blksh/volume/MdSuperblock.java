package blksh.volume;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The superblock of a member of an array: version 1.0 near the end, 1.1 at the beginning, 1.2
 * behind 4 KiB (the kernel's {@code include/uapi/linux/raid/md_p.h}, md(4)). Those of version 0.90
 * are read by {@link MdOldSuperblock}.
 */
final class MdSuperblock {

  static final int MAGIC = 0xa92b4efc;
  static final int SECTOR = 512;
  static final long MOST_SECTORS = 1L << 43;
  static final int MOST_MEMBERS = 1024;

  private static final int LENGTH = 256;
  private static final int MOST_DEVICES = 1920;
  private static final int NOT_A_MEMBER = 0xfffd;

  private static final int RECOVERING = 2;
  private static final int RESHAPING = 4;
  private static final int BAD_BLOCKS = 8;
  private static final int REPLACING = 16;
  private static final int JOURNAL = 512;
  private static final int RAID0_LAYOUT = 4096;

  /** Bitmap, backwards, new offset, recovery by bitmap, versioned bitmap, partial parity logs. */
  private static final int UNIMPORTANT = 1 | 32 | 64 | 128 | 256 | 1024 | 2048;

  /** The kernel's lists have one page, which is as large as this at most. */
  private static final int MOST_BAD_BYTES = 64 << 10;

  /** Bytes of memory that a range of such a list takes. */
  private static final int RANGE = 40;

  private MdSuperblock() {}

  /**
   * Looks at a source.
   *
   * @param memory what is kept is taken from it
   * @return nothing where no member of an array is
   * @throws VolumeProblem when there is a superblock, and it is damaged
   * @throws UnreadableException when a place where one may be cannot be read
   */
  static Optional<MdMember> at(BlockSource source, String place, MemoryAllowance memory)
      throws VolumeProblem {
    long end = (source.size() / SECTOR - 16) / 8 * 8 * SECTOR;
    VolumeProblem damaged = null;
    UnreadableException unread = null;
    MdMember found = null;
    for (long at : new long[] {8 * SECTOR, 0, end}) {
      ByteBuffer block;
      try {
        block = VolumeBytes.read(source, at, LENGTH + 2 * MOST_DEVICES);
      } catch (UnreadableException e) {
        unread = unread == null ? e : unread;
        continue;
      }
      if (block == null || block.getInt(0) != MAGIC || block.getInt(4) != 1) {
        continue;
      }
      if (!isSound(block)) {
        damaged =
            VolumeProblem.in(at, LENGTH, "its superblock at byte %d is damaged".formatted(at));
      } else if (block.getLong(144) == at / SECTOR) {
        VolumeProblem.unless(found == null, "it has two superblocks");
        found = member(source, place, block, at);
      } // or else it is that of a partition that ends where this does
    }
    Optional<MdMember> old = Optional.empty();
    try {
      old = MdOldSuperblock.at(source, place);
    } catch (UnreadableException e) {
      unread = unread == null ? e : unread;
    } catch (VolumeProblem e) {
      throw found == null ? e : new VolumeProblem(e.getMessage());
    }
    VolumeProblem.unless(found == null || old.isEmpty(), "it has two superblocks");
    MdMember member = found != null ? found : old.orElse(null);
    if (unread != null && (member != null || damaged != null)) {
      throw new VolumeProblem(
          "it may have two superblocks: byte %d cannot be read".formatted(unread.start()));
    }
    if (unread != null) {
      throw unread;
    }
    if (member == null && damaged != null) {
      throw damaged;
    }
    VolumeProblem.unless(
        member == null
            || memory.take(
                (long) RANGE * member.bad().size() + (long) Integer.BYTES * member.roles().length),
        "there are more members of arrays than are read");
    return Optional.ofNullable(member);
  }

  private static boolean isSound(ByteBuffer block) {
    int devices = block.getInt(220);
    if (devices < 0 || devices > MOST_DEVICES) {
      return false;
    }
    int length = LENGTH + 2 * devices;
    long sum = -(block.getInt(216) & 0xffffffffL);
    int at = 0;
    for (; at + 4 <= length; at += 4) {
      sum += block.getInt(at) & 0xffffffffL;
    }
    if (at < length) {
      sum += block.getShort(at) & 0xffff;
    }
    return (int) ((sum & 0xffffffffL) + (sum >>> 32)) == block.getInt(216);
  }

  private static MdMember member(BlockSource source, String place, ByteBuffer block, long at)
      throws VolumeProblem {
    int features = block.getInt(8);
    int[] roles = new int[block.getInt(220)];
    for (int i = 0; i < roles.length; i++) {
      int role = block.getShort(LENGTH + 2 * i) & 0xffff;
      roles[i] = role >= NOT_A_MEMBER ? -1 : role;
    }
    int level = block.getInt(72);
    long size = sectors(block.getLong(80));
    MdMember.Terms terms =
        new MdMember.Terms(
            uuid(block, 16),
            name(block),
            level,
            level == 0 && (features & RAID0_LAYOUT) == 0 ? 0 : block.getInt(76),
            size,
            sectors(block.getInt(88) & 0xffffffffL),
            block.getInt(92),
            block.getLong(208) == -1L,
            problem(features));
    long start = sectors(block.getLong(128));
    long length = sectors(block.getLong(136));
    boolean rebuilt = (features & RECOVERING) == 0;
    List<MdMember.Range> bad =
        (features & BAD_BLOCKS) == 0 ? List.of() : badBlocks(source, block, at, start);
    return new MdMember(
        place,
        source,
        terms,
        block.getInt(160),
        roles,
        start,
        length,
        block.getLong(200),
        rebuilt,
        bad);
  }

  private static String problem(int features) {
    if ((features & RESHAPING) != 0) {
      return "it is being reshaped: have mdadm end that";
    }
    if ((features & JOURNAL) != 0) {
      return "it has a journal, which is not read";
    }
    int known = UNIMPORTANT | RECOVERING | BAD_BLOCKS | REPLACING | RAID0_LAYOUT;
    return (features & ~known) != 0
        ? "it has features that are not known (0x%x)".formatted(features & ~known)
        : "";
  }

  /** Bytes of a number of sectors. */
  private static long sectors(long count) throws VolumeProblem {
    VolumeProblem.unless(count >= 0 && count <= MOST_SECTORS, "its superblock makes no sense");
    return count * SECTOR;
  }

  /** Text behind the name of the machine that made it. */
  private static String name(ByteBuffer block) {
    StringBuilder name = new StringBuilder();
    for (int i = 32; i < 64 && block.get(i) != 0; i++) {
      char c = (char) (block.get(i) & 0xff);
      name.append(c > 0x20 && c < 0x7f && c != '/' ? c : '?');
    }
    return name.substring(name.indexOf(":") + 1);
  }

  /** As mdadm shows it: four groups of eight digits. */
  static String uuid(ByteBuffer block, int at) {
    StringBuilder text = new StringBuilder();
    ByteBuffer bytes = block.duplicate().order(ByteOrder.BIG_ENDIAN);
    for (int i = 0; i < 4; i++) {
      text.append(i == 0 ? "" : ":").append("%08x".formatted(bytes.getInt(at + 4 * i)));
    }
    return text.toString();
  }

  /**
   * The list of what could not be written or read, behind the superblock. It counts from the
   * beginning of the member.
   */
  private static List<MdMember.Range> badBlocks(
      BlockSource source, ByteBuffer block, long at, long start) throws VolumeProblem {
    int shift = block.get(185) & 0xff;
    int size = (block.getShort(186) & 0xffff) * SECTOR;
    long place = at + (long) block.getInt(188) * SECTOR;
    VolumeProblem.unless(
        shift <= 20 && size > 0 && size <= MOST_BAD_BYTES, "its list of bad blocks makes no sense");
    ByteBuffer list;
    try {
      list = VolumeBytes.read(source, place, size);
    } catch (UnreadableException e) {
      throw new VolumeProblem("its list of bad blocks cannot be read: " + e.problem());
    }
    VolumeProblem.unless(list != null, "its list of bad blocks lies outside");
    List<MdMember.Range> bad = new ArrayList<>();
    for (int i = 0; i + 8 <= size; i += 8) {
      long entry = list.getLong(i);
      if (entry == -1L) {
        break;
      }
      long count = (entry & 0x3ff) << shift;
      long first = entry >>> 10 << shift;
      VolumeProblem.unless(
          first >= 0 && first <= MOST_SECTORS, "its list of bad blocks makes no sense");
      long end = (first + count) * SECTOR - start;
      if (count > 0 && end > 0) {
        bad.add(new MdMember.Range(Math.max(0, first * SECTOR - start), end));
      }
    }
    bad.sort(Comparator.comparingLong(MdMember.Range::start));
    List<MdMember.Range> apart = new ArrayList<>();
    for (MdMember.Range each : bad) {
      MdMember.Range last = apart.isEmpty() ? null : apart.get(apart.size() - 1);
      if (last == null || each.start() > last.end()) {
        apart.add(each);
      } else {
        long end = Math.max(last.end(), each.end());
        apart.set(apart.size() - 1, new MdMember.Range(last.start(), end));
      }
    }
    return List.copyOf(apart);
  }
}
