package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.volume.MetadataText.Section;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Segments that lie on other volumes of their group, which keep what they need: thin ones in a
 * pool, mirrors of RAID1 ({@code lib/thin}, {@code lib/raid} of LVM2).
 */
final class LayeredSegments {

  private static final int SECTOR = PhysicalVolume.SECTOR;

  /** Of a superblock of the kernel's dm-raid: {@code DmRd}. */
  private static final int RAID_MAGIC = 0x64526d44;

  private static final int RAID_SUPERBLOCK = 512;
  private static final int MOST_LEGS = 64;

  private final Group group;
  private final Map<String, ThinPool> pools = new HashMap<>();

  /** The volumes of a group by their names. */
  interface Group {

    /** What the text says of one; empty where it says nothing. */
    Section text(String volume);

    /** The bytes of one, as they lie, also of one that only serves others. */
    BlockSource source(String volume, int depth) throws VolumeProblem;

    /** What is noted of the volume that is being laid out; of those it lies on, it is by itself. */
    Notes notes();
  }

  LayeredSegments(Group group) {
    this.group = group;
  }

  /** A volume that has only those blocks of a pool that were ever written. */
  Layout thin(Section segment, long length, int depth) throws VolumeProblem {
    String poolName = segment.text("thin_pool");
    ThinPool pool = pool(poolName, depth);
    group.notes().map();
    long device = segment.number("device_id", 0, 0xffffff);
    Layout below = Layouts.zeros(Long.MAX_VALUE);
    if (segment.has("external_origin")) {
      BlockSource origin = group.source(segment.text("external_origin"), depth);
      Layouts.Segment rest =
          new Layouts.Segment(
              origin.size(), Long.MAX_VALUE - origin.size(), Layouts.zeros(Long.MAX_VALUE));
      below =
          Layouts.inOrder(
              List.of(
                  new Layouts.Segment(0, origin.size(), Layouts.range(origin, 0, origin.size())),
                  rest));
    }
    Layout volume = pool.volume(device, below);
    return position -> Layouts.clip(volume.at(position), length - position);
  }

  private ThinPool pool(String name, int depth) throws VolumeProblem {
    List<Section> segments =
        group.text(name).sections().stream()
            .filter(each -> each.name().startsWith("segment"))
            .toList();
    VolumeProblem.unless(
        segments.size() == 1, "its pool %s is not told of", MetadataText.shown(name));
    Section pool = segments.get(0);
    // both are asked for each time: what is noted of them is of each volume in the pool
    BlockSource metadata = group.source(pool.text("metadata"), depth);
    BlockSource data = group.source(pool.text("pool"), depth);
    ThinPool made = pools.get(name);
    if (made == null) {
      made =
          new ThinPool(
              metadata,
              data,
              pool.number("chunk_size", 1, 1 << 22) * SECTOR,
              pool.number("transaction_id", 0, Long.MAX_VALUE),
              !pool.sections().isEmpty());
      pools.put(name, made);
    }
    return made;
  }

  /** Copies of the same, of which those are read that were up to date when they were last used. */
  Layout mirror(Section segment, long length, int depth) throws VolumeProblem {
    List<Object> legs = segment.list("raids");
    VolumeProblem.unless(
        legs.size() >= 2 && legs.size() % 2 == 0 && legs.size() <= 2 * MOST_LEGS,
        "its legs make no sense");
    List<ByteBuffer> blocks = new ArrayList<>();
    long newest = 0;
    for (int i = 0; i < legs.size(); i += 2) {
      ByteBuffer block = null;
      try {
        block = superblock(String.valueOf(legs.get(i)), i / 2, depth);
        newest = Math.max(newest, block.getLong(16));
      } catch (VolumeProblem e) {
        if (!e.isMissing()) {
          throw e; // it may be the newer one
        }
      } catch (UnreadableException e) {
        throw new VolumeProblem(
            "what is noted of its leg %d cannot be read: %s".formatted(i / 2, e.problem()));
      }
      blocks.add(block);
    }
    long failed = 0;
    boolean synced = true;
    for (ByteBuffer block : blocks) {
      if (block != null && block.getLong(16) == newest) {
        failed |= block.getLong(24);
        synced &= block.getLong(40) == -1L;
      }
    }
    List<Piece> copies = new ArrayList<>();
    for (int i = 0; i < (synced ? blocks.size() : 1); i++) {
      ByteBuffer block = blocks.get(i);
      if (block != null
          && block.getLong(16) == newest
          && (failed >>> i & 1) == 0
          && block.getLong(32) == -1L) {
        BlockSource leg;
        try {
          leg = group.source(String.valueOf(legs.get(2 * i + 1)), depth);
        } catch (VolumeProblem e) {
          if (e.isMissing()) {
            continue;
          }
          throw e;
        }
        VolumeProblem.unless(leg.size() >= length, "a leg is shorter than the volume");
        copies.add(new Piece(leg, 0, length));
      }
    }
    VolumeProblem.unless(!copies.isEmpty(), "none of its legs can be used");
    if (copies.size() < blocks.size()) {
      group.notes().tell("%d of %d legs".formatted(copies.size(), blocks.size()));
    }
    BlockSource all = new Copies(new SourceInfo("mirror in", "", ""), copies);
    return Layouts.range(all, 0, length);
  }

  /** What the kernel noted of a leg (the kernel's {@code drivers/md/dm-raid.c}). */
  private ByteBuffer superblock(String volume, int number, int depth) throws VolumeProblem {
    ByteBuffer block = VolumeBytes.read(group.source(volume, depth), 0, RAID_SUPERBLOCK);
    VolumeProblem.unless(
        block != null && block.getInt(0) == RAID_MAGIC && block.getInt(12) == number,
        "%s has no superblock: it was never activated since it was made",
        MetadataText.shown(volume));
    return block;
  }
}
