package blksh.compress;

import blksh.block.BlockSource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/**
 * bzip2: streams of blocks of up to 900 kB that decode on their own but begin at any bit. Each
 * block is cut out at the marks that begin it and the next, and decoded as a stream of that block
 * alone.
 */
final class Bzip2Compression implements Compression {

  /** The mark before each block, 48 bits: pi. */
  private static final long BLOCK = 0x314159265359L;

  /** The mark after the last block, 48 bits: the square root of pi. */
  private static final long END = 0x177245385090L;

  private static final int MARK_BITS = 48;

  /** Marks tried as the end of a block; by chance one stands in a block once in 2^25 of them. */
  private static final int MOST_MARKS = 8;

  private static final long MARK = (1L << MARK_BITS) - 1;

  /** "BZh" and a digit. */
  private static final int HEADER = 4;

  /**
   * What a block decodes to is held up to this many bytes; a block of long runs can come to 46 MB,
   * and is decoded once to be proven and once more to be read.
   */
  private static final int LARGEST_HELD = 4 << 20;

  @Override
  public String name() {
    return "bzip2";
  }

  @Override
  public boolean matches(byte[] start) {
    if (start.length < HEADER + 6 || !isHeader(start)) {
      return false;
    }
    long mark = ByteBuffer.wrap(start).getLong(2) & MARK;
    return mark == BLOCK || mark == END;
  }

  private static boolean isHeader(byte[] bytes) {
    return bytes[0] == 'B'
        && bytes[1] == 'Z'
        && bytes[2] == 'h'
        && bytes[3] >= '1'
        && bytes[3] <= '9';
  }

  @Override
  public long span() {
    return 1;
  }

  @Override
  public long decoderMemory(byte[] start) {
    return 14 << 20;
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) {
    return new Blocks(raw, from, found);
  }

  private static final class Blocks implements Decoder {

    private final SourceInput input;
    private final CheckpointSink found;

    /** Compressed bytes from the one at {@link #heldAt} on. */
    private byte[] held = new byte[1 << 17];

    private int heldLength;
    private long heldAt;

    /** Bit of the source that comes next. */
    private long at;

    /** The digit of the stream, 1 to 9; 0 between streams. */
    private int level;

    /** The checksums of the blocks of the stream so far, combined. */
    private int combined;

    private final byte[] block = new byte[LARGEST_HELD];
    private int blockLength;
    private int blockAt;

    /** What follows {@link #block} of a block that is too long to be held, or null. */
    private InputStream rest;

    private long position;
    private StreamDamage damage;

    Blocks(BlockSource raw, Checkpoint from, CheckpointSink found) {
      this.found = found;
      this.at = from.in();
      this.heldAt = at / 8;
      this.input = new SourceInput(raw, heldAt);
      this.position = from.out();
      if (from.state().length > 0) {
        ByteBuffer state = ByteBuffer.wrap(from.state());
        level = state.get();
        combined = state.getInt();
      }
    }

    @Override
    public int decode(byte[] target, int offset, int length) throws IOException {
      if (damage != null) {
        throw damage;
      }
      try {
        while (blockAt == blockLength) {
          if (rest != null) {
            int count = rest.read(target, offset, length);
            if (count > 0) {
              position += count;
              return count;
            }
            close();
          } else if (level > 0) {
            nextBlock();
          } else if (!beginStream()) {
            return -1;
          }
        }
      } catch (StreamDamage e) {
        damage = e;
        throw e;
      }
      int count = Math.min(length, blockLength - blockAt);
      System.arraycopy(block, blockAt, target, offset, count);
      blockAt += count;
      return count;
    }

    private boolean beginStream() throws IOException {
      if (!hold(1)) {
        return false;
      }
      if (!hold(HEADER)) {
        throw StreamDamage.truncated(input.length());
      }
      byte[] header =
          Arrays.copyOfRange(held, (int) (at / 8 - heldAt), (int) (at / 8 - heldAt) + 4);
      if (!isHeader(header)) {
        throw StreamDamage.corrupt(
            "what follows the bzip2 data at compressed byte %d is no bzip2 data".formatted(at / 8));
      }
      level = header[3] - '0';
      combined = 0;
      at += HEADER * 8;
      return true;
    }

    private void nextBlock() throws IOException {
      long mark = bits(at, MARK_BITS);
      int checksum = (int) bits(at + MARK_BITS, 32);
      if (mark == END) {
        if (checksum != combined) {
          throw corrupt("the checksum of the bzip2 stream does not match");
        }
        at = (at + MARK_BITS + 32 + 7) / 8 * 8;
        level = 0;
        blockLength = 0;
        blockAt = 0;
        return;
      }
      if (mark != BLOCK) {
        throw corrupt("the bzip2 data is invalid");
      }
      if (found.wanted(position)) {
        found.add(
            new Checkpoint(
                position, at, ByteBuffer.allocate(5).put((byte) level).putInt(combined).array()));
      }
      unpack(checksum);
      blockAt = 0;
      position += blockLength;
      combined = Integer.rotateLeft(combined, 1) ^ checksum;
    }

