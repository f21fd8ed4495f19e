package blksh.image;

import blksh.io.Scratch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One bit a block, set for those stored, with counts that make a rank cheap. Kept in pieces: those
 * of one kind of block only take no room, a few are in memory, the rest is in files without a name
 * where temporary files are. So memory does not grow with the partition but by 8 bytes for every 64
 * KiB of bits: 256 KiB for 64 TiB in blocks of 4 KiB.
 */
final class Bitmap implements BlockIndex {

  /** Words of one piece; pieces are allocated as bits arrive. */
  static final int PIECE = 8192;

  /** Blocks of one piece. */
  private static final long BLOCKS = PIECE * 64L;

  private static final int WORDS_COUNTED = 8;

  /** Blocks from one count of set bits to the next. */
  static final int BLOCKS_COUNTED = WORDS_COUNTED * 64;

  private static final int COUNTS = PIECE / WORDS_COUNTED;

  /** Bits of a piece, and of each group of words how many bits are set in the piece before it. */
  private sealed interface Piece permits Uniform, InMemory, InFile {
    long word(int index);

    int before(int group);
  }

  /** A piece all of whose blocks are alike. */
  private record Uniform(boolean set) implements Piece {
    @Override
    public long word(int index) {
      return set ? -1 : 0;
    }

    @Override
    public int before(int group) {
      return set ? group * WORDS_COUNTED * 64 : 0;
    }
  }

  private record InMemory(long[] words, int[] counts) implements Piece {
    @Override
    public long word(int index) {
      return words[index];
    }

    @Override
    public int before(int group) {
      return counts[group];
    }
  }

  /**
   * @param at where its words begin in a file; its counts follow them
   */
  private record InFile(ByteBuffer file, int at) implements Piece {
    static final int LENGTH = PIECE * Long.BYTES + COUNTS * Integer.BYTES;

    @Override
    public long word(int index) {
      return file.getLong(at + index * Long.BYTES);
    }

    @Override
    public int before(int group) {
      return file.getInt(at + PIECE * Long.BYTES + group * Integer.BYTES);
    }
  }

  private static final Piece NONE = new Uniform(false);
  private static final Piece ALL = new Uniform(true);

  private final long blocks;
  private final Piece[] pieces;

  /** Set bits before each piece, and at the end all of them. */
  private final long[] ranks;

  private Bitmap(long blocks, Piece[] pieces, long[] ranks) {
    this.blocks = blocks;
    this.pieces = pieces;
    this.ranks = ranks;
  }

  private Piece piece(long word) {
    return pieces[(int) (word / PIECE)];
  }

  private long word(long index) {
    return piece(index).word((int) (index % PIECE));
  }

  /** The bits of 64 blocks, the first in the lowest. @param block a multiple of 64 */
  long bits(long block) {
    return word(block / 64);
  }

  @Override
  public long blocks() {
    return blocks;
  }

  @Override
  public long used() {
    return ranks[pieces.length];
  }

  /** Counts that are kept: none of pieces all of whose blocks are alike. */
  long counts() {
    long counted = 0;
    for (Piece piece : pieces) {
      counted += piece instanceof Uniform ? 0 : COUNTS;
    }
    return counted;
  }

  @Override
  public long rank(long block) {
    long word = block / 64;
    int number = (int) (word / PIECE);
    if (number == pieces.length) {
      return used();
    }
    Piece piece = pieces[number];
    int inside = (int) (word % PIECE);
    int group = inside / WORDS_COUNTED;
    long rank = ranks[number] + piece.before(group);
    for (int w = group * WORDS_COUNTED; w < inside; w++) {
      rank += Long.bitCount(piece.word(w));
    }
    long below = block % 64;
    return below == 0 ? rank : rank + Long.bitCount(piece.word(inside) & ((1L << below) - 1));
  }

