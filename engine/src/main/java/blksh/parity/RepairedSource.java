package blksh.parity;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An image with parity as it was: every sector of it that is read is compared with its digest, and
 * one that is not as it was comes from its stripe. What cannot be put right cannot be read. It has
 * the sectors of its image, whatever the source has behind it, or has no more.
 *
 * <p>A sector that is lost costs reading all of its stripe; where most are lost, as in a scratch,
 * 16 stripes are read together. What was put right last is kept in memory.
 */
public final class RepairedSource implements BlockSource {

  private static final int SECTOR = ParityLayout.SECTOR;
  private static final int STRIPES = 16;

  /** Sectors that were put right and are kept, 6 MB: or are known to be lost. */
  private static final int KEPT = 3072;

  /** Sectors that are compared together. */
  private static final int PIECE = 128;

  private final BlockSource source;
  private final ParityLayout layout;

  /** For one stripe, and for some: they take memory, so they are made when they are needed. */
  private StripeBand one;

  private StripeBand some;

  private final SectorDigest digest = new SectorDigest();

  /** Made when something is read. */
  private ByteBuffer sectors;

  private ByteBuffer digests;
  private final BitSet bad = new BitSet();
  private final BitSet badDigests = new BitSet();

  /** What was put right, by sector; null for what cannot be. */
  private final Map<Long, byte[]> fixed =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * @param source the image, or a drive with it; it is closed by {@link #close}
   */
  public RepairedSource(BlockSource source, ParityLayout layout) {
    this.source = source;
    this.layout = layout;
  }

  @Override
  public long size() {
    return layout.total() * SECTOR;
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size() - position));
    if (sectors == null) {
      sectors = ByteBuffer.allocate(PIECE * SECTOR);
      digests = ByteBuffer.allocate(PIECE * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    }
    int done = 0;
    while (done < wanted) {
      done += piece(position + done, target, wanted - done);
    }
    return wanted;
  }

  /** Reads a piece. @return its bytes, at most as many as are wanted */
  private int piece(long position, ByteBuffer target, int wanted) {
    long first = position / SECTOR;
    long index = layout.index(first);
    int skip = (int) (position % SECTOR);
    long count = Math.min(PIECE, (skip + (long) wanted + SECTOR - 1) / SECTOR);
    if (index < 0) {
      count = 1;
    } else {
      // No further than the column goes, and the last sector stands alone.
      count = Math.min(count, layout.stripes() - index % layout.stripes());
      count = index == layout.image() ? 1 : Math.min(count, layout.image() - index);
    }
    sectors.clear().limit((int) count * SECTOR);
    SectorRead.read(source, first, sectors, bad);
    if (index >= 0) {
      compare(first, index, (int) count);
    }
    int good = bad.isEmpty() ? (int) count : bad.nextSetBit(0);
    int length = Math.min(wanted, Math.max(0, good * SECTOR - skip));
    target.put(sectors.slice(skip, length));
    if (length == 0) {
      throw new UnreadableException(
          source.describe().location(),
          position,
          Math.min(wanted, SECTOR - skip),
          "it is damaged there, by more than its parity can put right",
          null);
    }
    return length;
  }

  /** Puts sectors right that are not as they were; those that stay bad are noted. */
  private void compare(long first, long index, int count) {
    long stripe = index % layout.stripes();
    int column = (int) (index / layout.stripes());
    BitSet damaged = new BitSet();
    damaged.set(0, count);
    for (int copy = 0; copy < ImageParity.DIGESTS && !damaged.isEmpty(); copy++) {
      clear(damaged, stripe, column, copy, count);
    }
    boolean scratch = count > 1 && damaged.cardinality() > count / 2;
    for (int i = damaged.nextSetBit(0); i >= 0; i = damaged.nextSetBit(i + 1)) {
      byte[] right = right(stripe + i, first + i, scratch);
      bad.set(i, right == null);
      if (right != null) {
        sectors.put(i * SECTOR, right);
      }
    }
  }

  /** Clears those that one copy of the digests says to be as they were. */
  private void clear(BitSet damaged, long stripe, int column, int copy, int count) {
    digests.clear().limit(count * SECTOR);
    SectorRead.read(source, layout.digests(copy) + stripe, digests, badDigests);
    for (int i = damaged.nextSetBit(0); i >= 0; i = damaged.nextSetBit(i + 1)) {
      ByteBuffer own = digests.slice(i * SECTOR, SECTOR).order(ByteOrder.LITTLE_ENDIAN);
      if (!bad.get(i)
          && !badDigests.get(i)
          && own.getLong(ParityLayout.OWN_DIGEST)
              == digest.of(own.slice(0, ParityLayout.OWN_DIGEST))
          && own.getLong(column * ParityLayout.DIGEST)
              == digest.of(sectors.slice(i * SECTOR, SECTOR))) {
        damaged.clear(i);
      }
    }
  }

  /** A sector as it was; null when it cannot be put right. */
  private byte[] right(long stripe, long sector, boolean scratch) {
    if (fixed.containsKey(sector)) {
      return fixed.get(sector);
    }
    StripeBand band = scratch ? some() : one();
    long from = stripe / band.most() * band.most();
    int stripes = (int) Math.min(band.most(), layout.stripes() - from);
    Wanted wanted = new Wanted(sector, layout.digests(0) + stripe);
    band.examine(List.of(source), from, stripes, wanted);
    return wanted.isProven ? wanted.bytes : null;
  }

  private StripeBand one() {
    if (one == null) {
      one = new StripeBand(layout, 1, StripeBand.Looking.AND_SOLVING);
    }
    return one;
  }

  private StripeBand some() {
    if (some == null) {
      int most = (int) Math.min(STRIPES, layout.stripes());
      some = new StripeBand(layout, most, StripeBand.Looking.AND_SOLVING);
    }
    return some;
  }

  /** Takes one sector, and keeps what is put right beside it. */
  private final class Wanted implements StripeBand.Findings {
    private final long sector;

    /** Where the digests of its stripe are: when these are lost, nothing of it is proven. */
    private final long digestSector;

    private byte[] bytes;
    private boolean isProven = true;

    Wanted(long sector, long digestSector) {
      this.sector = sector;
      this.digestSector = digestSector;
    }

    @Override
    public void right(long first, ByteBuffer found, boolean isNew) {
      int count = found.remaining() / SECTOR;
      if (first <= sector && sector < first + count) {
        bytes = new byte[SECTOR];
        found.get(found.position() + (int) (sector - first) * SECTOR, bytes);
      }
      if (isNew && layout.index(first) >= 0) {
        byte[] copy = new byte[SECTOR];
        found.get(found.position(), copy);
        fixed.put(first, copy);
      }
    }

    @Override
    public void lost(long first) {
      isProven &= first != digestSector;
      if (layout.index(first) >= 0) {
        fixed.put(first, null);
      }
    }
  }

  @Override
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