    /**
     * Decodes the block that begins here. The bits of a mark may turn up within a block by chance,
     * so when a block does not decode, it is tried up to the mark after.
     */
    private void unpack(int checksum) throws IOException {
      long most = at + (level * 100_000L + level * 10_000L + 20_000) * 8;
      long end = at + MARK_BITS;
      IOException reason = null;
      for (int tries = 0; tries < MOST_MARKS; tries++) {
        end = nextMark(end + 1, most);
        if (end < 0) {
          break;
        }
        try {
          unpack(end, checksum);
          at = end;
          return;
        } catch (IOException | RuntimeException e) {
          reason = reason == null ? new IOException(e) : reason;
        }
      }
      if (reason == null && heldAt + heldLength >= input.length()) {
        throw StreamDamage.truncated(input.length());
      }
      throw StreamDamage.corrupt(
          "the bzip2 block at compressed byte %d is invalid".formatted(at / 8), reason);
    }

    /** Decodes the block up to a bit and proves it. */
    private void unpack(long end, int checksum) throws IOException {
      int bits = (int) (end - at);
      byte[] stream = new byte[HEADER + bits / 8 + 12];
      stream[0] = 'B';
      stream[1] = 'Z';
      stream[2] = 'h';
      stream[3] = (byte) ('0' + level);
      int first = (int) (at / 8 - heldAt);
      int shift = (int) (at % 8);
      for (int i = 0; i * 8 < bits; i++) {
        int pair = (held[first + i] & 0xff) << 8 | held[first + i + 1] & 0xff;
        stream[HEADER + i] = (byte) (pair >> (8 - shift));
      }
      put(stream, HEADER * 8 + bits, END, MARK_BITS);
      put(stream, HEADER * 8 + bits + MARK_BITS, checksum & 0xffffffffL, 32);
      boolean longer;
      try (InputStream decoded = decoder(stream)) {
        blockLength = decoded.readNBytes(block, 0, block.length);
        longer = decoded.transferTo(OutputStream.nullOutputStream()) > 0;
      }
      if (longer) {
        rest = decoder(stream);
        rest.skipNBytes(blockLength);
      }
    }

    private static InputStream decoder(byte[] stream) throws IOException {
      return Bzip2Library.isAvailable()
          ? new Bzip2Library(stream)
          : new BZip2CompressorInputStream(new ByteArrayInputStream(stream));
    }

    /** Puts bits into an array; those after them become zeros up to the end of the byte. */
    private static void put(byte[] array, int at, long value, int count) {
      for (int i = 0; i < count; i++) {
        int place = at + i;
        int bit = (int) (value >>> (count - 1 - i)) & 1;
        int kept = array[place / 8] & -1 << (8 - place % 8);
        array[place / 8] = (byte) (kept | bit << (7 - place % 8));
      }
    }

    /** The first bit at or after one where a mark begins, before {@code most}; or -1. */
    private long nextMark(long from, long most) {
      long byteAt = from / 8;
      long register = 0;
      for (int have = 0; byteAt * 8 < most + 64; byteAt++) {
        if (!holdByte(byteAt)) {
          return -1;
        }
        register = register << 8 | held[(int) (byteAt - heldAt)] & 0xff;
        if (++have < 7) {
          continue;
        }
        // The register ends after this byte; a mark may end at any of its eight bits.
        for (int shift = 7; shift >= 0; shift--) {
          long candidate = register >>> shift & MARK;
          if (candidate == BLOCK || candidate == END) {
            long found = (byteAt + 1) * 8 - shift - MARK_BITS;
            if (found >= from) {
              return found;
            }
          }
        }
      }
      return -1;
    }

    private long bits(long from, int count) throws IOException {
      if (!holdByte((from + count - 1) / 8)) {
        throw StreamDamage.truncated(input.length());
      }
      long value = 0;
      for (long bit = from; bit < from + count; bit++) {
        value = value << 1 | held[(int) (bit / 8 - heldAt)] >> (7 - bit % 8) & 1;
      }
      return value;
    }

    /** Whether so many bytes follow; reads them. */
    private boolean hold(int bytes) {
      return holdByte(at / 8 + bytes - 1);
    }

    /** Reads up to a byte and one more, if there are so many; lets go of what is behind. */
    private boolean holdByte(long wanted) {
      while (wanted + 1 >= heldAt + heldLength) {
        long behind = at / 8 - heldAt;
        if (behind > 0 && heldLength == held.length) {
          System.arraycopy(held, (int) behind, held, 0, (int) (heldLength - behind));
          heldLength -= (int) behind;
          heldAt += behind;
        }
        if (heldLength == held.length) {
          held = Arrays.copyOf(held, held.length * 2);
        }
        int count = input.read(held, heldLength, held.length - heldLength);
        if (count < 0) {
          return wanted < heldAt + heldLength;
        }
        heldLength += count;
      }
      return true;
    }

    private StreamDamage corrupt(String problem) {
      return StreamDamage.corrupt("%s at compressed byte %d".formatted(problem, at / 8));
    }

    @Override
    public void close() {
      if (rest != null) {
        try {
          rest.close();
        } catch (IOException e) {
          // it reads from memory
        }
        rest = null;
      }
    }
  }
}