  @Override
  public long block(long rank) {
    int number = last(rank);
    Piece piece = pieces[number];
    int left = (int) (rank - ranks[number]);
    int low = 0;
    int high = COUNTS;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (piece.before(middle) <= left) {
        low = middle;
      } else {
        high = middle;
      }
    }
    left -= piece.before(low);
    for (int w = low * WORDS_COUNTED; ; w++) {
      long bits = piece.word(w);
      int count = Long.bitCount(bits);
      if (left < count) {
        for (; left > 0; left--) {
          bits &= bits - 1;
        }
        return number * BLOCKS + w * 64L + Long.numberOfTrailingZeros(bits);
      }
      left -= count;
    }
  }

  /** The last piece before which there are no more set bits; those without any are passed over. */
  private int last(long rank) {
    int low = 0;
    int high = pieces.length;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (ranks[middle] <= rank) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public long nextUsed(long from, long limit) {
    return next(from, limit, 0, NONE);
  }

  @Override
  public long nextUnused(long from, long limit) {
    return next(from, limit, -1L, ALL);
  }

  /**
   * @param without a piece that has none
   */
  private long next(long from, long limit, long inverted, Piece without) {
    if (from >= limit) {
      return limit;
    }
    long w = from / 64;
    long bits = (word(w) ^ inverted) & (-1L << (from % 64));
    while (bits == 0) {
      w++;
      while (w % PIECE == 0 && w * 64 < limit && piece(w) == without) {
        w += PIECE;
      }
      if (w * 64 >= limit) {
        return limit;
      }
      bits = word(w) ^ inverted;
    }
    return Math.min(limit, w * 64 + Long.numberOfTrailingZeros(bits));
  }

  /** A bitmap while its bits arrive, from block 0 on. */
  static final class Builder {

    /** Pieces in memory, and pieces written to one file. */
    private static final int KEPT = 64;

    private final long blocks;
    private final int kept;
    private final List<Piece> pieces = new ArrayList<>();

    /** Pieces that are to go to a file, and which of all they are. */
    private final List<InMemory> waiting = new ArrayList<>();

    private final List<Integer> waitingAt = new ArrayList<>();
    private int inMemory;
    private long[] current = new long[PIECE];
    private long filled;

    /**
     * @param blocks all there will be; nothing is allocated for them yet
     */
    Builder(long blocks) {
      this(blocks, KEPT);
    }

    /**
     * @param kept pieces in memory at most
     */
    Builder(long blocks, int kept) {
      this.blocks = blocks;
      this.kept = kept;
    }

    /** Adds eight blocks a byte, the first in the lowest bit; bits past the last block are 0. */
    void addBits(byte[] bytes, int offset, int length) {
      ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < length; i++) {
        long left = blocks - filled;
        if (left <= 0) {
          return;
        }
        if (filled % 64 == 0 && left >= 64 && length - i >= Long.BYTES) {
          add(words.getLong(offset + i), 64);
          i += Long.BYTES - 1;
          continue;
        }
        long bits = bytes[offset + i] & 0xffL;
        if (left < 8) {
          bits &= (1L << left) - 1;
        }
        add(bits, (int) Math.min(8, left));
      }
    }

    /** Adds one block a byte: 1 is stored, everything else is not. */
    void addBytes(byte[] bytes, int offset, int length) {
      for (int i = 0; i < length; i++) {
        add(bytes[offset + i] == 1 ? 1 : 0, 1);
      }
    }

    /** Adds a run of blocks of one kind. */
    void addRun(boolean stored, long count) {
      long end = filled + count;
      while (filled < end) {
        if (filled % BLOCKS == 0 && end - filled >= BLOCKS) {
          pieces.add(stored ? ALL : NONE);
          filled += BLOCKS;
          continue;
        }
        int step = (int) Math.min(end - filled, 64 - filled % 64);
        add(stored ? -1L >>> (64 - step) : 0, step);
      }
    }

    /** Adds some blocks, which do not cross the end of a word. */
    private void add(long bits, int count) {
      current[(int) (filled % BLOCKS / 64)] |= bits << (filled % 64);
      filled += count;
      if (filled % BLOCKS == 0) {
        seal();
      }
    }

    /** Puts the piece aside that is full, or the last. */
    private void seal() {
      int[] counts = new int[COUNTS];
      int sum = 0;
      for (int w = 0; w < PIECE; w++) {
        if (w % WORDS_COUNTED == 0) {
          counts[w / WORDS_COUNTED] = sum;
        }
        sum += Long.bitCount(current[w]);
      }
      if (sum == 0 || sum == BLOCKS) {
        pieces.add(sum == 0 ? NONE : ALL);
        Arrays.fill(current, 0);
        return;
      }
      InMemory piece = new InMemory(current, counts);
      current = new long[PIECE];
      pieces.add(piece);
      if (++inMemory > kept) {
        waiting.add(piece);
        waitingAt.add(pieces.size() - 1);
        if (waiting.size() == KEPT) {
          write();
        }
      }
    }

    /** Writes what waits to a file. */
    private void write() {
      ByteBuffer bytes =
          ByteBuffer.allocate(waiting.size() * InFile.LENGTH).order(ByteOrder.nativeOrder());
      for (InMemory each : waiting) {
        for (long word : each.words) {
          bytes.putLong(word);
        }
        for (int count : each.counts) {
          bytes.putInt(count);
        }
      }
      ByteBuffer file = Scratch.keep(bytes.flip()).order(ByteOrder.nativeOrder());
      for (int i = 0; i < waiting.size(); i++) {
        pieces.set(waitingAt.get(i), new InFile(file, i * InFile.LENGTH));
      }
      waiting.clear();
      waitingAt.clear();
    }

    /**
     * The bitmap; every block was given.
     *
     * @throws blksh.BlkshException when there is no space for what does not fit into memory
     */
    Bitmap build() {
      if (filled < blocks) {
        throw new IllegalStateException(filled + " of " + blocks + " blocks given");
      }
      if (filled % BLOCKS != 0) {
        seal();
      }
      if (!waiting.isEmpty()) {
        write();
      }
      Piece[] all = pieces.toArray(Piece[]::new);
      long[] ranks = new long[all.length + 1];
      for (int i = 0; i < all.length; i++) {
        long last = 0;
        for (int w = PIECE - WORDS_COUNTED; w < PIECE; w++) {
          last += Long.bitCount(all[i].word(w));
        }
        ranks[i + 1] = ranks[i] + all[i].before(COUNTS - 1) + last;
      }
      return new Bitmap(blocks, all, ranks);
    }
  }
}
