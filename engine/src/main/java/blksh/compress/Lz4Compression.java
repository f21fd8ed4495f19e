package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * LZ4 frames (LZ4 Frame Format 1.6): blocks of up to 4 MiB that decode on their own, or, when
 * linked, with the 64 KiB before them. The checksum over a whole frame is proven by whoever decodes
 * it from its beginning; those of blocks, where there are any, always.
 */
final class Lz4Compression implements Compression {

  private static final int MAGIC = 0x184d2204;

  /** What {@code lz4 -l} writes, and kernels are packed by: blocks of 8 MiB without a frame. */
  private static final int LEGACY = 0x184c2102;

  private static final int LEGACY_BLOCK = 8 << 20;

  /** The most bytes a block of that takes that does not get smaller. */
  private static final int LONGEST_LEGACY = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16;

  private static final int SKIPPABLE = 0x184d2a50;
  private static final int SKIPPABLE_MASK = 0xfffffff0;

  private static final int VERSION_MASK = 0xc0;
  private static final int VERSION = 0x40;
  private static final int INDEPENDENT = 0x20;
  private static final int BLOCK_CHECKSUM = 0x10;
  private static final int CONTENT_SIZE = 0x08;
  private static final int CONTENT_CHECKSUM = 0x04;
  private static final int DICTIONARY = 0x01;

  private static final int RAW_BLOCK = 0x80000000;
  private static final int WINDOW = 1 << 16;

  @Override
  public String name() {
    return "lz4";
  }

  @Override
  public boolean matches(byte[] start) {
    if (start.length < 7) {
      return false;
    }
    ByteBuffer bytes = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    boolean legacy = bytes.getInt(0) == LEGACY && start.length >= 8;
    return legacy
        ? bytes.getInt(4) > 0 && bytes.getInt(4) <= LONGEST_LEGACY
        : bytes.getInt(0) == MAGIC && (start[4] & VERSION_MASK) == VERSION;
  }

  @Override
  public long span() {
    return 4L << 20;
  }

  @Override
  public long decoderMemory(byte[] start) {
    boolean legacy = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt() == LEGACY;
    return legacy ? 17 << 20 : 9 << 20;
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) {
    return new Frames(raw, from, found);
  }

  private static final class Frames extends BlockDecoder {

    private final SourceInput input;
    private final CheckpointSink found;
    private final LZ4SafeDecompressor lz4 = LZ4Factory.fastestInstance().safeDecompressor();
    private final XXHash32 hash = XXHashFactory.fastestInstance().hash32();
    private final StreamingXXHash32 content = XXHashFactory.fastestInstance().newStreamingHash32(0);

    private boolean inFrame;

    /** Whether it is one of the kind that came before frames. */
    private boolean legacy;

    private int flags;
    private int blockSize;

    /** Whether {@link #content} has seen the frame from its beginning. */
    private boolean fromBeginning;

    private long contentSize;
    private long frameLength;
    private byte[] packed = new byte[0];

    /** Byte of the uncompressed data at the end of the block. */
    private long position;

    Frames(BlockSource raw, Checkpoint from, CheckpointSink found) {
      this.input = new SourceInput(raw, from.in());
      this.found = found;
      this.position = from.out();
      byte[] state = from.state();
      if (state.length == 1) {
        beginLegacy();
      } else if (state.length > 0) {
        inFrame = true;
        contentSize = -1;
        describe(state[0], state[1]);
        blockEnd = state.length - 2;
        blockAt = blockEnd;
        System.arraycopy(state, 2, block, 0, blockEnd);
      }
    }

    @Override
    boolean advance() throws IOException {
      if (!inFrame) {
        return beginFrame();
      }
      if (legacy) {
        nextLegacyBlock();
      } else {
        nextBlock();
      }
      return true;
    }

    private void beginLegacy() {
      legacy = true;
      inFrame = true;
      if (block.length < LEGACY_BLOCK) {
        block = new byte[LEGACY_BLOCK];
      }
    }

    /** It has no end mark: the source ends, or something else begins. */
    private void nextLegacyBlock() throws IOException {
      blockAt = 0;
      blockEnd = 0;
      long start = input.position();
      if (input.ended()) {
        inFrame = false;
        return;
      }
      int length = input.takeInt();
      if (length == MAGIC || length == LEGACY || (length & SKIPPABLE_MASK) == SKIPPABLE) {
        input.seek(start);
        inFrame = false;
        return;
      }
      if (length < 1 || length > LONGEST_LEGACY) {
        throw invalidBlock(start);
      }
      if (found.wanted(position)) {
        found.add(new Checkpoint(position, start, new byte[] {1}));
      }
      if (packed.length < length) {
        packed = new byte[length];
      }
      input.take(packed, 0, length);
      try {
        blockEnd = lz4.decompress(packed, 0, length, block, 0, LEGACY_BLOCK);
      } catch (LZ4Exception e) {
        throw invalidBlock(start);
      }
      position += blockEnd;
    }

    private void describe(int flags, int descriptor) {
      this.flags = flags;
      this.blockSize = 1 << (8 + 2 * ((descriptor >> 4) & 7));
      int room = blockSize + (isLinked() ? WINDOW : 0);
      if (block.length < room) {
        block = Arrays.copyOf(block, room);
      }
    }

