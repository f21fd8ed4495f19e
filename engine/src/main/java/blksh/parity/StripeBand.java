package blksh.parity;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Some stripes of an image, one behind the other, looked at and put right as far as that goes: what
 * has not its digest, or cannot be read, is lost, and comes from another copy of the image, or from
 * the rest of its stripe. What is put right has its digest. Where all three sectors of digests of a
 * stripe are lost, what cannot be read or is all zeros counts as lost, and what comes of it is
 * right when a row of parity that was not needed agrees.
 *
 * <p>In memory are the rows of parity of the band. For one thread.
 */
final class StripeBand {

  private static final int SECTOR = ParityLayout.SECTOR;
  private static final int LONGS = SECTOR / Long.BYTES;

  /** Takes what is found. */
  interface Findings {

    /**
     * Bytes as they were written.
     *
     * @param sector the first
     * @param bytes whole sectors, to be used at once
     * @param isNew whether the first copy has not got them so
     */
    void right(long sector, ByteBuffer bytes, boolean isNew);

    /** A sector that cannot be put right. */
    void lost(long sector);
  }

  private final ParityLayout layout;
  private final int most;

  /** What is to be done with stripes. */
  enum Looking {
    /** What is lost is told, of parity and digests alone. */
    AT_PARITY,
    /** What is lost is told. */
    AT_ALL,
    /** What is lost is made again. */
    AND_SOLVING
  }

  private final Looking looking;
  private final boolean solving;

  private final ReedSolomon code;
  private final int[][] factors;

  /** Of each row the sum of what the data that are there add, and of a row that is there itself. */
  private final long[][] sums;

  /** The sectors of digests, as they must be. */
  private final ByteBuffer digests;

  private final ByteBuffer segment;
  private final ByteBuffer single = buffer(1);
  private final long[] block = new long[LONGS];
  private final BlockMultiples multiples = new BlockMultiples(LONGS);
  private final SectorDigest digest = new SectorDigest();
  private final BitSet bad = new BitSet();
  private final BitSet badSingle = new BitSet();

  /** Of each stripe whether its digests are known. */
  private final BitSet known = new BitSet();

  /** Of each copy of the digests the stripes of which the first image has not got it. */
  private final BitSet[] badDigests = new BitSet[ImageParity.DIGESTS];

  /** Of each stripe the columns that are lost, and the rows that are there. */
  private final BitSet[] lost;

  private final BitSet[] rows;

  private List<BlockSource> copies;
  private long first;
  private int stripes;
  private Findings findings;

  /**
   * @param most stripes that are looked at together, 1 or more
   */
  StripeBand(ParityLayout layout, int most, Looking looking) {
    this.layout = layout;
    this.most = most;
    this.looking = looking;
    this.solving = looking == Looking.AND_SOLVING;
    code = layout.code();
    factors = new int[layout.columns()][layout.rows()];
    for (int column = 0; column < layout.columns(); column++) {
      for (int row = 0; row < layout.rows(); row++) {
        factors[column][row] = code.coefficient(row, column);
      }
    }
    sums = new long[layout.rows()][solving ? most * LONGS : 0];
    digests = buffer(most);
    segment = buffer(most);
    lost = new BitSet[most];
    rows = new BitSet[most];
    for (int i = 0; i < most; i++) {
      lost[i] = new BitSet();
      rows[i] = new BitSet();
    }
    for (int i = 0; i < badDigests.length; i++) {
      badDigests[i] = new BitSet();
    }
  }