    private boolean isLinked() {
      return (flags & INDEPENDENT) == 0;
    }

    /** Reads the header of a frame, or skips one; false at the end of the source. */
    private boolean beginFrame() throws IOException {
      if (input.ended()) {
        return false;
      }
      long start = input.position();
      int magic = input.takeInt();
      if ((magic & SKIPPABLE_MASK) == SKIPPABLE) {
        long end = (input.takeInt() & 0xffffffffL) + input.position();
        if (end > input.length()) {
          throw StreamDamage.truncated(input.length());
        }
        input.seek(end);
        return true;
      }
      if (magic == LEGACY) {
        beginLegacy();
        return true;
      }
      legacy = false;
      if (magic != MAGIC) {
        throw StreamDamage.corrupt(
            "what follows the lz4 data at compressed byte %d is no lz4 data".formatted(start));
      }
      byte[] header = new byte[15];
      input.take(header, 0, 2);
      int length = 2;
      int sized = header[0] & CONTENT_SIZE;
      if (sized != 0) {
        input.take(header, 2, 8);
        length = 10;
      }
      if ((header[0] & DICTIONARY) != 0) {
        throw StreamDamage.unsupported("it was compressed with a dictionary");
      }
      int checksum = input.takeByte();
      int descriptor = header[1] & 0xff;
      if (checksum != (hash.hash(header, 0, length, 0) >> 8 & 0xff)
          || (header[0] & VERSION_MASK) != VERSION
          || descriptor >> 4 < 4
          || descriptor >> 4 > 7) {
        throw StreamDamage.corrupt(
            "the lz4 frame at compressed byte %d is invalid".formatted(start));
      }
      contentSize =
          sized != 0 ? ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong(2) : -1;
      describe(header[0], descriptor);
      content.reset();
      fromBeginning = true;
      frameLength = 0;
      blockAt = 0;
      blockEnd = 0;
      inFrame = true;
      return true;
    }

    private void nextBlock() throws IOException {
      if (found.wanted(position)) {
        found.add(here());
      }
      long start = input.position();
      int word = input.takeInt();
      if (word == 0) {
        endFrame();
        return;
      }
      int length = word & ~RAW_BLOCK;
      if (length > blockSize) {
        throw invalidBlock(start);
      }
      if (packed.length < length) {
        packed = new byte[Math.max(length, 1 << 16)];
      }
      input.take(packed, 0, length);
      if ((flags & BLOCK_CHECKSUM) != 0 && input.takeInt() != hash.hash(packed, 0, length, 0)) {
        throw invalidBlock(start);
      }
      int before = keepWindow();
      int count;
      if ((word & RAW_BLOCK) != 0) {
        System.arraycopy(packed, 0, block, before, length);
        count = length;
      } else {
        count = before > 0 ? unpackLinked(length, before, start) : unpack(length, start);
      }
      blockAt = before;
      blockEnd = before + count;
      position += count;
      frameLength += count;
      if (fromBeginning && (flags & CONTENT_CHECKSUM) != 0) {
        content.update(block, before, count);
      }
    }

    /** When blocks are linked, moves what the next may refer to to the front; the bytes it has. */
    private int keepWindow() {
      if (!isLinked()) {
        return 0;
      }
      int window = Math.min(WINDOW, blockEnd);
      System.arraycopy(block, blockEnd - window, block, 0, window);
      return window;
    }

    private int unpack(int length, long start) throws StreamDamage {
      try {
        return lz4.decompress(packed, 0, length, block, 0, blockSize);
      } catch (LZ4Exception e) {
        throw invalidBlock(start);
      }
    }

    /** The bindings of lz4 know no data before a block. */
    private int unpackLinked(int length, int before, long start) throws StreamDamage {
      int done = Lz4Block.decode(packed, 0, length, block, before, before + blockSize);
      if (done < 0) {
        throw invalidBlock(start);
      }
      return done;
    }

    private void endFrame() throws IOException {
      if ((flags & CONTENT_CHECKSUM) != 0) {
        int checksum = input.takeInt();
        if (fromBeginning && checksum != content.getValue()) {
          throw StreamDamage.corrupt(
              "the checksum of the lz4 frame before compressed byte %d does not match"
                  .formatted(input.position()));
        }
      }
      if (fromBeginning && contentSize >= 0 && contentSize != frameLength) {
        throw StreamDamage.corrupt("the lz4 frame is not as long as it says");
      }
      inFrame = false;
    }

    /** The place before the next block. */
    private Checkpoint here() {
      int window = isLinked() ? Math.min(WINDOW, blockEnd) : 0;
      byte[] state = new byte[2 + window];
      state[0] = (byte) flags;
      state[1] = (byte) ((Integer.numberOfTrailingZeros(blockSize) - 8) / 2 << 4);
      System.arraycopy(block, blockEnd - window, state, 2, window);
      return new Checkpoint(position, input.position(), state);
    }

    private static StreamDamage invalidBlock(long start) {
      return StreamDamage.corrupt(
          "the lz4 block at compressed byte %d is invalid".formatted(start));
    }

    @Override
    public void close() {
      content.close();
    }
  }
}