  private static ByteBuffer buffer(int sectors) {
    return ByteBuffer.allocate(sectors * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
  }

  int most() {
    return most;
  }

  /**
   * Looks at stripes.
   *
   * @param copies of the image, the one it is about first
   * @param stripes how many, at most {@link #most}
   */
  void examine(List<BlockSource> copies, long first, int stripes, Findings findings) {
    this.copies = copies;
    this.first = first;
    this.stripes = stripes;
    this.findings = findings;
    begin();
    for (int copy = 0; copy < ImageParity.DIGESTS; copy++) {
      digests(copy);
    }
    for (int column = 0; looking != Looking.AT_PARITY && column < layout.columns(); column++) {
      column(column);
    }
    for (int row = 0; row < layout.rows(); row++) {
      row(row);
    }
    for (int i = 0; i < stripes; i++) {
      if (solving && !(lost[i].isEmpty() && isWhole(i))) {
        solve(i);
      } else {
        tellLost(i);
      }
    }
    for (int copy = 0; copy < ImageParity.DIGESTS; copy++) {
      tellDigests(copy);
    }
  }

  private void begin() {
    for (long[] each : sums) {
      Arrays.fill(each, 0);
    }
    Arrays.fill(digests.array(), (byte) 0);
    known.clear();
    for (int i = 0; i < most; i++) {
      lost[i].clear();
      rows[i].clear();
    }
  }

  /** Whether nothing but the data of a stripe can be missing: its rows and digests are there. */
  private boolean isWhole(int stripe) {
    return known.get(stripe) && rows[stripe].cardinality() == layout.rows();
  }

  // ---- reading ---------------------------------------------------------------------------------

  private void digests(int copy) {
    for (int i = 0; i < copies.size(); i++) {
      segment.clear().limit(stripes * SECTOR);
      SectorRead.read(copies.get(i), layout.digests(copy) + first, segment, bad);
      for (int stripe = 0; stripe < stripes; stripe++) {
        ByteBuffer sector = sector(segment, stripe);
        boolean good = !bad.get(stripe) && isOwn(sector);
        if (i == 0) {
          badDigests[copy].set(stripe, !good);
        }
        if (good && !known.get(stripe)) {
          known.set(stripe);
          digests.put(stripe * SECTOR, sector, 0, SECTOR);
        }
      }
    }
  }

  private static ByteBuffer sector(ByteBuffer sectors, int number) {
    return sectors.slice(number * SECTOR, SECTOR).order(ByteOrder.LITTLE_ENDIAN);
  }

  private boolean isOwn(ByteBuffer sector) {
    return sector.getLong(ParityLayout.OWN_DIGEST)
        == digest.of(sector.slice(0, ParityLayout.OWN_DIGEST));
  }

  private void column(int column) {
    long index = column * layout.stripes() + first;
    int there = (int) Math.max(0, Math.min(stripes, layout.dataSectors() - index));
    boolean withLast = there > 0 && index + there > layout.image();
    int plain = withLast ? there - 1 : there;
    if (plain > 0) {
      look(index, 0, plain, column);
    }
    if (withLast) {
      look(layout.place(layout.image()), plain, 1, column);
    }
  }

  private void row(int row) {
    look(layout.row(row) + first, 0, stripes, layout.columns() + row);
  }

  /**
   * Looks at what stripes have in one place.
   *
   * @param sector where that is of the first of them
   * @param from the first of the stripes
   * @param place a column, or behind all columns a row
   */
  private void look(long sector, int from, int count, int place) {
    segment.clear().limit(count * SECTOR);
    SectorRead.read(copies.get(0), sector, segment, bad);
    int told = 0;
    for (int i = 0; i < count; i++) {
      int stripe = from + i;
      ByteBuffer bytes = sector(segment, i);
      boolean good = !bad.get(i) && isRight(stripe, place, bytes);
      if (!good) {
        tell(sector, told, i);
        told = i + 1;
        bytes = known.get(stripe) ? other(sector + i, stripe, place) : null;
        if (bytes != null) {
          findings.right(sector + i, bytes.duplicate(), true);
        }
      }
      if (bytes != null) {
        take(stripe, place, bytes);
      } else if (place < layout.columns()) {
        lost[stripe].set(place);
      }
    }
    tell(sector, told, count);
  }

  /** Tells what is right in the segment. */
  private void tell(long sector, int from, int to) {
    if (from < to) {
      findings.right(sector + from, segment.slice(from * SECTOR, (to - from) * SECTOR), false);
    }
  }

  private boolean isRight(int stripe, int place, ByteBuffer bytes) {
    return known.get(stripe)
        ? digest.of(bytes) == digests.getLong(entry(stripe, place))
        : !SectorRead.isZero(bytes);
  }

  private static int entry(int stripe, int place) {
    return stripe * SECTOR + place * ParityLayout.DIGEST;
  }

  /** A sector as another copy has it, by its digest; null when none has. */
  private ByteBuffer other(long sector, int stripe, int place) {
    for (int i = 1; i < copies.size(); i++) {
      SectorRead.read(copies.get(i), sector, single.clear(), badSingle);
      if (badSingle.isEmpty() && isRight(stripe, place, single)) {
        return single;
      }
    }
    return null;
  }

  private void take(int stripe, int place, ByteBuffer bytes) {
    if (!known.get(stripe)) {
      digests.putLong(entry(stripe, place), digest.of(bytes));
    }
    if (place >= layout.columns()) {
      rows[stripe].set(place - layout.columns());
    }
    if (!solving) {
      return;
    }
    bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(block);
    multiples.of(block, 0);
    if (place >= layout.columns()) {
      multiples.add(1, sums[place - layout.columns()], stripe * LONGS);
    } else {
      for (int row = 0; row < factors[place].length; row++) {
        multiples.add(factors[place][row], sums[row], stripe * LONGS);
      }
    }
  }

  // ---- putting right ---------------------------------------------------------------------------

  private void solve(int stripe) {
    int[] columns = lost[stripe].stream().toArray();
    int[] there = rows[stripe].stream().toArray();
    int needed = columns.length + (known.get(stripe) ? 0 : 1);
    if (needed > there.length) {
      tellLost(stripe);
      return;
    }
    int[] used = Arrays.copyOf(there, columns.length);
    int[][] solution = code.solution(used, columns);
    long[][] made = new long[columns.length][LONGS];
    for (int j = 0; j < used.length; j++) {
      multiples.of(sums[used[j]], stripe * LONGS);
      for (int i = 0; i < made.length; i++) {
        multiples.add(solution[i][j], made[i], 0);
      }
    }
    // All rows become what is left of them when the data that were made are taken off, too: nothing
    // of a row that is there, and the row itself where it is not.
    for (int i = 0; i < made.length; i++) {
      multiples.of(made[i], 0);
      for (int row = 0; row < layout.rows(); row++) {
        multiples.add(factors[columns[i]][row], sums[row], stripe * LONGS);
      }
    }
    if (!isProven(stripe, columns, made)) {
      tellLost(stripe);
      return;
    }
    for (int i = 0; i < made.length; i++) {
      put(stripe, columns[i], place(columns[i], stripe), made[i], 0);
    }
    for (int row = 0; row < layout.rows(); row++) {
      if (!rows[stripe].get(row)) {
        put(
            stripe,
            layout.columns() + row,
            layout.row(row) + first + stripe,
            sums[row],
            stripe * LONGS);
      }
    }
    if (!known.get(stripe)) {
      int own = stripe * SECTOR + ParityLayout.OWN_DIGEST;
      digests.putLong(own, digest.of(digests.array(), stripe * SECTOR, ParityLayout.OWN_DIGEST));
      known.set(stripe);
    }
  }

  private long place(int column, int stripe) {
    return layout.place(column * layout.stripes() + first + stripe);
  }

  private boolean isProven(int stripe, int[] columns, long[][] made) {
    if (!known.get(stripe)) {
      return rows[stripe].stream().allMatch(row -> isNothing(sums[row], stripe * LONGS));
    }
    for (int i = 0; i < columns.length; i++) {
      single.clear().asLongBuffer().put(made[i]);
      if (!isRight(stripe, columns[i], single)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNothing(long[] sums, int at) {
    for (int i = at; i < at + LONGS; i++) {
      if (sums[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void put(int stripe, int place, long sector, long[] from, int at) {
    single.clear().asLongBuffer().put(from, at, LONGS);
    if (!known.get(stripe)) {
      digests.putLong(entry(stripe, place), digest.of(single));
    }
    findings.right(sector, single.duplicate(), true);
  }

  private void tellLost(int stripe) {
    lost[stripe].stream().forEach(column -> findings.lost(place(column, stripe)));
    for (int row = 0; row < layout.rows(); row++) {
      if (!rows[stripe].get(row)) {
        findings.lost(layout.row(row) + first + stripe);
      }
    }
  }

  private void tellDigests(int copy) {
    for (int i = 0; i < stripes; i++) {
      long sector = layout.digests(copy) + first + i;
      if (known.get(i) && (solving || !badDigests[copy].get(i))) {
        findings.right(sector, sector(digests, i), badDigests[copy].get(i));
      } else {
        findings.lost(sector);
      }
    }
  }
}
